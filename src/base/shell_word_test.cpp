#include "base/shell_word.h"

#include <gtest/gtest.h>

namespace seglab {
namespace {

TEST(ShellWord, QuotesWhatAShellWouldRead) {
  EXPECT_EQ(ShellWord("train.lr=0.1"), "train.lr=0.1");
  EXPECT_EQ(ShellWord(""), "''");
  EXPECT_EQ(ShellWord("a b"), "'a b'");
  EXPECT_EQ(ShellWord("$x"), "'$x'");
  EXPECT_EQ(ShellWord("it's"), "'it'\\''s'");
  EXPECT_EQ(ShellWords({"run", "a b"}), "run 'a b'");
}

}  // namespace
}  // namespace seglab
