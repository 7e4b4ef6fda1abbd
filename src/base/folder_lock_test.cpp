#include "base/folder_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>

#include "base/files.h"
#include "base/test_error.h"
#include "base/test_folder.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(FolderLock, HoldsTheFolderUntilItsEnd) {
  TestFolder folder;
  auto first = std::make_unique<FolderLock>(folder.path());
  EXPECT_THAT(
      ErrorOf([&] { FolderLock second(folder.path()); }),
      AllOf(HasSubstr(folder.path()), HasSubstr(std::to_string(::getpid())), HasSubstr("--out")));
  first.reset();
  EXPECT_FALSE(FileExists(folder.File("lock")));
  EXPECT_EQ(ErrorOf([&] { FolderLock second(folder.path()); }), "");
}

TEST(FolderLock, FoldersAreHeldApart) {
  TestFolder a, b;
  FolderLock first(a.path());
  EXPECT_EQ(ErrorOf([&] { FolderLock second(b.path()); }), "");
}

TEST(FolderLock, ADeadProcessHoldsNothing) {
  TestFolder folder;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    FolderLock held(folder.path());
    [[maybe_unused]] const ssize_t written = ::write(ready[1], "x", 1);
    for (;;) ::pause();
  }
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_THAT(ErrorOf([&] { FolderLock second(folder.path()); }),
              HasSubstr("process " + std::to_string(child)));
  ::kill(child, SIGKILL);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(FileExists(folder.File("lock"))) << "a killed process does not tidy up";
  { FolderLock second(folder.path()); }
  EXPECT_FALSE(FileExists(folder.File("lock")));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(FolderLock, AMissingFolderIsNamed) {
  TestFolder folder;
  EXPECT_THAT(ErrorOf([&] { FolderLock lock(folder.File("none")); }), HasSubstr("none"));
}

}  // namespace
}  // namespace seglab
