#include "tensor/zip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.h"
#include "tensor/test_files.h"

namespace seglab {
namespace {

using test_files::Little;
using test_files::Zip;
using test_files::ZipEntry;
using testing::HasSubstr;

/// What opening the archive says; "" when it is accepted. Anything but an Error fails the test.
std::string Message(const std::string& bytes) {
  try {
    const ZipArchive archive(bytes, "a.pth");
    for (const ZipArchive::Entry& entry : archive.entries()) archive.Content(entry);
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "";
}

TEST(ZipTest, FindsEntries) {
  for (bool zip64 : {false, true}) {
    for (const std::string comment : {"", "a comment", "PK\x05\x06 in a comment"}) {
      std::vector<ZipEntry> entries = {{"b/two", "second"}, {"a", "first"}, {"empty", ""}};
      for (ZipEntry& entry : entries) entry.zip64 = zip64;
      const std::string bytes = Zip(entries, zip64, comment);
      const ZipArchive archive(bytes, "a.pth");
      ASSERT_EQ(archive.entries().size(), 3u);
      for (const ZipEntry& entry : entries) {
        const ZipArchive::Entry* found = archive.Find(entry.name);
        ASSERT_NE(found, nullptr) << entry.name;
        EXPECT_EQ(archive.Content(*found), entry.content);
        EXPECT_EQ(bytes.substr(found->offset, found->size), entry.content);
      }
      EXPECT_EQ(archive.Find("b"), nullptr);
      EXPECT_EQ(archive.Find("b/two "), nullptr);
      EXPECT_EQ(archive.Find("z"), nullptr);
    }
  }
}

TEST(ZipTest, EmptyArchive) { EXPECT_TRUE(ZipArchive(Zip({}), "a.pth").entries().empty()); }

TEST(ZipTest, EveryTruncationIsRefused) {
  for (bool zip64 : {false, true}) {
    const std::string bytes = Zip({{"a", "first"}, {"b", "second"}}, zip64);
    for (size_t size = 0; size < bytes.size(); ++size)
      EXPECT_THAT(Message(bytes.substr(0, size)), HasSubstr("a.pth: ")) << size;
  }
}

// No change of a byte may do worse than a message or other contents inside the archive.
TEST(ZipTest, EveryChangedByteIsHarmless) {
  for (bool zip64 : {false, true}) {
    std::vector<ZipEntry> entries = {{"a", "first"}, {"b", "second"}};
    for (ZipEntry& entry : entries) entry.zip64 = zip64;
    const std::string good = Zip(entries, zip64);
    for (size_t at = 0; at < good.size(); ++at) {
      for (int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
        std::string bytes = good;
        bytes[at] = static_cast<char>(value);
        try {
          const ZipArchive archive(bytes, "a.pth");
          for (const ZipArchive::Entry& entry : archive.entries()) {
            EXPECT_LE(entry.offset, bytes.size());
            EXPECT_LE(entry.size, bytes.size() - entry.offset);
          }
        } catch (const Error&) {
        }
      }
    }
  }
}

TEST(ZipTest, CompressionAndEncryptionAreRefused) {
  ZipEntry entry{"a", "text"};
  entry.method = 8;
  EXPECT_THAT(Message(Zip({entry})), HasSubstr("\"a\" is compressed"));
  entry.method = 0;
  entry.flags = 1;
  EXPECT_THAT(Message(Zip({entry})), HasSubstr("\"a\" is encrypted"));
  entry.flags = 0x808;  // as torch.save: sizes after the content, names in UTF-8
  EXPECT_EQ(Message(Zip({entry})), "");
}

TEST(ZipTest, WrongPlacesAreRefused) {
  const std::string text(200, 'x');
  for (bool zip64 : {false, true}) {
    for (int64_t error : {int64_t{1}, int64_t{100}, int64_t{-1}, int64_t{1} << 30}) {
      ZipEntry entry{"b", text};
      entry.zip64 = zip64;
      entry.offset_error = error;
      EXPECT_NE(Message(Zip({{"a", text}, entry, {"c", text}})), "") << error;
    }
    for (int64_t error : {int64_t{1}, int64_t{100}, int64_t{1} << 30}) {
      ZipEntry entry{"b", text};
      entry.zip64 = zip64;
      entry.size_error = error;
      EXPECT_NE(Message(Zip({{"a", text}, entry, {"c", text}})), "") << error;
      EXPECT_NE(Message(Zip({{"a", text}, entry})), "") << error;
    }
  }
  ZipEntry entry{"b", text};
  entry.zip64 = true;
  for (int64_t error : {INT64_MAX, INT64_MAX - 400, int64_t{-1} - 200}) {
    entry.size_error = error;
    EXPECT_NE(Message(Zip({entry})), "") << error;
    std::swap(entry.size_error, entry.offset_error);
    EXPECT_NE(Message(Zip({entry})), "") << error;
    std::swap(entry.size_error, entry.offset_error);
  }
}

TEST(ZipTest, OverlapIsRefused) {
  // The second entry of the directory is the first once more, as overlapping bombs have it.
  const std::string text(1000, 'x');
  ZipEntry first{"a", text}, again{"a", text};
  again.offset_error = -(64 + 1000);
  EXPECT_THAT(Message(Zip({first, again})), HasSubstr("overlap"));
  // An archive inside the content of an entry, whose inner entry the directory lists too.
  const std::string inner = Zip({{"in", text}});
  ZipEntry outer{"out", inner}, listed{"in", text};
  listed.offset_error = -static_cast<int64_t>(inner.size());
  EXPECT_THAT(Message(Zip({outer, listed})), HasSubstr("overlap"));
}

TEST(ZipTest, NamesMustBeUniqueAndAgree) {
  EXPECT_THAT(Message(Zip({{"a", "1"}, {"b", "2"}, {"a", "3"}})),
              HasSubstr("\"a\" is there twice"));
  std::string bytes = Zip({{"name", "text"}});
  bytes[bytes.rfind("name")] = 'g';
  EXPECT_THAT(Message(bytes), HasSubstr("\"game\" has two names"));
}

TEST(ZipTest, HugeCountsTakeNoMemory) {
  std::string bytes = Zip({{"a", "text"}}, true);
  const size_t end = bytes.find("PK\x06\x06");
  for (uint64_t count : {uint64_t{2}, uint64_t{1} << 32, UINT64_MAX, UINT64_MAX / 46 + 1}) {
    bytes.replace(end + 24, 16, Little(count, 8) + Little(count, 8));
    EXPECT_THAT(Message(bytes), HasSubstr("its directory")) << count;
  }
}

TEST(ZipTest, VolumesAreRefused) {
  std::string bytes = Zip({{"a", "text"}});
  bytes.replace(bytes.size() - 18, 2, Little(1, 2));
  EXPECT_THAT(Message(bytes), HasSubstr("several volumes"));
}

}  // namespace
}  // namespace seglab
