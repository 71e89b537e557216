// Eigenvalues and eigenvectors of symmetric matrices, one matrix per row, row-major.
//
// Up to side 8: Jacobi's rotations, cyclically (Golub and Van Loan, "Matrix computations", 8.5). Above: Householder's
// reduction to a tridiagonal matrix, then the implicit QL method with Wilkinson's shift (ibid., 8.3; Bowdler, Martin, Reinsch
// and Wilkinson, "The QR and QL algorithms for symmetric matrices", 1968). Vectors are kept as rows, so that every inner loop
// runs along memory.
#pragma once

#include <credence/linalg.hpp>
#include <credence/math.hpp>
#include <credence/row_block.hpp>

namespace credence {
inline namespace CREDENCE_ISA {

// eigenSymmetric(A[n,n]) -> values[n] ascending, vectors[n,n] in columns, work[2n]. The component of largest magnitude of each
// vector (the first of equals) is positive. A must be symmetric. NaN throughout where A is not finite.
struct EigenSymmetric {
  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure&) {
    const T* a = block.at<T>(0, r);
    T *values = block.at<T>(1, r), *vectors = block.at<T>(2, r), *work = block.at<T>(3, r);
    const std::int64_t n = block.integers[0];
    T scale = 0;  // squares of elements over the largest cannot overflow
    bool finite = true;
    for (std::int64_t k = 0; k < n * n; ++k) {
      scale = math::abs(a[k]) > scale ? math::abs(a[k]) : scale;
      finite &= a[k] - a[k] == T(0);
    }
    for (std::int64_t k = 0; k < n * n; ++k) vectors[k] = scale > T(0) ? a[k] / scale : T(0);
    const bool done = finite && (n <= jacobiSideMax ? jacobi(n, values, vectors) : tridiagonal(n, values, vectors, work));
    if (!done) {
      for (std::int64_t k = 0; k < n; ++k) values[k] = math::notANumber<T>();
      for (std::int64_t k = 0; k < n * n; ++k) vectors[k] = math::notANumber<T>();
      return;
    }
    for (std::int64_t k = 0; k < n; ++k) values[k] *= scale;
    arrange(n, values, vectors);
  }

 private:
  static constexpr std::int64_t jacobiSideMax = 8;
  static constexpr int sweepsMax = 30, stepsMax = 60;  // never reached but by rounding gone wrong: convergence is quadratic or better

  template <class T>
  CREDENCE_HD static T roundingUnit() {
    return std::is_same_v<T, float> ? T(1.1920929e-07) : T(2.220446049250313e-16);
  }

  // Rotates rows x and y: (x, y) <- (c x - s y, s x + c y).
  template <class T>
  CREDENCE_HD static void rotate(T* x, T* y, T c, T s, std::int64_t n) {
    for (std::int64_t k = 0; k < n; ++k) {
      const T a = x[k], b = y[k];
      x[k] = c * a - s * b;
      y[k] = s * a + c * b;
    }
  }

  // Rotations in each plane (p, q) that annul a_pq, until no element off the diagonal matters.
  template <class T>
  CREDENCE_HD_CALL static bool jacobi(std::int64_t n, T* values, T* vectors) {
    T a[jacobiSideMax * jacobiSideMax];
    for (std::int64_t k = 0; k < n * n; ++k) {
      a[k] = vectors[k];
      vectors[k] = T(k % (n + 1) == 0);
    }
    for (int sweep = 0; sweep < sweepsMax; ++sweep) {
      bool quiet = true;
      for (std::int64_t p = 0; p < n; ++p)
        for (std::int64_t q = p + 1; q < n; ++q) {
          const T off = a[p * n + q], smaller = math::sqrt(math::abs(a[p * n + p])) * math::sqrt(math::abs(a[q * n + q]));
          if (math::abs(off) <= roundingUnit<T>() * T(0.5) * smaller || math::abs(off) < tiny<T>()) continue;
          quiet = false;
          const T theta = (a[q * n + q] - a[p * n + p]) / (T(2) * off);
          const T t = math::copySign<T>(T(1), theta) / (math::abs(theta) + math::sqrt(theta * theta + T(1)));
          const T c = T(1) / math::sqrt(t * t + T(1)), s = t * c;
          rotate(a + p * n, a + q * n, c, s, n);
          for (std::int64_t k = 0; k < n; ++k) rotate(a + k * n + p, a + k * n + q, c, s, 1);
          a[p * n + q] = a[q * n + p] = T(0);
          rotate(vectors + p * n, vectors + q * n, c, s, n);
        }
      if (quiet) {
        for (std::int64_t k = 0; k < n; ++k) values[k] = a[k * n + k];
        return true;
      }
    }
    return false;
  }
  // Of a matrix whose largest element is 1: no square of it is subnormal.
  template <class T>
  CREDENCE_HD static T tiny() {
    return std::is_same_v<T, float> ? T(1e-18) : T(1e-150);
  }

  // `v` holds A, and becomes the eigenvectors in rows. `work` holds the elements beside the diagonal.
  template <class T>
  CREDENCE_HD_CALL static bool tridiagonal(std::int64_t n, T* values, T* v, T* work) {
    T *beside = work, *factors = work + n;
    for (std::int64_t k = 0; k + 2 < n; ++k) reflect(n, k, v, values, beside, factors);
    values[n - 2] = v[(n - 2) * n + n - 2];
    values[n - 1] = v[(n - 1) * n + n - 1];
    beside[n - 2] = v[(n - 2) * n + n - 1];
    beside[n - 1] = T(0);
    accumulate(n, v, factors);
    return ql(n, values, beside, v);
  }

  // Reflects rows and columns past k, so that row k is (.., values[k], beside[k], 0, ..). The reflection I - factor x x^T stays
  // in row k past the diagonal. `values` past k is free, and holds A x.
  template <class T>
  CREDENCE_HD_CALL static void reflect(std::int64_t n, std::int64_t k, T* a, T* values, T* beside, T* factors) {
    const std::int64_t first = k + 1, count = n - first;
    T* x = a + k * n + first;
    values[k] = a[k * n + k];
    const T rest = dot(x + 1, x + 1, count - 1);
    if (rest == T(0)) {
      beside[k] = x[0];
      factors[k] = T(0);
      return;
    }
    const T length = math::sqrt(x[0] * x[0] + rest);
    beside[k] = x[0] > T(0) ? -length : length;
    x[0] -= beside[k];
    const T factor = factors[k] = T(2) / (x[0] * x[0] + rest);
    T* w = values + first;
    for (std::int64_t i = 0; i < count; ++i) w[i] = factor * dot(a + (first + i) * n + first, x, count);
    const T middle = factor * T(0.5) * dot(w, x, count);
    for (std::int64_t i = 0; i < count; ++i) w[i] -= middle * x[i];
    for (std::int64_t i = 0; i < count; ++i) {
      T* ai = a + (first + i) * n + first;
      const T xi = x[i], wi = w[i];
      for (std::int64_t j = 0; j < count; ++j) ai[j] -= xi * w[j] + wi * x[j];
    }
  }

  // The product of the reflections, transposed, in place of them: from the last one, whose corner is the smallest.
  template <class T>
  CREDENCE_HD_CALL static void accumulate(std::int64_t n, T* v, const T* factors) {
    for (std::int64_t i = n - 2; i < n; ++i)
      for (std::int64_t j = n - 2; j < n; ++j) v[i * n + j] = T(i == j);
    for (std::int64_t k = n - 3; k >= 0; --k) {
      const std::int64_t first = k + 1, count = n - first;
      T* x = v + k * n + first;
      if (factors[k] != T(0))
        for (std::int64_t i = first; i < n; ++i) subtractScaled(v + i * n + first, factors[k] * dot(v + i * n + first, x, count), x, count);
      for (std::int64_t i = k; i < n; ++i) v[k * n + i] = v[i * n + k] = T(i == k);
    }
  }

  template <class T>
  CREDENCE_HD static T hypotenuse(T a, T b) {
    const T x = math::abs(a), y = math::abs(b), large = x > y ? x : y, small = x > y ? y : x;
    if (large == T(0)) return T(0);
    return large * math::sqrt(T(1) + (small / large) * (small / large));
  }

  // Chases a shifted rotation from the bottom of each unreduced block to its top until the elements beside the diagonal vanish.
  template <class T>
  CREDENCE_HD_CALL static bool ql(std::int64_t n, T* d, T* e, T* v) {
    for (std::int64_t top = 0; top < n; ++top) {
      for (int step = 0;; ++step) {
        std::int64_t bottom = top;
        while (bottom + 1 < n && math::abs(e[bottom]) > roundingUnit<T>() * (math::abs(d[bottom]) + math::abs(d[bottom + 1])) && math::abs(e[bottom]) > tiny<T>())
          ++bottom;
        if (bottom == top) break;
        if (step == stepsMax) return false;
        const T half = (d[top + 1] - d[top]) / (T(2) * e[top]);
        T g = d[bottom] - d[top] + e[top] / (half + math::copySign<T>(hypotenuse(half, T(1)), half));
        T c = 1, s = 1, shift = 0;
        std::int64_t i = bottom - 1;
        for (; i >= top; --i) {
          const T f = s * e[i], b = c * e[i], length = hypotenuse(f, g);
          e[i + 1] = length;
          if (length == T(0)) {  // the block falls apart here
            d[i + 1] -= shift;
            e[bottom] = T(0);
            break;
          }
          s = f / length;
          c = g / length;
          g = d[i + 1] - shift;
          const T spread = (d[i] - g) * s + T(2) * c * b;
          shift = s * spread;
          d[i + 1] = g + shift;
          g = c * spread - b;
          rotate(v + i * n, v + (i + 1) * n, c, s, n);
        }
        if (i >= top) continue;
        d[top] -= shift;
        e[top] = g;
        e[bottom] = T(0);
      }
    }
    return true;
  }

  // Ascending values; vectors with a positive largest component, from rows to columns.
  template <class T>
  CREDENCE_HD_CALL static void arrange(std::int64_t n, T* values, T* v) {
    for (std::int64_t i = 0; i < n; ++i) {
      std::int64_t least = i;
      for (std::int64_t j = i + 1; j < n; ++j)
        if (values[j] < values[least]) least = j;
      if (least != i) {
        exchange(values + i, values + least, 1);
        exchange(v + i * n, v + least * n, n);
      }
      T* x = v + i * n;
      std::int64_t largest = 0;
      for (std::int64_t k = 1; k < n; ++k)
        if (math::abs(x[k]) > math::abs(x[largest])) largest = k;
      if (x[largest] < T(0))
        for (std::int64_t k = 0; k < n; ++k) x[k] = -x[k];
    }
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = i + 1; j < n; ++j) exchange(v + i * n + j, v + j * n + i, 1);
  }
};

}  // namespace CREDENCE_ISA
}  // namespace credence
