#pragma once

// Included before everything else. clang with the library of GCC 12 and C++20 rejects the headers
// of LibTorch 1.13, which have a vector of an incomplete type: a constexpr destructor is made at
// once, an ordinary one where it is used. Here the library's containers are not constexpr, as in
// C++17.

#ifdef __clang__
#define _GLIBCXX20_CONSTEXPR
#include <type_traits>
#undef __cpp_lib_is_constant_evaluated
#include <string>
#endif
