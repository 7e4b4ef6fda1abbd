#include "regions/grouping.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "base/random.h"
#include "base/test_error.h"

namespace seglab {
namespace {

using testing::ElementsAre;
using Pairs = std::vector<std::array<int, 2>>;

Segments FromNumbers(int height, int width, std::vector<int> numbers) {
  const int count = 1 + std::ranges::max(numbers);
  return {cv::Mat(height, width, CV_32SC1, numbers.data()).clone(), count};
}

/// Three regions of 4, 2 and 2 pixels of an image of 10 with histograms that are easy to add.
RegionTable ThreeRegions() {
  RegionTable table;
  table.color_length = table.texture_length = 16;
  table.color.assign(48, 0.0f);
  table.texture.assign(48, 0.0f);
  table.color[0] = 0.5f;
  table.color[1] = 0.5f;
  table.color[16 + 1] = 0.75f;
  table.color[16 + 2] = 0.25f;
  table.color[32 + 3] = 1;
  table.texture[5] = 1;
  table.texture[16 + 5] = 0.25f;
  table.texture[16 + 6] = 0.75f;
  table.texture[32 + 5] = 0.125f;
  table.texture[32 + 7] = 0.875f;
  table.size = {4, 2, 2};
  table.extent = {{0, 0, 2, 2}, {2, 0, 3, 2}, {0, 2, 3, 3}};
  return table;
}

float Of(const std::string& letters, int a, int b) {
  return SimilarityOf(ThreeRegions(), a, b, Similarity::Parse(letters, "test"), 10);
}

TEST(GroupingTest, SimilaritiesEqualThoseByHand) {
  EXPECT_FLOAT_EQ(Of("C", 0, 1), 0.5f);
  EXPECT_FLOAT_EQ(Of("C", 0, 2), 0);
  EXPECT_FLOAT_EQ(Of("T", 0, 1), 0.25f);
  EXPECT_FLOAT_EQ(Of("T", 1, 2), 0.125f);
  EXPECT_FLOAT_EQ(Of("S", 0, 1), 0.4f);  // 1 - 6 / 10
  EXPECT_FLOAT_EQ(Of("F", 0, 1), 1);     // a box of 6
  EXPECT_FLOAT_EQ(Of("F", 0, 2), 0.7f);  // a box of 9
  EXPECT_FLOAT_EQ(Of("CTSF", 0, 1), 2.15f);
  EXPECT_FLOAT_EQ(Of("FTS", 1, 2), 0.125f + 0.6f + 0.5f);
  EXPECT_FLOAT_EQ(Of("CTSF", 1, 0), Of("CTSF", 0, 1));
}

TEST(GroupingTest, MergedHistogramsAreWeightedBySize) {
  // 0 and 1 are merged first (above). Then 2 and the node of 6 pixels: their texture is
  // (4 * 1 + 2 * 0.25) / 6 in bin 5; only one pair is left whatever it is.
  const MergeTree tree =
      Group(ThreeRegions(), {{0, 1}, {0, 2}, {1, 2}}, Similarity::Parse("CTSF", "test"), 10);
  EXPECT_THAT(tree.children, ElementsAre(std::array{0, 1}, std::array{2, 3}));
  // A fourth region that is like the mean, not like either, is merged with the node rather than
  // with 2, which is more like region 0 and 1 alone.
  RegionTable table = ThreeRegions();
  const auto add = [&table](float five, float six, float seven) {
    std::vector<float> row(16, 0.0f);
    row[5] = five;
    row[6] = six;
    row[7] = seven;
    table.texture.insert(table.texture.end(), row.begin(), row.end());
    table.color.insert(table.color.end(), 16, 0.0f);
    table.size.push_back(2);
    table.extent.push_back({0, 0, 1, 1});
  };
  add(0.75f, 0.25f, 0);  // intersection with the mean of 0 and 1 {0.75, 0.25}: 1
  const MergeTree four =
      Group(table, {{0, 1}, {0, 3}, {1, 2}, {2, 3}}, Similarity::Parse("T", "test"), 10);
  // T: (0, 3) .75, (0, 1) .25, (1, 2) .125, (2, 3) .125. 0 and 3 become {11/12, 1/12} of 6 pixels:
  // with 1 {.25, .75} .25 + 1/12 = .333, with 2 .125.
  EXPECT_THAT(four.children, ElementsAre(std::array{0, 3}, std::array{1, 4}, std::array{2, 5}));
}

TEST(GroupingTest, NeighborsAreAllThatTouch) {
  const Segments segments = FromNumbers(3, 4,
                                        {0, 0, 1, 1,  //
                                         0, 2, 2, 1,  //
                                         3, 3, 4, 4});
  EXPECT_EQ(NeighborPairs(segments),
            (Pairs{{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 4}, {2, 3}, {2, 4}, {3, 4}}));
}

TEST(GroupingTest, NoNeighborPairIsLost) {
  const int h = 40, w = 50;
  std::vector<int> numbers;
  RandomStream random(5);
  for (int i = 0; i < h * w; ++i) numbers.push_back(static_cast<int>(random.Int(1000)));
  numbers[0] = 999;
  std::set<std::array<int, 2>> expected;
  const auto at = [&](int y, int x) { return numbers[static_cast<size_t>(y * w + x)]; };
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      for (const auto& [dy, dx] : {std::array{0, 1}, {1, -1}, {1, 0}, {1, 1}}) {
        if (y + dy >= h || x + dx < 0 || x + dx >= w) continue;
        const int a = at(y, x), b = at(y + dy, x + dx);
        if (a != b) expected.insert({std::min(a, b), std::max(a, b)});
      }
    }
  }
  EXPECT_EQ(NeighborPairs(FromNumbers(h, w, numbers)), Pairs(expected.begin(), expected.end()));
}

/// A table of random regions in a row, each a neighbour of the next and of some others.
struct Chain {
  RegionTable table;
  Pairs neighbors;
};

Chain RandomChain(int n, uint64_t seed) {
  Chain chain;
  RandomStream random(seed);
  RegionTable& table = chain.table;
  table.color_length = table.texture_length = 16;
  std::set<std::array<int, 2>> pairs;
  for (int i = 0; i < n; ++i) {
    for (auto* rows : {&table.color, &table.texture}) {
      for (int j = 0; j < 16; ++j) rows->push_back(static_cast<float>(random.Uniform(0, 0.125)));
    }
    table.size.push_back(static_cast<int>(random.Int(1, 9)));
    table.extent.push_back({3 * i, 0, 3 * i + 3, 3});
    if (i > 0) pairs.insert({i - 1, i});
    if (i > 0) pairs.insert({static_cast<int>(random.Int(i)), i});
  }
  chain.neighbors.assign(pairs.begin(), pairs.end());
  return chain;
}

TEST(GroupingTest, EachMergeIsThatOfTheMostSimilarNeighbors) {
  const Chain chain = RandomChain(40, 2);
  for (const char* letters : {"CTSF", "TSF", "F", "S"}) {
    const Similarity similarity = Similarity::Parse(letters, "test");
    const int64_t pixels = 1000;
    const MergeTree tree = Group(chain.table, chain.neighbors, similarity, pixels);
    ASSERT_EQ(tree.children.size(), 39u);
    // All pairs anew before each merge.
    RegionTable table = chain.table;
    std::set<std::array<int, 2>> pairs(chain.neighbors.begin(), chain.neighbors.end());
    for (size_t i = 0; i < tree.children.size(); ++i) {
      const auto [a, b] = tree.children[i];
      ASSERT_TRUE(pairs.count({a, b})) << letters << " " << i;
      float most = -1;
      for (const auto& [p, q] : pairs) {
        most = std::max(most, SimilarityOf(table, p, q, similarity, pixels));
      }
      EXPECT_EQ(SimilarityOf(table, a, b, similarity, pixels), most) << letters << " " << i;
      const auto ia = static_cast<size_t>(a), ib = static_cast<size_t>(b);
      const auto share =
          static_cast<float>(table.size[ia]) / static_cast<float>(table.size[ia] + table.size[ib]);
      for (auto* rows : {&table.color, &table.texture}) {
        for (size_t j = 0; j < 16; ++j) {
          rows->push_back(share * (*rows)[16 * ia + j] + (1 - share) * (*rows)[16 * ib + j]);
        }
      }
      table.size.push_back(table.size[ia] + table.size[ib]);
      table.extent.push_back(Union(table.extent[ia], table.extent[ib]));
      const int node = 40 + static_cast<int>(i);
      std::set<std::array<int, 2>> next;
      for (auto [p, q] : pairs) {
        p = p == a || p == b ? node : p;
        q = q == a || q == b ? node : q;
        if (p != q) next.insert({std::min(p, q), std::max(p, q)});
      }
      pairs = next;
    }
    EXPECT_TRUE(pairs.empty());
  }
}

TEST(GroupingTest, LeavesOfANodeAreTheRunsOfItsChildren) {
  const Chain chain = RandomChain(60, 3);
  const MergeTree tree =
      Group(chain.table, chain.neighbors, Similarity::Parse("CTSF", "test"), 1000);
  ASSERT_EQ(tree.nodes(), 119);
  std::vector<int> leaves(tree.first.begin(), tree.first.begin() + 60);
  std::sort(leaves.begin(), leaves.end());
  for (int i = 0; i < 60; ++i) {
    EXPECT_EQ(leaves[static_cast<size_t>(i)], i);
    EXPECT_EQ(tree.last[static_cast<size_t>(i)], tree.first[static_cast<size_t>(i)] + 1);
    EXPECT_EQ(tree.Level(i), 60);
  }
  for (size_t node = 60; node < 119; ++node) {
    const auto a = static_cast<size_t>(tree.children[node - 60][0]);
    const auto b = static_cast<size_t>(tree.children[node - 60][1]);
    EXPECT_EQ(tree.first[node], tree.first[a]);
    EXPECT_EQ(tree.last[a], tree.first[b]);
    EXPECT_EQ(tree.last[node], tree.last[b]);
    EXPECT_EQ(tree.Level(static_cast<int>(node)), 119 - static_cast<int>(node));
  }
  EXPECT_EQ(tree.first[118], 0);
  EXPECT_EQ(tree.last[118], 60);
  for (int count : {1, 2, 17, 60, 99}) {
    const std::vector<int> nodes = tree.Partition(count);
    ASSERT_EQ(nodes.size(), static_cast<size_t>(std::min(count, 60)));
    int next = 0;
    for (int node : nodes) {
      EXPECT_EQ(tree.first[static_cast<size_t>(node)], next);
      next = tree.last[static_cast<size_t>(node)];
      EXPECT_LE(node, 119 - std::min(count, 60));
    }
    EXPECT_EQ(next, 60);
  }
}

TEST(GroupingTest, EquallySimilarPairsGoByTheirNumbers) {
  RegionTable table;
  table.size = {1, 1, 1, 1};
  table.extent = {{0, 0, 1, 1}, {1, 0, 2, 1}, {2, 0, 3, 1}, {3, 0, 4, 1}};
  const MergeTree tree = Group(table, {{0, 1}, {1, 2}, {2, 3}}, Similarity::Parse("S", "test"), 4);
  EXPECT_THAT(tree.children, ElementsAre(std::array{0, 1}, std::array{2, 3}, std::array{4, 5}));
}

TEST(GroupingTest, OneRegionIsATree) {
  RegionTable table;
  table.size = {9};
  table.extent = {{0, 0, 3, 3}};
  const MergeTree tree = Group(table, {}, Similarity::Parse("CTSF", "test"), 9);
  EXPECT_EQ(tree.nodes(), 1);
  EXPECT_THAT(tree.first, ElementsAre(0));
  EXPECT_THAT(tree.last, ElementsAre(1));
  EXPECT_EQ(tree.Level(0), 1);
  EXPECT_THAT(tree.Partition(5), ElementsAre(0));
}

TEST(GroupingTest, SaysWhichLettersThereAre) {
  for (const char* wrong : {"", "X", "CC", "ct", "C+T"}) {
    EXPECT_THAT(ErrorOf([&] { Similarity::Parse(wrong, "here"); }),
                testing::AllOf(testing::StartsWith("here: is \""), testing::HasSubstr("texture")));
  }
}

}  // namespace
}  // namespace seglab
