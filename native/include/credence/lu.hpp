// General square systems, one matrix per row, row-major: P A = L U with partial pivoting, and what follows from it.
// The operations after `lu` take A itself too: their derivatives do, their bodies do not read it.
#pragma once

#include <credence/linalg.hpp>
#include <credence/math.hpp>
#include <credence/row_block.hpp>

namespace credence {
inline namespace CREDENCE_ISA {

// lu(A[n,n]) -> LU[n,n], pivots i32[n]: L below the diagonal (its own is 1), U on and above it; step k exchanged row k with
// row pivots[k]. A column without a pivot leaves a zero on the diagonal of U: the matrix is singular.
struct Lu {
  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure&) {
    const T* a = block.at<T>(0, r);
    T* u = block.at<T>(1, r);
    std::int32_t* pivots = block.at<std::int32_t>(2, r);
    const std::int64_t n = block.integers[0];
    for (std::int64_t k = 0; k < n * n; ++k) u[k] = a[k];
    for (std::int64_t k = 0; k < n; ++k) {
      std::int64_t pivot = k;
      for (std::int64_t i = k + 1; i < n; ++i)
        if (math::abs(u[i * n + k]) > math::abs(u[pivot * n + k])) pivot = i;
      pivots[k] = std::int32_t(pivot);
      if (pivot != k) exchange(u + k * n, u + pivot * n, n);
      if (u[k * n + k] == T(0)) continue;
      for (std::int64_t i = k + 1; i < n; ++i) {
        const T factor = u[i * n + k] /= u[k * n + k];
        subtractScaled(u + i * n + k + 1, factor, u + k * n + k + 1, n - k - 1);
      }
    }
  }
};

// luSolve(A[n,n], LU[n,n], pivots i32[n], B[n,m]) -> X with A X = B, or A^T X = B where integers[2] is 1. integers: n, m.
struct LuSolve {
  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure& failure) {
    const T* u = block.at<T>(1, r);
    const std::int32_t* pivots = block.at<std::int32_t>(2, r);
    const T* b = block.at<T>(3, r);
    T* x = block.at<T>(4, r);
    const std::int64_t n = block.integers[0], m = block.integers[1];
    for (std::int64_t k = 0; k < n * m; ++k) x[k] = b[k];
    if (block.integers[2] == 0) {
      for (std::int64_t k = 0; k < n; ++k)
        if (!exchangeRows(x, k, pivots[k], n, m, failure)) return;
      for (std::int64_t i = 0; i < n; ++i) subtractKnown(u + i * n, x, x + i * m, 0, i, m);
      for (std::int64_t i = n - 1; i >= 0; --i) {
        subtractKnown(u + i * n, x, x + i * m, i + 1, n, m);
        divide(x + i * m, u[i * n + i], m);
      }
    } else {  // U^T, then L^T: once x_i is known, its share leaves the other equations, since row i of LU is contiguous
      for (std::int64_t i = 0; i < n; ++i) {
        divide(x + i * m, u[i * n + i], m);
        subtractFrom(x, u + i * n, x + i * m, i + 1, n, m);
      }
      for (std::int64_t i = n - 1; i >= 0; --i) subtractFrom(x, u + i * n, x + i * m, 0, i, m);
      for (std::int64_t k = n - 1; k >= 0; --k)
        if (!exchangeRows(x, k, pivots[k], n, m, failure)) return;
    }
  }

 private:
  // Checked when it is used, since a damaged plan may let X overwrite the pivots.
  template <class T>
  CREDENCE_HD static bool exchangeRows(T* x, std::int64_t k, std::int32_t pivot, std::int64_t n, std::int64_t m, RowFailure& failure) {
    if (pivot < 0 || pivot >= n) {
      failure = {RowFailure::indexOutside, pivot, std::int32_t(n)};
      return false;
    }
    if (pivot != k) exchange(x + k * m, x + pivot * m, m);
    return true;
  }
  // y -= sum of u[k] x_k for from <= k < to.
  template <class T>
  CREDENCE_HD static void subtractKnown(const T* u, const T* x, T* y, std::int64_t from, std::int64_t to, std::int64_t m) {
    if (m == 1) y[0] -= dot(u + from, x + from, to - from);
    else
      for (std::int64_t k = from; k < to; ++k) subtractScaled(y, u[k], x + k * m, m);
  }
  // x_k -= u[k] y for from <= k < to.
  template <class T>
  CREDENCE_HD static void subtractFrom(T* x, const T* u, const T* y, std::int64_t from, std::int64_t to, std::int64_t m) {
    if (m == 1) subtractScaled(x + from, y[0], u + from, to - from);
    else
      for (std::int64_t k = from; k < to; ++k) subtractScaled(x + k * m, u[k], y, m);
  }
};

// luLogDeterminant(A[n,n], LU[n,n], pivots i32[n]) -> sign, log |det A|: -1, 0 or 1, and -infinity where A is singular.
struct LuLogDeterminant {
  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure&) {
    const T* u = block.at<T>(1, r);
    const std::int32_t* pivots = block.at<std::int32_t>(2, r);
    const std::int64_t n = block.integers[0];
    double sum = 0, sign = 1;
    for (std::int64_t k = 0; k < n; ++k) {
      const double pivot = double(u[k * n + k]);
      sum += math::log(math::abs(pivot));
      sign *= pivot > 0 ? 1.0 : pivot < 0 ? -1.0 : pivot;  // 0 and NaN stay
      if (pivots[k] != k) sign = -sign;
    }
    *block.at<T>(3, r) = sign == 0 ? T(0) : T(sign);
    *block.at<T>(4, r) = T(sum);
  }
};

}  // namespace CREDENCE_ISA
}  // namespace credence
