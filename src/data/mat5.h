#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The little of MATLAB's file format 5 that SBD needs, read under bounds: what a file says of its
// sizes is compared with what it holds before memory is taken.
namespace seglab {

enum class MatKind { kNone, kMat5, kMat73 };

/// What the header of a MATLAB file says; kMat73 is HDF5.
MatKind MatKindOf(std::string_view bytes);

/// A matrix of bytes.
struct MatBytes {
  int rows = 0, columns = 0;
  std::vector<uint8_t> values;  ///< column after column, rows x columns of them
};

/// Reads a member of a structure, a plain uint8 matrix, packed or not.
/// @param bytes  the whole file, of kind kMat5
/// @param path   names it in messages
/// @throws Error where it is truncated or damaged, has no such structure of 1 x 1 or member, where
///         the member is of another kind, or where it unpacks to more than 256 MiB
MatBytes ReadMat5Bytes(std::string_view bytes, const std::string& variable,
                       const std::string& member, const std::string& path);

/// A matrix of whole numbers.
struct MatNumbers {
  int rows = 0, columns = 0;
  std::vector<uint16_t> values;  ///< column after column, rows x columns of them
};

/// Reads the first matrix that has one of these names, of class uint8, uint16 or double, packed or
/// not; std::nullopt where there is none.
/// @param bytes  the whole file, of kind kMat5
/// @throws Error where it is truncated or damaged, unpacks to more than 256 MiB, or where the
///         matrix is of another kind or holds another number than 0, 1 ... 65535
std::optional<MatNumbers> ReadMat5Numbers(std::string_view bytes,
                                          const std::vector<std::string>& names,
                                          const std::string& path);

}  // namespace seglab
