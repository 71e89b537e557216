// Matrix products by blocks, after Goto and van de Geijn (2008): B is packed in panels of `vectors` registers by kBlock, A in
// panels of a few rows, and a register tile runs over k. Every element is summed over k in the same order whatever the
// rows around it, so sharing rows among threads never changes bits. Compiled once per instruction set.
#include <credence/elementwise.hpp>

#include "named.hpp"

namespace credence {
inline namespace CREDENCE_ISA {
namespace {

using namespace cpu;

#if defined(__AVX512F__)
constexpr int tileRowsMax = 12;  // 24 accumulators of 32 registers
#elif defined(__AVX2__)
constexpr int tileRowsMax = 6;   // 12 of 16
#elif defined(__aarch64__)
constexpr int tileRowsMax = 8;   // 16 of 32
#else
constexpr int tileRowsMax = 4;   // 8 of 16
#endif
constexpr int64_t kBlock = 256;
constexpr int64_t rowBlock = 8 * tileRowsMax;
template <class T>
constexpr int64_t colBlock = 3072 / int64_t(sizeof(T));
static_assert((rowBlock * 8 + 3072) * kBlock <= productScratchBytes);

template <class T>
constexpr int lanes = nativeLanes<T>;

// c[rows, vectors * lanes] (+)= packedA[k, rows] packedB[k, vectors * lanes]
template <class T, int rows, int vectors>
void registerTile(int64_t k, const T* a, const T* b, T* c, int64_t cRow, bool accumulate) {
  using V = NativeVec<T>;
  V sums[rows][vectors];
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < vectors; ++j) sums[i][j] = V{};
  for (int64_t p = 0; p < k; ++p, a += rows, b += vectors * lanes<T>) {
    V right[vectors];
    for (int j = 0; j < vectors; ++j) right[j] = load<V>(b + j * lanes<T>);
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < vectors; ++j) sums[i][j] += a[i] * right[j];
  }
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < vectors; ++j) {
      T* to = c + i * cRow + j * lanes<T>;
      store(to, accumulate ? V(load<V>(to) + sums[i][j]) : sums[i][j]);
    }
}

// The same where fewer than the tile's columns (or rows) are wanted.
template <class T, int rows, int vectors>
void edgeTile(int64_t k, const T* a, const T* b, T* c, int64_t cRow, bool accumulate, int64_t m, int64_t n) {
  constexpr int width = vectors * lanes<T>;
  T tile[rows * width];
  registerTile<T, rows, vectors>(k, a, b, tile, width, false);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) c[i * cRow + j] = accumulate ? c[i * cRow + j] + tile[i * width + j] : tile[i * width + j];
}

template <class T, int rows, int vectors>
void anyTile(int64_t k, const T* a, const T* b, T* c, int64_t cRow, bool accumulate, int64_t m, int64_t n) {
  if (m == rows && n == vectors * lanes<T>) registerTile<T, rows, vectors>(k, a, b, c, cRow, accumulate);
  else edgeTile<T, rows, vectors>(k, a, b, c, cRow, accumulate, m, n);
}

/// The height of the register tile used for a last panel of m rows.
constexpr int tileRowsFor(int64_t m) {
  if (m <= 1) return 1;
  if (m <= 2) return 2;
  if (m <= 4) return 4;
  if (m <= 8 && tileRowsMax > 8) return 8;
  return tileRowsMax;
}

template <class T, int vectors>
void tileOf(int rows, int64_t k, const T* a, const T* b, T* c, int64_t cRow, bool accumulate, int64_t m, int64_t n) {
  switch (rows) {
    case 1: return anyTile<T, 1, vectors>(k, a, b, c, cRow, accumulate, m, n);
    case 2: return anyTile<T, 2, vectors>(k, a, b, c, cRow, accumulate, m, n);
    case 4: return anyTile<T, 4, vectors>(k, a, b, c, cRow, accumulate, m, n);
#if defined(__AVX512F__)
    case 8: return anyTile<T, 8, vectors>(k, a, b, c, cRow, accumulate, m, n);
#endif
    default: return anyTile<T, tileRowsMax, vectors>(k, a, b, c, cRow, accumulate, m, n);
  }
}

// to[k, rows]: element (i, p) of A at p * rows + i, rows past m are zero.
template <class T>
void packRows(T* to, const T* a, int64_t row, int64_t col, int64_t m, int64_t k, int rows) {
  for (int64_t i = 0; i < rows; ++i) {
    if (i >= m) {
      for (int64_t p = 0; p < k; ++p) to[p * rows + i] = 0;
    } else if (row != 1) {
      for (int64_t p = 0; p < k; ++p) to[p * rows + i] = a[i * row + p * col];
    }
  }
  if (row == 1)
    for (int64_t p = 0; p < k; ++p)
      for (int64_t i = 0; i < m; ++i) to[p * rows + i] = a[i + p * col];
}

// to[k, width]: element (p, j) of B at p * width + j, columns past n are zero.
template <class T>
void packColumns(T* to, const T* b, int64_t row, int64_t col, int64_t k, int64_t n, int64_t width) {
  for (int64_t p = 0; p < k; ++p, to += width) {
    const T* from = b + p * row;
    if (col == 1) memcpy(to, from, size_t(n) * sizeof(T));
    else
      for (int64_t j = 0; j < n; ++j) to[j] = from[j * col];
    for (int64_t j = n; j < width; ++j) to[j] = 0;
  }
}

template <class T>
void product(const Product& p, uint8_t* scratch) {
  constexpr int64_t panel = 2 * lanes<T>;
  T* packedB = reinterpret_cast<T*>(scratch);
  T* packedA = packedB + colBlock<T> * kBlock;
  const T* a = static_cast<const T*>(p.a);
  const T* b = static_cast<const T*>(p.b);
  T* c = static_cast<T*>(p.c);
  if (p.k == 0 && !p.accumulate)
    for (int64_t i = 0; i < p.m; ++i)
      for (int64_t j = 0; j < p.n; ++j) c[i * p.cRow + j] = 0;

  for (int64_t j0 = 0; j0 < p.n; j0 += colBlock<T>) {
    const int64_t n = p.n - j0 < colBlock<T> ? p.n - j0 : colBlock<T>;
    for (int64_t k0 = 0; k0 < p.k; k0 += kBlock) {
      const int64_t k = p.k - k0 < kBlock ? p.k - k0 : kBlock;
      const bool accumulate = p.accumulate || k0 > 0;
      for (int64_t j = 0; j < n; j += panel) {
        const int64_t width = n - j > lanes<T> ? panel : lanes<T>;
        packColumns(packedB + j * kBlock, b + k0 * p.bRow + (j0 + j) * p.bCol, p.bRow, p.bCol, k, n - j < width ? n - j : width, width);
      }
      for (int64_t i0 = 0; i0 < p.m; i0 += rowBlock) {
        const int64_t m = p.m - i0 < rowBlock ? p.m - i0 : rowBlock;
        for (int64_t i = 0; i < m; i += tileRowsMax) {
          const int64_t count = m - i < tileRowsMax ? m - i : tileRowsMax;
          packRows(packedA + i * kBlock, a + (i0 + i) * p.aRow + k0 * p.aCol, p.aRow, p.aCol, count, k, tileRowsFor(count));
        }
        for (int64_t j = 0; j < n; j += panel) {
          const int64_t columns = n - j < panel ? n - j : panel;
          for (int64_t i = 0; i < m; i += tileRowsMax) {
            const int64_t count = m - i < tileRowsMax ? m - i : tileRowsMax;
            T* to = c + (i0 + i) * p.cRow + j0 + j;
            if (columns > lanes<T>)
              tileOf<T, 2>(tileRowsFor(count), k, packedA + i * kBlock, packedB + j * kBlock, to, p.cRow, accumulate, count, columns);
            else
              tileOf<T, 1>(tileRowsFor(count), k, packedA + i * kBlock, packedB + j * kBlock, to, p.cRow, accumulate, count, columns);
          }
        }
      }
    }
  }
}

// In place on x[0, n): whole granules where they lie, the rest in the scratch.
template <class T>
void activate(StepFunction activation, T* x, int64_t n, T* rest) {
  const int64_t whole = n / granule * granule;
  if (whole > 0) activation(x, x, x, x, whole);
  if (whole == n) return;
  for (int64_t i = whole; i < n; ++i) rest[i - whole] = x[i];
  for (int64_t i = n - whole; i < granule; ++i) rest[i] = 0;
  activation(rest, rest, rest, rest, granule);
  for (int64_t i = whole; i < n; ++i) x[i] = rest[i - whole];
}

template <class T>
void finish(T* c, int64_t m, int64_t n, int64_t cRow, const T* bias, StepFunction activation, uint8_t* scratch) {
  T* rest = reinterpret_cast<T*>(scratch);
  const bool joined = cRow == n;
  int64_t chunk = joined ? tileMax / (n > 0 ? n : 1) : 1;  // rows that stay in L1 between bias and activation
  if (chunk < 1) chunk = 1;
  for (int64_t i = 0; i < m; i += chunk) {
    const int64_t rows = m - i < chunk ? m - i : chunk;
    T* row = c + i * cRow;
    if (bias)
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t j = 0; j < n; ++j) row[r * cRow + j] += bias[j];
    if (activation) activate(activation, row, rows * n, rest);
  }
}

}  // namespace
}  // namespace CREDENCE_ISA

namespace cpu {

void CREDENCE_NAMED(productF32)(const Product& p, uint8_t* scratch) { product<float>(p, scratch); }
void CREDENCE_NAMED(productF64)(const Product& p, uint8_t* scratch) { product<double>(p, scratch); }

void CREDENCE_NAMED(finishF32)(float* c, int64_t m, int64_t n, int64_t cRow, const float* bias, StepFunction activation, uint8_t* scratch) {
  finish(c, m, n, cRow, bias, activation, scratch);
}
void CREDENCE_NAMED(finishF64)(double* c, int64_t m, int64_t n, int64_t cRow, const double* bias, StepFunction activation, uint8_t* scratch) {
  finish(c, m, n, cRow, bias, activation, scratch);
}

}  // namespace cpu
}  // namespace credence
