#include "base/files.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "base/error.h"
#include "base/host.h"
#include "base/test_folder.h"

namespace seglab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;
using testing::UnorderedElementsAre;

std::vector<std::string> AllNames(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

/// No file of this process may grow beyond `bytes` while this object lives: a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &old_limit_);
    old_handler_ = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, old_limit_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_limit_);
    ::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_limit_;
  sighandler_t old_handler_;
};

TEST(WriteFileAtomically, WritesReplacesAndLeavesNothingElse) {
  const TestFolder folder;
  const std::string path = folder.File("result.json");
  WriteFileAtomically(path, "first");
  EXPECT_EQ(ReadFile(path), "first");
  const std::string binary("a\0b\r\n\xff", 6);
  WriteFileAtomically(path, binary);
  EXPECT_EQ(ReadFile(path), binary);
  EXPECT_THAT(AllNames(folder.path()), ElementsAre("result.json"));
}

TEST(WriteFileAtomically, WritesPiecesSmallerAndLargerThanTheBuffer) {
  const TestFolder folder;
  std::string expected;
  WriteFileAtomically(folder.File("x"), [&expected](std::ostream& out) {
    for (int i = 0; i < 400; ++i) {
      const std::string piece(static_cast<size_t>(i) * (i % 7 == 0 ? 997 : 3), 'a' + i % 26);
      expected += piece;
      out << piece;
      EXPECT_EQ(static_cast<size_t>(out.tellp()), expected.size());
      out.put('\n');
      expected += '\n';
    }
  });
  EXPECT_TRUE(ReadFile(folder.File("x")) == expected);
}

TEST(WriteFileAtomically, KeepsTheOldContentWhenTheWriterThrows) {
  const TestFolder folder;
  const std::string path = folder.File("checkpoint");
  WriteFileAtomically(path, "old");
  auto write = [](std::ostream& out) {
    out << std::string(1 << 20, 'x');
    throw std::logic_error("on the way");
  };
  EXPECT_THAT([&] { WriteFileAtomically(path, write); },
              ThrowsMessage<std::logic_error>("on the way"));
  EXPECT_EQ(ReadFile(path), "old");
  EXPECT_THAT(AllNames(folder.path()), ElementsAre("checkpoint"));
}

TEST(WriteFileAtomically, KeepsTheOldContentWhenTheStreamIsSetBad) {
  const TestFolder folder;
  const std::string path = folder.File("checkpoint");
  WriteFileAtomically(path, "old");
  EXPECT_THROW(
      WriteFileAtomically(path, [](std::ostream& out) { out.setstate(std::ios::failbit); }), Error);
  EXPECT_EQ(ReadFile(path), "old");
}

TEST(WriteFileAtomically, ReportsAFullDiskAndCleansUp) {
  const TestFolder folder;
  const std::string path = folder.File("checkpoint");
  WriteFileAtomically(path, "old");
  std::string small_message, large_message;
  {
    const FileSizeLimit limit(1000);
    auto message = [&path](const std::function<void(std::ostream&)>& write) -> std::string {
      try {
        WriteFileAtomically(path, write);
      } catch (const Error& error) {
        return error.what();
      }
      return "no error";
    };
    // The first fits into the stream's buffer: the disk is met only when that is flushed. The
    // second meets it in the middle and hides it behind an exception of its own.
    small_message = message([](std::ostream& out) { out << std::string(2000, 'x'); });
    large_message = message([](std::ostream& out) {
      out.exceptions(std::ios::badbit | std::ios::failbit);
      for (int i = 0; i < 1000; ++i) out << std::string(1000, 'x');
    });
  }
  EXPECT_THAT(small_message, HasSubstr(path + ": cannot be written, File too large"));
  EXPECT_THAT(large_message, HasSubstr(path + ": cannot be written, File too large"));
  EXPECT_EQ(ReadFile(path), "old");
  EXPECT_THAT(AllNames(folder.path()), ElementsAre("checkpoint"));
}

TEST(WriteFileAtomically, WritesToDevicesInsteadOfReplacingThem) {
  struct stat info {};
  if (::stat("/dev/full", &info) != 0 || !S_ISCHR(info.st_mode)) GTEST_SKIP() << "no /dev/full";
  EXPECT_THAT([] { WriteFileAtomically("/dev/full", "content"); },
              ThrowsMessage<Error>(HasSubstr("/dev/full: cannot be written, No space left")));
  WriteFileAtomically("/dev/null", "content");
  ASSERT_EQ(::stat("/dev/null", &info), 0);
  EXPECT_TRUE(S_ISCHR(info.st_mode));
}

TEST(WriteFileAtomically, FollowsASymbolicLink) {
  const TestFolder folder;
  WriteFileAtomically(folder.File("real"), "old");
  std::filesystem::create_symlink(folder.File("real"), folder.File("link"));
  WriteFileAtomically(folder.File("link"), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder.File("link")));
  EXPECT_EQ(ReadFile(folder.File("real")), "new");
}

TEST(WriteFileAtomically, NamesTheReasonForAPlaceThatCannotBe) {
  const TestFolder folder;
  EXPECT_THAT(
      [&] { WriteFileAtomically(folder.File("missing/result.json"), "x"); },
      ThrowsMessage<Error>(HasSubstr("result.json: cannot be written, No such file or directory")));
  EXPECT_THAT([&] { WriteFileAtomically(folder.path(), "x"); },
              ThrowsMessage<Error>(HasSubstr("Is a directory")));
  WriteFileAtomically(folder.File("file"), "x");
  EXPECT_THAT([&] { WriteFileAtomically(folder.File("file/result.json"), "x"); },
              ThrowsMessage<Error>(HasSubstr("Not a directory")));
  EXPECT_THAT(AllNames(folder.path()), ElementsAre("file"));
}

TEST(WriteFileAtomically, AcceptsTheLongestName) {
  const TestFolder folder;
  const std::string path = folder.File(std::string(255, 'n'));
  WriteFileAtomically(path, "x");
  EXPECT_EQ(ReadFile(path), "x");
}

TEST(WriteFileAtomically, ReportsAFolderWithoutPermission) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const TestFolder folder;
  ASSERT_EQ(::chmod(folder.path().c_str(), 0500), 0);
  EXPECT_THAT([&] { WriteFileAtomically(folder.File("x"), "x"); },
              ThrowsMessage<Error>(HasSubstr("Permission denied")));
  EXPECT_THAT([&] { CheckWritableFolder(folder.path()); },
              ThrowsMessage<Error>(HasSubstr("Permission denied")));
  ::chmod(folder.path().c_str(), 0700);
}

TEST(ReadFile, ReadsFilesOfUnknownSizeAndReportsWhatCannotBeRead) {
  const TestFolder folder;
  WriteFileAtomically(folder.File("empty"), "");
  EXPECT_EQ(ReadFile(folder.File("empty")), "");
  EXPECT_EQ(ReadFile("/dev/null"), "");
  EXPECT_THAT([&] { ReadFile(folder.File("none")); },
              ThrowsMessage<Error>(HasSubstr("none: cannot be read, No such file or directory")));
  EXPECT_THAT([&] { ReadFile(folder.path()); }, ThrowsMessage<Error>(HasSubstr("Is a directory")));
}

TEST(Folders, AreMadeAndChecked) {
  const TestFolder folder;
  const std::string deep = folder.File("a/b/c");
  CheckWritableFolder(deep);
  EXPECT_TRUE(FolderExists(deep));
  EXPECT_FALSE(FileExists(deep));
  EXPECT_THAT(AllNames(deep), IsEmpty());
  MakeFolders(deep + "/");
  MakeFolders("");
  WriteFileAtomically(folder.File("file"), "x");
  EXPECT_THAT([&] { MakeFolders(folder.File("file")); },
              ThrowsMessage<Error>(HasSubstr("cannot make this folder, Not a directory")));
  EXPECT_THROW(CheckWritableFolder(folder.File("file/below")), Error);
}

TEST(ListFiles, SortsFiltersAndSkipsFolders) {
  const TestFolder folder;
  for (const char* name : {"b.png", "a.PNG", "c.jpg", "png", "d.png.bak"}) {
    WriteFileAtomically(folder.File(name), "x");
  }
  MakeFolders(folder.File("e.png"));
  std::filesystem::create_symlink(folder.File("c.jpg"), folder.File("link.png"));
  std::filesystem::create_symlink(folder.File("nowhere"), folder.File("dangling.png"));
  EXPECT_THAT(ListFiles(folder.path(), {".png"}), ElementsAre("a.PNG", "b.png", "link.png"));
  EXPECT_THAT(ListFiles(folder.path(), {".png", ".jpg"}),
              ElementsAre("a.PNG", "b.png", "c.jpg", "link.png"));
  EXPECT_THAT(ListFiles(folder.path()),
              ElementsAre("a.PNG", "b.png", "c.jpg", "d.png.bak", "link.png", "png"));
  EXPECT_THAT([&] { ListFiles(folder.File("none")); },
              ThrowsMessage<Error>(HasSubstr("none: cannot list this folder, No such file")));
}

TEST(ReadLines, TrimsAndSkipsEmptyLines) {
  const TestFolder folder;
  WriteFileAtomically(folder.File("list.txt"),
                      "\xEF\xBB\xBF"
                      "2007_000033\r\n\r\n  two words\t\n \nlast");
  EXPECT_THAT(ReadLines(folder.File("list.txt")), ElementsAre("2007_000033", "two words", "last"));
}

TEST(Paths, AreJoinedAndStripped) {
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("a/", "b"), "a/b");
  EXPECT_EQ(JoinPath("", "b"), "b");
  EXPECT_EQ(JoinPath("a", "/b"), "/b");
  EXPECT_EQ(Stem("a/name.png"), "name");
  EXPECT_EQ(Stem("a.b/name"), "name");
  EXPECT_EQ(Stem("name.tar.gz"), "name.tar");
}

// The test vectors that the authors of FNV publish.
TEST(HashHex, IsFnv1a) {
  EXPECT_EQ(HashHex(""), "cbf29ce484222325");
  EXPECT_EQ(HashHex("a"), "af63dc4c8601ec8c");
  EXPECT_EQ(HashHex("foobar"), "85944171f73967e8");
}

TEST(RemoveStaleTemporaries, RemovesThoseOfDeadProcessesOnly) {
  const TestFolder folder;
  MakeFolders(folder.File("sub"));
  // A process number beyond any system's limit belongs to nobody.
  const std::string dead =
      folder.File(StrCat("sub/.last.safetensors.999999999-3@", ProcessSpace(), ".tmp"));
  const std::string own =
      folder.File(StrCat(".last.safetensors.", ::getpid(), "-3@", ProcessSpace(), ".tmp"));
  const std::string other = folder.File(".notes.tmp");
  const std::string elsewhere = folder.File(".last.safetensors.999999999-3@0badcafe.tmp");
  for (const std::string& path : {dead, own, other, elsewhere}) WriteFileAtomically(path, "x");
  RemoveStaleTemporaries(folder.path());
  EXPECT_FALSE(FileExists(dead));
  EXPECT_TRUE(FileExists(own));
  EXPECT_TRUE(FileExists(other));
  EXPECT_TRUE(FileExists(elsewhere)) << "of another machine";
  EXPECT_NO_THROW(RemoveStaleTemporaries(folder.File("absent")));
}

TEST(AtomicFileTest, HasItsNameAfterTheCommitAlone) {
  const TestFolder folder;
  const std::string path = folder.File("lines.txt");
  {
    AtomicFile file(path);
    file.stream() << "lost\n";
  }
  EXPECT_TRUE(ListFiles(folder.path(), {}).empty());
  AtomicFile file(path);
  for (int i = 0; i < 20000; ++i) file.stream() << "line " << i << "\n";
  EXPECT_FALSE(FileExists(path));
  file.Commit();
  EXPECT_EQ(ReadLines(path).size(), 20000U);
  EXPECT_THROW(AtomicFile(folder.File("none/lines.txt")), Error);
}

}  // namespace
}  // namespace seglab
