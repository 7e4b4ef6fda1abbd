#include "base/sha.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/test_error.h"
#include "base/test_folder.h"

namespace seglab {
namespace {

// The examples of FIPS 180-4's "Secure Hash Standard, example values".
TEST(Sha, IsThatOfTheStandard) {
  Sha hash;
  hash.Add("a", 1);
  hash.Add("bc", 2);
  EXPECT_EQ(hash.Hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha none;
  EXPECT_EQ(none.Hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha, OfAFileThatIsLongerThanAPiece) {
  const TestFolder folder;
  const std::string path = folder.File("a");
  WriteFileAtomically(path, std::string(1000000, 'a') + std::string(1500000, 'b'));
  Sha hash;
  const std::string content = ReadFile(path);
  hash.Add(content.data(), content.size());
  EXPECT_EQ(HashesOfFile(path).sha256, hash.Hex());
  WriteFileAtomically(path, std::string(1000000, 'a'));
  EXPECT_EQ(HashesOfFile(path).sha1, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
  EXPECT_EQ(HashesOfFile(path).sha256,
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_NE(ErrorOf([&] { HashesOfFile(folder.File("none")); }), "");
}

}  // namespace
}  // namespace seglab
