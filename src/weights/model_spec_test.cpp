#include "weights/model_spec.h"

#include <gmock/gmock.h>

#include "base/files.h"
#include "base/test_error.h"
#include "base/test_folder.h"

namespace seglab {
namespace {

using testing::HasSubstr;

TEST(ParseModelSpec, IsANameOrJsonOrAFile) {
  const TestFolder folder;
  const Json spec = {{"name", "fcn8s"}, {"geometry", "published"}};
  WriteFileAtomically(folder.File("net.json"), spec.dump());
  EXPECT_EQ(ParseModelSpec(folder.File("net.json"), "--model"), spec);
  EXPECT_EQ(ParseModelSpec(" " + spec.dump(), "--model"), spec);
  EXPECT_EQ(ParseModelSpec("fcn8s", "--model"), (Json{{"name", "fcn8s"}}));
  EXPECT_THAT(ErrorOf([] { ParseModelSpec("{\"name\": ", "--model"); }), HasSubstr("--model:1:"));
  EXPECT_EQ(ParseModelSpec("vgg16", "--model"),
            (Json{{"name", "classifier"}, {"backbone", "vgg16"}}));
}

TEST(ParsePreprocessing, IsANameOrJson) {
  EXPECT_EQ(ParsePreprocessing("caffe", "--preprocessing"), Json("caffe"));
  EXPECT_EQ(ParsePreprocessing("{\"scale\": 1}", "--preprocessing"), (Json{{"scale", 1}}));
  EXPECT_THAT(ErrorOf([] { ParsePreprocessing("{\"scale\": ", "--preprocessing"); }),
              HasSubstr("--preprocessing:1:"));
}

}  // namespace
}  // namespace seglab
