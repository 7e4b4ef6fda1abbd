#include "weights/known_files.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "weights/network_shapes.h"

namespace seglab {
namespace {

TEST(KnownFiles, NetworksCanBeMade) {
  EXPECT_GT(KnownFiles().size(), 25u);
  for (const KnownFile& file : KnownFiles()) {
    EXPECT_NO_THROW(MakeShapes(ParseJson(file.network, file.name), file.name)) << file.name;
    EXPECT_EQ(file.sha256.size() + file.sha1.size(), file.sha1.empty() ? 8u : 40u) << file.name;
    if (file.sha1.empty()) {
      EXPECT_EQ(HashInName(file.name), file.sha256);
    }
  }
}

TEST(KnownFiles, AreFoundByTheirHashes) {
  const KnownFile* vgg = FindKnownFile("397923af" + std::string(56, '0'), "");
  ASSERT_NE(vgg, nullptr);
  EXPECT_EQ(vgg->name, "vgg16-397923af.pth");
  const KnownFile* caffe =
      FindKnownFile(std::string(64, '0'), "9363e1f6d65f7dba68c4f27a1e62105cdf6c4e24");
  ASSERT_NE(caffe, nullptr);
  EXPECT_EQ(caffe->name, "VGG_ILSVRC_16_layers.caffemodel");
  EXPECT_EQ(FindKnownFile(std::string(64, '0'), std::string(40, '0')), nullptr);
}

TEST(HashInName, IsBehindTheLastDash) {
  EXPECT_EQ(HashInName("a/alexnet-owt-7be5be79.pth"), "7be5be79");
  EXPECT_EQ(HashInName("net-0123456789abcdef.safetensors"), "0123456789abcdef");
  for (const char* name :
       {"vgg16.pth", "a-1234567.pth", "run-20150611x.pth", "a/b-12345678/net.pth",
        "net-20150611.pth", "model-00010000.pth", "-.pth"})
    EXPECT_EQ(HashInName(name), "") << name;
}

}  // namespace
}  // namespace seglab
