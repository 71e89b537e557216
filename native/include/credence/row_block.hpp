// What a row operation's body sees: plain data, the same on the host and in a kernel's arguments. Row r of operand i is the
// rowLength elements at data + r * rowStride. Counts and lengths were checked by the operation's `check`.
//
// A body has one of these forms:
//   row    template <class T> static void row(const RowBlock&, int64_t r, RowFailure&)        one row
//   lanes  template <class V> static void lanes(const RowBlock&, int64_t r, int count)        rows r .. r + count, one per lane
//   wide   template <class V, class T> static void lanes(...)                                 the same, V of double, stored as T
//   range  template <class V, class T> static void range(const RowBlock&, begin, end)         all rows, shared out by the body
// where V is a vector on the CPU and a scalar on a GPU. The last block of rows runs in whole vectors too, its idle lanes
// repeating the last row: a row's bits then do not depend on where in a block it fell.
#pragma once

#include <credence/portable.hpp>

namespace credence {

constexpr int rowOperandMax = 8, rowIntegerMax = 12, rowNumberMax = 4;

struct RowBlock {
  struct Operand {
    void* data;
    std::int64_t rowStride, rowLength;
  };
  Operand operands[rowOperandMax];
  std::int32_t integers[rowIntegerMax];
  double numbers[rowNumberMax];

  template <class T>
  CREDENCE_HD T* at(int operand, std::int64_t row) const {
    return static_cast<T*>(operands[operand].data) + row * operands[operand].rowStride;
  }
};

// A failure that only the data can show.
struct RowFailure {
  enum Kind : std::int32_t { none = 0, indexOutside = 1 };
  std::int32_t kind;
  std::int32_t index;  // the offending value
  std::int32_t bound;  // it had to lie in [0, bound)
};

inline namespace CREDENCE_ISA {

// Element `column` of rows r .. r + count, one per lane.
template <class V>
CREDENCE_HD V loadColumn(const RowBlock& block, int operand, std::int64_t r, int count, std::int64_t column = 0) {
  using S = ScalarOf<V>;
  const S* first = block.at<S>(operand, r) + column;
  const std::int64_t stride = block.operands[operand].rowStride;
  if constexpr (isVector<V>) {
    if (stride == 0) return broadcast<V>(*first);
    if (stride == 1 && count == lanesOf<V>) return load<V>(first);
    V value{};
    for (int lane = 0; lane < lanesOf<V>; ++lane) value[lane] = first[(lane < count ? lane : count - 1) * stride];
    return value;
  } else {
    return *first;
  }
}

// The same, stored as T and computed as V.
template <class V, class T>
CREDENCE_HD V loadColumnAs(const RowBlock& block, int operand, std::int64_t r, int count) {
  if constexpr (std::is_same_v<ScalarOf<V>, T>) {
    return loadColumn<V>(block, operand, r, count);
  } else {
    V value{};
    for (int lane = 0; lane < lanesOf<V>; ++lane)
      setLane(value, lane, ScalarOf<V>(*block.at<T>(operand, r + (lane < count ? lane : count - 1))));
    return value;
  }
}
template <class V, class T>
CREDENCE_HD void storeColumnAs(const RowBlock& block, int operand, std::int64_t r, int count, V value) {
  for (int lane = 0; lane < count; ++lane) *block.at<T>(operand, r + lane) = T(laneOf(value, lane));
}

template <class V>
CREDENCE_HD void storeColumn(const RowBlock& block, int operand, std::int64_t r, int count, V value, std::int64_t column = 0) {
  using S = ScalarOf<V>;
  S* first = block.at<S>(operand, r) + column;
  const std::int64_t stride = block.operands[operand].rowStride;
  if constexpr (isVector<V>) {
    if (stride == 1 && count == lanesOf<V>) return store<V>(first, value);
    for (int lane = 0; lane < count; ++lane) first[lane * stride] = value[lane];
  } else {
    *first = value;
  }
}

}  // namespace CREDENCE_ISA
}  // namespace credence
