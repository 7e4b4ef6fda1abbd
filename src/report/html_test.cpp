#include "report/html.h"

#include <gtest/gtest.h>

namespace seglab {
namespace {

TEST(Html, DataUriIsBase64) {
  EXPECT_EQ(DataUri("a/b", ""), "data:a/b;base64,");
  EXPECT_EQ(DataUri("a/b", "M"), "data:a/b;base64,TQ==");
  EXPECT_EQ(DataUri("a/b", "Ma"), "data:a/b;base64,TWE=");
  EXPECT_EQ(DataUri("a/b", "Man"), "data:a/b;base64,TWFu");
  EXPECT_EQ(DataUri("a/b", "\xff\xfe\xfd\xfc"), "data:a/b;base64,//79/A==");
}

TEST(Html, InvalidUtf8IsReplaced) {
  EXPECT_EQ(EscapeHtml("a\xff<b>\xc3\xa4"), "a\xef\xbf\xbd&lt;b&gt;\xc3\xa4");
}

TEST(Html, SwatchNamesTheColor) {
  EXPECT_EQ(Swatch({224, 0, 7}), "<i class=\"swatch\" style=\"background:rgb(224,0,7)\"></i>");
}

}  // namespace
}  // namespace seglab
