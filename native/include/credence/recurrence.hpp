// Running sums and linear recurrences along a row, carried in double precision.
#pragma once

#include <credence/row_block.hpp>

namespace credence {
inline namespace CREDENCE_ISA {

// cumsum(x[n]) -> y[n], from the front, or from the back where integers[0] is 1. Sums in double precision.
struct Cumsum {
  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure&) {
    const T* x = block.at<T>(0, r);
    T* y = block.at<T>(1, r);
    const std::int64_t n = block.operands[0].rowLength;
    double sum = 0;
    if (block.integers[0] == 0)
      for (std::int64_t i = 0; i < n; ++i) y[i] = T(sum += double(x[i]));
    else
      for (std::int64_t i = n - 1; i >= 0; --i) y[i] = T(sum += double(x[i]));
  }
};

// linearRecurrence(a[n], b[n]) -> h[n], h_i = a_i h_(i-1) + b_i from h_(-1) = 0; from the back, with h_(i+1), where integers[0]
// is 1.
struct LinearRecurrence {
  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure&) {
    const T *a = block.at<T>(0, r), *b = block.at<T>(1, r);
    T* h = block.at<T>(2, r);
    const std::int64_t n = block.operands[0].rowLength;
    if (n == 0) return;
    const bool reverse = block.integers[0] != 0;
    const std::int64_t step = reverse ? -1 : 1;
    std::int64_t i = reverse ? n - 1 : 0;
    double state = double(b[i]);  // a_0 has nothing to multiply
    h[i] = T(state);
    for (std::int64_t k = 1; k < n; ++k) {
      i += step;
      h[i] = T(state = double(a[i]) * state + double(b[i]));
    }
  }
};

}  // namespace CREDENCE_ISA
}  // namespace credence
