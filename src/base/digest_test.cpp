#include "base/digest.h"

#include <gtest/gtest.h>

namespace seglab {
namespace {

TEST(Digest, IsXxh3) {
  // `printf '' | xxhsum -H2`
  EXPECT_EQ(Digest().Hex(), "99aa06d3014798d86001c324468d497f");
}

TEST(Digest, TellsPiecesApart) {
  Digest a, b, c;
  a.Add("ab");
  a.Add("c");
  b.Add("a");
  b.Add("bc");
  c.Add("ab");
  c.Add("c");
  EXPECT_NE(a.Hex(), b.Hex());
  EXPECT_EQ(a.Hex(), c.Hex());
}

}  // namespace
}  // namespace seglab
