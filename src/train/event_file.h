#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "train/log_forms.h"

namespace seglab {

/// An event file as TensorBoard reads it: records of protocol buffers
/// (tensorflow/core/util/event.proto) framed as TFRecord. Each number of a line is a scalar:
/// "train/loss", "val/mean_iou".
class EventFile : public LogForm {
 public:
  /// Begins the file anew.
  explicit EventFile(std::string path);
  void Write(const Json& line) override;

 private:
  void Append(const std::string& record);

  std::string path_;
};

/// CRC-32C (Castagnoli) of bytes, as RFC 3720 B.4 has it.
uint32_t Crc32c(std::string_view bytes);

}  // namespace seglab
