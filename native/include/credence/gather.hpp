// Slices of a table by index, and the reverse.
#pragma once

#include <credence/row_block.hpp>

namespace credence {
inline namespace CREDENCE_ISA {

// gather(table[N, L], index i32[m]) -> out[m, L]. T is any type of the element's width.
struct Gather {
  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure& failure) {
    const T* table = block.at<T>(0, r);
    const std::int32_t* index = block.at<std::int32_t>(1, r);
    T* out = block.at<T>(2, r);
    const std::int32_t bound = block.integers[0];
    const std::int64_t length = block.integers[1], count = block.operands[1].rowLength;
    for (std::int64_t i = 0; i < count; ++i) {
      if (index[i] < 0 || index[i] >= bound) {
        failure = {RowFailure::indexOutside, index[i], bound};
        return;
      }
      const T* slice = table + index[i] * length;
      for (std::int64_t k = 0; k < length; ++k) out[i * length + k] = slice[k];
    }
  }
};

// scatterAdd(index i32[m], x[m, L]) -> out[N, L]: out[index[i]] += x[i], from zero, in the order of i.
struct ScatterAdd {
  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure& failure) {
    const std::int32_t* index = block.at<std::int32_t>(0, r);
    const T* x = block.at<T>(1, r);
    T* out = block.at<T>(2, r);
    const std::int32_t bound = block.integers[0];
    const std::int64_t length = block.integers[1], count = block.operands[0].rowLength;
    for (std::int64_t k = 0; k < bound * length; ++k) out[k] = T(0);
    for (std::int64_t i = 0; i < count; ++i) {
      if (index[i] < 0 || index[i] >= bound) {
        failure = {RowFailure::indexOutside, index[i], bound};
        return;
      }
      T* slice = out + index[i] * length;
      for (std::int64_t k = 0; k < length; ++k) slice[k] += x[i * length + k];
    }
  }
};

}  // namespace CREDENCE_ISA
}  // namespace credence
