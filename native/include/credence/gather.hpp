// Slices of a table by index, and the reverse. A body does part [from, to) of a slice, so that a CPU thread can take a whole
// row and a CUDA thread a single element.
#pragma once

#include <credence/row_block.hpp>

namespace credence {
inline namespace CREDENCE_ISA {

// gather(table[N, L], index i32[m]) -> out[m, L]. T is any type of the element's width.
struct Gather {
  // Slice i of row r.
  template <class T>
  CREDENCE_HD static void copy(const RowBlock& block, std::int64_t r, std::int64_t i, std::int64_t from, std::int64_t to, RowFailure& failure) {
    const std::int32_t index = block.at<std::int32_t>(1, r)[i], bound = block.integers[0];
    if (index < 0 || index >= bound) {
      failure = {RowFailure::indexOutside, index, bound};
      return;
    }
    const std::int64_t length = block.integers[1];
    const T* slice = block.at<T>(0, r) + index * length;
    T* out = block.at<T>(2, r) + i * length;
    for (std::int64_t k = from; k < to; ++k) out[k] = slice[k];
  }

  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure& failure) {
    const std::int64_t count = block.operands[1].rowLength, length = block.integers[1];
    for (std::int64_t i = 0; i < count && failure.kind == RowFailure::none; ++i) copy<T>(block, r, i, 0, length, failure);
  }
};

// scatterAdd(index i32[m], x[m, L]) -> out[N, L]: out[index[i]] += x[i], from zero, in the order of i.
struct ScatterAdd {
  // Part [from, to) of every slice of row r.
  template <class T>
  CREDENCE_HD static void add(const RowBlock& block, std::int64_t r, std::int64_t from, std::int64_t to, RowFailure& failure) {
    const std::int32_t* index = block.at<std::int32_t>(0, r);
    const T* x = block.at<T>(1, r);
    T* out = block.at<T>(2, r);
    const std::int32_t bound = block.integers[0];
    const std::int64_t length = block.integers[1], count = block.operands[0].rowLength;
    for (std::int64_t slice = 0; slice < bound; ++slice)
      for (std::int64_t k = from; k < to; ++k) out[slice * length + k] = T(0);
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int32_t slice = index[i];  // read once: a damaged plan may let the sums overwrite it
      if (slice < 0 || slice >= bound) {
        failure = {RowFailure::indexOutside, slice, bound};
        return;
      }
      for (std::int64_t k = from; k < to; ++k) out[slice * length + k] += x[i * length + k];
    }
  }

  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure& failure) {
    add<T>(block, r, 0, block.integers[1], failure);
  }
};

}  // namespace CREDENCE_ISA
}  // namespace credence
