#include "base/sha256.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/test_error.h"
#include "base/test_folder.h"

namespace seglab {
namespace {

// The examples of FIPS 180-4's "Secure Hash Standard, example values".
TEST(Sha256, IsThatOfTheStandard) {
  Sha256 hash;
  hash.Add("a", 1);
  hash.Add("bc", 2);
  EXPECT_EQ(hash.Hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 none;
  EXPECT_EQ(none.Hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, OfAFileThatIsLongerThanAPiece) {
  const TestFolder folder;
  const std::string path = folder.File("a");
  WriteFileAtomically(path, std::string(1000000, 'a') + std::string(1500000, 'b'));
  Sha256 hash;
  const std::string content = ReadFile(path);
  hash.Add(content.data(), content.size());
  EXPECT_EQ(Sha256OfFile(path), hash.Hex());
  WriteFileAtomically(path, std::string(1000000, 'a'));
  EXPECT_EQ(Sha256OfFile(path), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_NE(ErrorOf([&] { Sha256OfFile(folder.File("none")); }), "");
}

}  // namespace
}  // namespace seglab
