#include "regions/proposal_cache.h"

#include <gmock/gmock.h>

#include <opencv2/core.hpp>

#include "base/files.h"
#include "base/team.h"
#include "base/test_error.h"
#include "base/test_folder.h"
#include "base/test_log.h"
#include "regions/propose.h"
#include "regions/test_images.h"

namespace seglab {
namespace {

using testing::HasSubstr;

ProposalOptions Small() {
  ProposalOptions options;
  options.width = 60;
  options.min_side = 5;
  return options;
}

TEST(ProposalCacheTest, MakesOnceAndFindsThen) {
  const TestFolder folder;
  const cv::Mat image = BlockImage(50, 60, 1);
  const RegionSet expected = Propose(image, Small(), 1);
  ProposalCache cache(folder.File("made/for/it"), Small());
  for (int64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(cache.Get(image, 1).regions(), expected.regions());
    EXPECT_EQ(cache.made(), 1);
    EXPECT_EQ(cache.found(), i);
  }
  ProposalCache later(folder.File("made/for/it"), Small());
  EXPECT_EQ(later.Get(image.clone(), 1).regions(), expected.regions());
  EXPECT_EQ(later.made(), 0);
  EXPECT_EQ(ListFiles(folder.File("made/for/it")).size(), 1u);
}

TEST(ProposalCacheTest, PixelsShapeAndOptionsAreTheKey) {
  const TestFolder folder;
  const cv::Mat image = BlockImage(50, 60, 1);
  const std::string path = ProposalCache(folder.path(), Small()).PathOf(image);
  const auto path_of = [&](const cv::Mat& other, const ProposalOptions& options) {
    return ProposalCache(folder.path(), options).PathOf(other);
  };
  cv::Mat wide;
  cv::copyMakeBorder(image, wide, 0, 0, 3, 3, cv::BORDER_CONSTANT);
  EXPECT_EQ(path_of(wide.colRange(3, 63), Small()),
            path);  // the pixels, not how they lie in memory
  EXPECT_NE(path_of(image.reshape(3, 60), Small()), path);
  cv::Mat changed = image.clone();
  changed.at<cv::Vec3b>(49, 59)[2] ^= 1;
  EXPECT_NE(path_of(changed, Small()), path);
  ProposalOptions options = Small();
  options.seed = 1;
  EXPECT_NE(path_of(image, options), path);
}

TEST(ProposalCacheTest, ADamagedFileIsMadeAgainAndSaid) {
  const TestFolder folder;
  const cv::Mat image = BlockImage(50, 60, 2);
  ProposalCache cache(folder.path(), Small());
  const RegionSet expected = cache.Get(image, 1);
  const std::string path = cache.PathOf(image), good = ReadFile(path);
  for (const std::string& bad : {good.substr(0, good.size() / 2), std::string(), good + "x",
                                 ReadFile(path).replace(good.size() - 3, 1, "\xff\xfe")}) {
    WriteFileAtomically(path, bad);
    const std::string log =
        LogOf([&] { EXPECT_EQ(cache.Get(image, 1).regions(), expected.regions()); });
    EXPECT_THAT(log, HasSubstr(path + ": is damaged"));
    EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1);
    EXPECT_EQ(ReadFile(path), good);
  }
  EXPECT_EQ(LogOf([&] { cache.Get(image, 1); }), "");
}

TEST(ProposalCacheTest, ManyThreadsReadAndWriteAtOnce) {
  const TestFolder folder;
  std::vector<cv::Mat> images;
  for (uint64_t i = 0; i < 3; ++i) images.push_back(BlockImage(30, 40, i));
  std::vector<size_t> expected;
  for (const cv::Mat& image : images)
    expected.push_back(Propose(image, Small(), 1).regions().size());
  ProposalCache cache(folder.path(), Small());
  std::atomic<int> wrong = 0;
  RunTeam(6, [&](Member& member) {
    for (size_t i = 0; i < 12; ++i) {
      const size_t at = (i + static_cast<size_t>(member.index())) % 3;
      wrong += cache.Get(images[at], 1).regions().size() != expected[at];
    }
  });
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(cache.made() + cache.found(), 6 * 12);
  EXPECT_EQ(ListFiles(folder.path()).size(), 3u);
}

TEST(ProposalCacheTest, WithoutAFolderNothingIsKept) {
  const cv::Mat image = BlockImage(30, 40, 2);
  ProposalCache cache("", Small());
  EXPECT_EQ(cache.Get(image, 1).regions(), cache.Get(image, 1).regions());
  EXPECT_EQ(cache.made(), 2);
}

TEST(ProposalCacheTest, RefusesAFileForAFolder) {
  const TestFolder folder;
  WriteFileAtomically(folder.File("file"), "");
  EXPECT_THAT(ErrorOf([&] { ProposalCache(folder.File("file"), Small()); }), HasSubstr("file"));
  ProposalOptions wrong;
  wrong.ks.clear();
  EXPECT_THAT(ErrorOf([&] { ProposalCache(folder.path(), wrong); }), HasSubstr("ks"));
}

}  // namespace
}  // namespace seglab
