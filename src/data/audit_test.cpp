#include "data/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <set>

#include "base/files.h"
#include "data/camvid.h"
#include "data/test_images.h"

namespace seglab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// Sample i is 4 x (10 + i mod 5) pixels of label i mod 2, but every tenth one is broken and every
/// tenth one after that all void. Class 2 never occurs.
class Fake : public Dataset {
 public:
  explicit Fake(int64_t size) : size_(size) {}
  int64_t Size() const override { return size_; }
  std::string Name(int64_t index) const override { return "s" + std::to_string(index); }
  const LabelSet& Labels() const override { return labels_; }
  Sample Get(int64_t index) const override {
    {
      std::lock_guard lock(mutex_);
      read_.insert(index);
    }
    if (index % 10 == 3) throw Error(Name(index), ": broken");
    const int label = index % 10 == 4 ? kIgnoreLabel : static_cast<int>(index % 2);
    const int width = static_cast<int>(10 + index % 5);
    Sample sample;
    sample.name = Name(index);
    sample.image = cv::Mat(4, width, CV_8UC3, cv::Scalar::all(0));
    sample.truth.LabelMap() = cv::Mat(4, width, CV_8UC1, cv::Scalar(label));
    return sample;
  }
  std::set<int64_t> read() const { return read_; }

 private:
  int64_t size_;
  LabelSet labels_ = {{"even", "odd", "never"}, {}};
  mutable std::mutex mutex_;
  mutable std::set<int64_t> read_;
};

TEST(Audit, CountsEverything) {
  const Fake data(20);
  const Audit audit = AuditDataset(data, 0, 0);
  EXPECT_EQ(audit.looked_at, 20);
  // Even samples but 4 and 14: widths 10 12 11 13, twice; odd but 3 and 13: 11 10 12 14, twice.
  EXPECT_THAT(audit.counts,
              ElementsAre(4 * 2 * (10 + 12 + 11 + 13), 4 * 2 * (11 + 10 + 12 + 14), 0));
  EXPECT_EQ(audit.void_pixels, 4 * 2 * 14);
  EXPECT_EQ(audit.error_count, 2);
  EXPECT_THAT(audit.errors, ElementsAre("s3: broken", "s13: broken"));
  EXPECT_THAT(audit.all_void, ElementsAre("s4", "s14"));
  EXPECT_THAT(audit.AbsentClasses(data.Labels()), ElementsAre("never"));
  EXPECT_EQ(audit.min_height, 4);
  EXPECT_EQ(audit.max_height, 4);
  EXPECT_EQ(audit.min_width, 10);
  EXPECT_EQ(audit.max_width, 14);
}

TEST(Audit, TextDoesNotDependOnThreads) {
  const Fake data(50);
  const std::string text = AuditToText(AuditDataset(data, 0, 0), data.Labels());
  for (int threads : {1, 4}) {
    EXPECT_EQ(AuditToText(AuditDataset(data, 0, threads), data.Labels()), text);
  }
}

TEST(Audit, LooksAtSamplesSpreadEvenly) {
  const Fake data(100);
  const Audit audit = AuditDataset(data, 8, 2);
  EXPECT_EQ(audit.looked_at, 8);
  EXPECT_THAT(data.read(), ElementsAre(0, 12, 25, 37, 50, 62, 75, 87));
  const Fake small(5);
  EXPECT_EQ(AuditDataset(small, 8, 0).looked_at, 5);
}

TEST(Audit, KeepsOnlyTheFirstMessages) {
  const Fake data(1000);
  const Audit audit = AuditDataset(data, 0, 2, 3);
  EXPECT_EQ(audit.error_count, 100);
  EXPECT_THAT(audit.errors, ElementsAre("s3: broken", "s13: broken", "s23: broken"));
  EXPECT_EQ(audit.all_void_count, 100);
  EXPECT_EQ(audit.all_void.size(), 3u);
  const std::string text = AuditToText(audit, data.Labels());
  EXPECT_THAT(text, HasSubstr("errors: 100\n  s3: broken\n"));
  EXPECT_THAT(text, HasSubstr("and 97 more"));
  EXPECT_THAT(text, HasSubstr("classes that never occur: never"));
  EXPECT_THAT(text, HasSubstr("900 of 1000"));
  EXPECT_THAT(text, Not(HasSubstr("no problem")));
}

/// One sample that does not keep the contract of a data set.
class OneSample : public Fake {
 public:
  explicit OneSample(Sample sample, bool classification = false)
      : Fake(1), sample_(std::move(sample)), classification_(classification) {}
  Sample Get(int64_t) const override { return sample_; }
  Task GetTask() const override {
    return classification_ ? Task::kClassification : Task::kSegmentation;
  }

 private:
  Sample sample_;
  bool classification_;
};

TEST(Audit, FindsWhatADataSetLetsThrough) {
  Sample sample;
  sample.image = cv::Mat(4, 5, CV_8UC3, cv::Scalar::all(0));
  sample.truth.LabelMap() = cv::Mat(4, 5, CV_8UC1, cv::Scalar(3));
  EXPECT_THAT(AuditDataset(OneSample(sample), 0, 0).errors, ElementsAre(HasSubstr("label 3")));
  sample.truth.LabelMap() = cv::Mat(5, 4, CV_8UC1, cv::Scalar(0));
  EXPECT_THAT(AuditDataset(OneSample(sample), 0, 0).errors, ElementsAre(HasSubstr("4x5")));
}

TEST(Audit, CountsCategories) {
  Sample sample;
  sample.image = cv::Mat(4, 5, CV_8UC3, cv::Scalar::all(0));
  sample.truth = Category{1};
  const Audit audit = AuditDataset(OneSample(sample, true), 0, 0);
  EXPECT_THAT(audit.counts, ElementsAre(0, 1, 0));
  EXPECT_THAT(audit.errors, IsEmpty());
  EXPECT_EQ(audit.all_void_count, 0);
  sample.truth = Category{3};
  EXPECT_THAT(AuditDataset(OneSample(sample, true), 0, 0).errors,
              ElementsAre(HasSubstr("category 3")));
}

TEST(Audit, RealCamvidIsSound) {
  CamvidOptions options;
  options.root = SharedPath("data/camvid");
  if (!FolderExists(options.root)) GTEST_SKIP() << "no " << options.root;
  const auto camvid = MakeCamvid(options);
  const Audit audit = AuditDataset(*camvid, 0, 2);
  EXPECT_EQ(audit.looked_at, 367);
  EXPECT_THAT(audit.errors, IsEmpty());
  EXPECT_THAT(audit.AbsentClasses(camvid->Labels()), IsEmpty());
  int64_t pixels = audit.void_pixels;
  for (int64_t count : audit.counts) pixels += count;
  EXPECT_EQ(pixels, int64_t{367} * 480 * 360);
}

}  // namespace
}  // namespace seglab
