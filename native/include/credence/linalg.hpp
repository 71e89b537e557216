// Small dense factorisations, one matrix per row, row-major.
#pragma once

#include <credence/math.hpp>
#include <credence/row_block.hpp>

namespace credence {
inline namespace CREDENCE_ISA {

// sum of a[i] b[i]: in vector lanes on a CPU, their order fixed by n alone.
template <class T>
CREDENCE_HD T dot(const T* a, const T* b, std::int64_t n) {
  T sum = 0;
  std::int64_t i = 0;
#if !defined(__CUDACC__)
  using V = NativeVec<T>;
  if (n >= 2 * lanesOf<V>) {
    V lanes{};
    for (; i + lanesOf<V> <= n; i += lanesOf<V>) lanes += load<V>(a + i) * load<V>(b + i);
    for (int lane = 0; lane < lanesOf<V>; ++lane) sum += lanes[lane];
  }
#endif
  for (; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

template <class T>
CREDENCE_HD void subtractScaled(T* y, T scale, const T* x, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) y[i] -= scale * x[i];
}
template <class T>
CREDENCE_HD void divide(T* x, T divisor, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) x[i] /= divisor;
}
template <class T>
CREDENCE_HD void exchange(T* x, T* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    const T kept = x[i];
    x[i] = y[i];
    y[i] = kept;
  }
}

// cholesky(A[n,n]) -> lower L with L L^T = A, zeros above. Reads the lower triangle of A. Not positive definite: NaN throughout.
struct Cholesky {
  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure&) {
    const T* a = block.at<T>(0, r);
    T* l = block.at<T>(1, r);
    const std::int64_t n = block.integers[0];
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < i; ++j) l[i * n + j] = (a[i * n + j] - dot(l + i * n, l + j * n, j)) / l[j * n + j];
      const T pivot = a[i * n + i] - dot(l + i * n, l + i * n, i);
      if (!(pivot > 0)) {
        for (std::int64_t k = 0; k < n * n; ++k) l[k] = math::notANumber<T>();
        return;
      }
      l[i * n + i] = math::sqrt(pivot);
      for (std::int64_t j = i + 1; j < n; ++j) l[i * n + j] = 0;
    }
  }
};

// triangularSolve(L[n,n], B[n,m]) -> X with L X = B, or L^T X = B. Reads the lower triangle of L.
struct TriangularSolve {
  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure&) {
    const T* l = block.at<T>(0, r);
    const T* b = block.at<T>(1, r);
    T* x = block.at<T>(2, r);
    const std::int64_t n = block.integers[0], m = block.integers[1];
    const bool transpose = block.integers[2] != 0;
    for (std::int64_t k = 0; k < n * m; ++k) x[k] = b[k];
    if (!transpose) {
      for (std::int64_t i = 0; i < n; ++i) {
        if (m == 1) x[i] -= dot(l + i * n, x, i);
        else
          for (std::int64_t k = 0; k < i; ++k) subtractScaled(x + i * m, l[i * n + k], x + k * m, m);
        divide(x + i * m, l[i * n + i], m);
      }
    } else {  // once x_i is known, its share leaves every earlier equation: row i of L is contiguous
      for (std::int64_t i = n - 1; i >= 0; --i) {
        divide(x + i * m, l[i * n + i], m);
        if (m == 1) subtractScaled(x, x[i], l + i * n, i);
        else
          for (std::int64_t k = 0; k < i; ++k) subtractScaled(x + k * m, l[i * n + k], x + i * m, m);
      }
    }
  }
};

}  // namespace CREDENCE_ISA
}  // namespace credence
