#include "train/event_file.h"

#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <fstream>
#include <utility>

#include "base/error.h"
#include "base/files.h"

namespace seglab {
namespace {

// Fields of event.proto and summary.proto.
constexpr uint32_t kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5;
constexpr uint32_t kValue = 1, kTag = 1, kSimpleValue = 2;
enum Wire : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

constexpr std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table = {};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0u);
    table[i] = crc;
  }
  return table;
}

template <typename Number>
std::string LittleEndian(Number number) {
  std::string bytes;
  for (size_t i = 0; i < sizeof number; ++i) bytes += static_cast<char>(number >> (8 * i) & 0xFF);
  return bytes;
}

std::string Varint(uint64_t number) {
  std::string bytes;
  for (; number >= 0x80; number >>= 7) bytes += static_cast<char>(number | 0x80);
  return bytes + static_cast<char>(number);
}

std::string Key(uint32_t field, Wire wire) { return Varint(field << 3 | wire); }

std::string BytesField(uint32_t field, std::string_view bytes) {
  return Key(field, kBytes) + Varint(bytes.size()) + std::string(bytes);
}

std::string EventHead() {
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  return Key(kWallTime, kFixed64) + LittleEndian(std::bit_cast<uint64_t>(now));
}

/// TFRecord's check sum.
std::string Masked(std::string_view bytes) {
  const uint32_t crc = Crc32c(bytes);
  return LittleEndian((crc >> 15 | crc << 17) + 0xA282EAD8u);
}

std::string Record(std::string_view data) {
  const std::string length = LittleEndian(static_cast<uint64_t>(data.size()));
  return length + Masked(length) + std::string(data) + Masked(data);
}

}  // namespace

uint32_t Crc32c(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = MakeTable();
  uint32_t crc = ~0u;
  for (char byte : bytes) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<uint8_t>(byte)) & 0xFF];
  return ~crc;
}

EventFile::EventFile(std::string path) : path_(std::move(path)) {
  WriteFileAtomically(path_, Record(EventHead() + BytesField(kFileVersion, "brain.Event:2")));
}

void EventFile::Write(const Json& line) {
  const auto step = line.find("iteration");
  if (!IsOfTraining(line) || !step->is_number_integer()) return;
  const std::string part = line.contains("loss") ? "train/" : "val/";
  std::string values;
  for (const auto& [key, value] : line.items()) {
    if (key == "iteration" || !value.is_number()) continue;
    const auto number = value.get<float>();
    values += BytesField(kValue, BytesField(kTag, part + key) + Key(kSimpleValue, kFixed32) +
                                     LittleEndian(std::bit_cast<uint32_t>(number)));
  }
  if (values.empty()) return;
  Append(Record(EventHead() + Key(kStep, kVarint) + Varint(step->get<uint64_t>()) +
                BytesField(kSummary, values)));
}

void EventFile::Append(const std::string& record) {
  std::ofstream out(path_, std::ios::app | std::ios::binary);
  out << record << std::flush;
  if (!out) throw Error(path_, ": cannot be written: ", std::strerror(errno));
}

}  // namespace seglab
