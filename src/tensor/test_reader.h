#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/test_error.h"
#include "base/test_folder.h"
#include "tensor/tensor_file.h"
#include "tensor/test_files.h"

namespace seglab {

/// Files of given bytes for one reader.
class ReaderTest : public testing::Test {
 protected:
  ReaderTest(TensorFile (*read)(const std::string& path), const std::string& name)
      : read_(read), path_(folder_.File(name)) {}

  TensorFile Read(const std::string& bytes) {
    test_files::WriteBytes(path_, bytes);
    return read_(path_);
  }

  /// What reading the file says; "" when it is accepted. Anything but an Error of one line that
  /// names the file fails the test.
  std::string Message(const std::string& bytes) {
    const std::string text = ErrorOf([&] { Read(bytes); });
    if (!text.empty()) {
      EXPECT_EQ(text.find('\n'), std::string::npos) << text;
      EXPECT_THAT(text, testing::HasSubstr(path_));
    }
    return text;
  }

 private:
  TensorFile (*read_)(const std::string& path);

 protected:
  TestFolder folder_;
  const std::string path_;
};

}  // namespace seglab
