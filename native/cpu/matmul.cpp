// Matrix products by blocks, after Goto and van de Geijn (2008): a block of A stays in L2, a panel of B of two registers by
// kBlock in L1, and a tile of C in registers runs over k. Every element is summed over k in the same order whatever the
// rows around it, so sharing rows among threads never changes bits. Compiled once per instruction set.
#include <credence/elementwise.hpp>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "lanes.hpp"
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
constexpr int64_t rowBlock = 24 * tileRowsMax;
static_assert((rowBlock * 8 + 2 * vectorBytes) * kBlock + 1024 * vectorBytes / 2 <= productScratchBytes);  // see turnedProduct

template <class T>
constexpr int lanes = nativeLanes<T>;

// ---- the first `count` lanes of a vector, count <= lanes ------------------------------------------------------------

#if defined(__AVX512F__)
constexpr bool partialVectorsAreFast = true;
CREDENCE_HD NativeVec<float> loadFirst(const float* from, int64_t count) {
  return NativeVec<float>(_mm512_maskz_loadu_ps(__mmask16((1u << count) - 1), from));
}
CREDENCE_HD NativeVec<double> loadFirst(const double* from, int64_t count) {
  return NativeVec<double>(_mm512_maskz_loadu_pd(__mmask8((1u << count) - 1), from));
}
CREDENCE_HD void storeFirst(float* to, NativeVec<float> value, int64_t count) {
  _mm512_mask_storeu_ps(to, __mmask16((1u << count) - 1), __m512(value));
}
CREDENCE_HD void storeFirst(double* to, NativeVec<double> value, int64_t count) {
  _mm512_mask_storeu_pd(to, __mmask8((1u << count) - 1), __m512d(value));
}
#else
constexpr bool partialVectorsAreFast = false;
template <class T>
CREDENCE_HD NativeVec<T> loadFirst(const T* from, int64_t count) {
  T lane[lanes<T>] = {};
  for (int64_t i = 0; i < count; ++i) lane[i] = from[i];
  return load<NativeVec<T>>(lane);
}
template <class T>
CREDENCE_HD void storeFirst(T* to, NativeVec<T> value, int64_t count) {
  T lane[lanes<T>];
  store(lane, value);
  for (int64_t i = 0; i < count; ++i) to[i] = lane[i];
}
#endif

// ---- a tile of C in registers ---------------------------------------------------------------------------------------

/// A panel of A: element (i, p) at a[i * row + p * col], packed or where it lies. It and Target are handed on by reference: a copy would
/// read back by vectors what was just written by numbers, and wait for it.
template <class T>
struct Left {
  const T* a;
  int64_t row, col;
};

/// A tile of C, and what its sums start from: C itself, a bias (its row stride is 0), or nothing (null).
template <class T>
struct Target {
  T* c;
  int64_t row;
  const T* start;
  int64_t startRow;
  int64_t columns;  // of the last vector
  bool rectify;     // C = max(sums, 0)
};

// c[rows, vectors * lanes] = start + left[rows, k] right[k, vectors * lanes], rows of `right` bRow apart. In a `whole` tile the
// last vector has all its columns.
template <class T, int rows, int vectors, bool whole>
void registerTile(int64_t k, const Left<T>& left, const T* right, int64_t bRow, const Target<T>& target) {
  using V = NativeVec<T>;
  constexpr int groups = (rows + 3) / 4;  // few pointers: the row within a group is an addressing mode
  V sums[rows][vectors];
#pragma GCC unroll 24
  for (int i = 0; i < rows; ++i) {
    const T* from = target.start + i * target.startRow;
#pragma GCC unroll 4
    for (int j = 0; j < vectors; ++j) {
      if (!target.start) sums[i][j] = V{};
      else if (whole || j < vectors - 1) sums[i][j] = load<V>(from + j * lanes<T>);
      else sums[i][j] = loadFirst(from + j * lanes<T>, target.columns);
    }
  }
  // C comes from memory while the sums are taken.
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < vectors; ++j) __builtin_prefetch(target.c + i * target.row + j * lanes<T>, 1);
  const T* group[groups];
  for (int g = 0; g < groups; ++g) group[g] = left.a + 4 * g * left.row;
  const int64_t row = left.row, row3 = 3 * left.row;
  for (int64_t p = 0; p < k; ++p, right += bRow) {
    V b[vectors];
#pragma GCC unroll 4
    for (int j = 0; j < vectors; ++j) {
      if (whole || !partialVectorsAreFast || j < vectors - 1) b[j] = load<V>(right + j * lanes<T>);
      else b[j] = loadFirst(right + j * lanes<T>, target.columns);
    }
#pragma GCC unroll 24
    for (int i = 0; i < rows; ++i) {
      const T element = group[i / 4][i % 4 == 3 ? row3 : i % 4 * row];
#pragma GCC unroll 4
      for (int j = 0; j < vectors; ++j) sums[i][j] += element * b[j];
    }
    for (int g = 0; g < groups; ++g) group[g] += left.col;
  }
  if (target.rectify) {
#pragma GCC unroll 24
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
      for (int j = 0; j < vectors; ++j) sums[i][j] = Relu::apply(sums[i][j]);
  }
  T* to = target.c;
#pragma GCC unroll 24
  for (int i = 0; i < rows; ++i, to += target.row) {
#pragma GCC unroll 4
    for (int j = 0; j < vectors; ++j) {
      if (whole || j < vectors - 1) store(to + j * lanes<T>, sums[i][j]);
      else storeFirst(to + j * lanes<T>, sums[i][j], target.columns);
    }
  }
}

template <class T, int rows, int vectors>
void anyTile(int64_t k, const Left<T>& left, const T* right, int64_t bRow, const Target<T>& target) {
  if (target.columns == lanes<T>) registerTile<T, rows, vectors, true>(k, left, right, bRow, target);
  else registerTile<T, rows, vectors, false>(k, left, right, bRow, target);
}

/// The height of the register tile for the next of m rows: even where it can be, and so that no low tile is left over, which would
/// wait for its own sums.
constexpr int tileRowsFor(int64_t m) {
  if (m >= 2 * tileRowsMax) return tileRowsMax;
  if (m > tileRowsMax) return int(m + 3) / 4 * 2;
  return m < 2 ? 1 : int(m) / 2 * 2;
}

template <class T, int vectors, int height = tileRowsMax>
void tileOf(int64_t rows, int64_t k, const Left<T>& left, const T* right, int64_t bRow, const Target<T>& target) {
  if constexpr (height > 2) {
    if (rows < height) return tileOf<T, vectors, height - 2>(rows, k, left, right, bRow, target);
  }
  if (rows == 1) anyTile<T, 1, vectors>(k, left, right, bRow, target);
  else anyTile<T, height, vectors>(k, left, right, bRow, target);
}

// ---- blocks ---------------------------------------------------------------------------------------------------------

// to[p * toStride + i] = from[i * fromStride + p] for i < rows, p < columns: 4 by 4 in registers.
template <class T>
void transpose(T* to, int64_t toStride, const T* from, int64_t fromStride, int64_t rows, int64_t columns) {
  using Q = Vec<T, 4>;
  const int64_t rows4 = rows / 4 * 4, columns4 = columns / 4 * 4;
  for (int64_t i = 0; i < rows4; i += 4)
    for (int64_t p = 0; p < columns4; p += 4) {
      const T* x = from + i * fromStride + p;
      T* y = to + p * toStride + i;
      const Q a = load<Q>(x), b = load<Q>(x + fromStride), c = load<Q>(x + 2 * fromStride), d = load<Q>(x + 3 * fromStride);
      const Q ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
      const Q ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7), cd2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
      store<Q>(y, __builtin_shufflevector(ab, cd, 0, 1, 4, 5));
      store<Q>(y + toStride, __builtin_shufflevector(ab, cd, 2, 3, 6, 7));
      store<Q>(y + 2 * toStride, __builtin_shufflevector(ab2, cd2, 0, 1, 4, 5));
      store<Q>(y + 3 * toStride, __builtin_shufflevector(ab2, cd2, 2, 3, 6, 7));
    }
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t p = i < rows4 ? columns4 : 0; p < columns; ++p) to[p * toStride + i] = from[i * fromStride + p];
}

// to[k, rows] from k runs of `rows` numbers, col apart; a run of known length is a few registers.
template <class T, int known>
void copyRuns(T* to, const T* from, int64_t col, int64_t rows, int64_t k) {
  for (int64_t p = 0; p < k; ++p, to += rows, from += col) memcpy(to, from, size_t(known > 0 ? known : rows) * sizeof(T));
}

// to[k, rows]: element (i, p) of A at p * rows + i.
template <class T>
void packRows(T* to, Left<T> a, int64_t rows, int64_t k) {
  if (a.col == 1) return transpose(to, rows, a.a, a.row, rows, k);
  if (a.row == 1 && rows == tileRowsMax) return copyRuns<T, tileRowsMax>(to, a.a, a.col, rows, k);
  if (a.row == 1) return copyRuns<T, 0>(to, a.a, a.col, rows, k);
  for (int64_t p = 0; p < k; ++p)
    for (int64_t i = 0; i < rows; ++i) to[p * rows + i] = a.a[i * a.row + p * a.col];
}

// to[k, width]: element (p, j) of B at p * width + j, columns past n are zero. width is one or two registers.
template <class T>
void packColumns(T* to, const T* b, int64_t row, int64_t col, int64_t k, int64_t n, int64_t width) {
  using V = NativeVec<T>;
  const int64_t last = n - (width - lanes<T>);  // columns of the last register
  if (col == 1) {
    for (int64_t p = 0; p < k; ++p, to += width, b += row) {
      if (width > lanes<T>) store(to, load<V>(b));
      store(to + width - lanes<T>, last == lanes<T> ? load<V>(b + width - lanes<T>) : loadFirst(b + width - lanes<T>, last));
    }
    return;
  }
  if (row == 1) {
    transpose(to, width, b, col, n, k);
  } else {
    for (int64_t p = 0; p < k; ++p)
      for (int64_t j = 0; j < n; ++j) to[p * width + j] = b[p * row + j * col];
  }
  for (int64_t p = 0; p < k; ++p)
    for (int64_t j = n; j < width; ++j) to[p * width + j] = T(0);
}

// Asks for rows of A that the next tile will read.
template <class T>
CREDENCE_HD void ask(const T* a, int64_t rows, int64_t row, int64_t k) {
  constexpr int64_t line = 64 / int64_t(sizeof(T));
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t p = 0; p < k; p += line) __builtin_prefetch(a + i * row + p);
}

// m <= rowBlock rows of C, k <= kBlock terms of the sum.
template <class T>
void blockProduct(int64_t m, int64_t n, int64_t k, Left<T> a, const T* b, int64_t bRow, int64_t bCol, const Target<T>& target, T* scratch) {
  constexpr int64_t panel = 2 * lanes<T>;
  T* packedB = scratch;
  T* packedA = scratch + panel * kBlock;
  // A is read once per panel of B: copied where that pays, sooner where its rows lie far apart in memory.
  const bool packs = n > (a.col > 1 ? 3 : 16) * panel;
  if (packs)
    for (int64_t i = 0, rows; i < m; i += rows) {
      rows = tileRowsFor(m - i);
      packRows(packedA + i * kBlock, {a.a + i * a.row, a.row, a.col}, rows, k);
    }
  for (int64_t j = 0; j < n; j += panel) {
    const int64_t columns = n - j < panel ? n - j : panel;
    const int64_t width = columns > lanes<T> ? panel : lanes<T>;
    const T* right = b + j * bCol;
    int64_t step = bRow;
    // B is read once per tile of rows: where it lies if its rows do and stay in L1.
    const bool far = m > 5 * tileRowsMax && k * bRow * int64_t(sizeof(T)) > 192 << 10;
    if (bCol != 1 || far || (columns < width && !partialVectorsAreFast)) {
      packColumns(packedB, right, bRow, bCol, k, columns, width);
      right = packedB;
      step = width;
    }
    for (int64_t i = 0, rows; i < m; i += rows) {
      rows = tileRowsFor(m - i);
      if (j == 0 && !packs && a.col == 1 && i + rows < m) ask(a.a + (i + rows) * a.row, rows, a.row, k);
      const Left<T> left = packs ? Left<T>{packedA + i * kBlock, 1, rows} : Left<T>{a.a + i * a.row, a.row, a.col};
      const Target<T> tile{target.c + i * target.row + j, target.row, target.start ? target.start + i * target.startRow + j : nullptr,
                           target.startRow, columns - (width - lanes<T>), target.rectify};
      if (width == panel) tileOf<T, 2>(rows, k, left, right, step, tile);
      else tileOf<T, 1>(rows, k, left, right, step, tile);
    }
  }
}

// ---- the activation -------------------------------------------------------------------------------------------------

// In place on x[0, n): whole granules where they lie, the rest in the scratch.
template <class T>
void activate(StepFunction activation, T* x, int64_t n, T* rest) {
  const int64_t whole = n / granule * granule;
  if (whole > 0) activation(x, x, x, x, whole);
  if (whole == n) return;
  for (int64_t i = 0; i < granule; ++i) rest[i] = whole + i < n ? x[whole + i] : T(0);
  activation(rest, rest, rest, rest, granule);
  for (int64_t i = whole; i < n; ++i) x[i] = rest[i - whole];
}

template <class T>
void activateRows(const Product& p, T* c, int64_t rows, T* rest) {
  if (p.cRow == p.n) return activate(p.activation, c, rows * p.n, rest);
  for (int64_t i = 0; i < rows; ++i) activate(p.activation, c + i * p.cRow, p.n, rest);
}

template <class T>
void matrixProduct(const Product& p, const T* a, const T* b, T* c, T* scratch) {
  for (int64_t i = 0; i < p.m; i += rowBlock) {
    const int64_t m = p.m - i < rowBlock ? p.m - i : rowBlock;
    T* to = c + i * p.cRow;
    for (int64_t k0 = 0; k0 < p.k; k0 += kBlock) {
      const int64_t k = p.k - k0 < kBlock ? p.k - k0 : kBlock;
      const bool goesOn = p.accumulate || k0 > 0;
      const T* start = goesOn ? to : static_cast<const T*>(p.bias);
      blockProduct<T>(m, p.n, k, {a + i * p.aRow + k0 * p.aCol, p.aRow, p.aCol}, b + k0 * p.bRow, p.bRow, p.bCol,
                      {to, p.cRow, start, goesOn ? p.cRow : 0, 0, p.rectify && k0 + k == p.k}, scratch);
    }
    if (p.activation) activateRows(p, to, m, scratch);
  }
}

// ---- few columns ----------------------------------------------------------------------------------------------------

/// Of so few columns a register tile would fill half a vector at most.
template <class T>
constexpr int64_t fewColumns = lanes<T> / 2 > 1 ? lanes<T> / 2 : 1;

#if defined(__AVX512F__)
constexpr int dotColumns = 4;  // 16 sums of 32 registers
#else
constexpr int dotColumns = 2;  // 8 of 16
#endif

// sums[r, s] = a[r * row, k contiguous] . b[s * bRow, k contiguous] for some rows and columns at once
template <class T, int rows, int columns>
void dotTile(int64_t k, const T* a, int64_t row, const T* b, int64_t bRow, T* sums) {
  using V = NativeVec<T>;
  V lane[rows][columns];
  for (auto& of : lane)
    for (V& sum : of) sum = V{};
  const auto add = [&](auto&& read, int64_t p) {
    V right[columns];
    for (int s = 0; s < columns; ++s) right[s] = read(b + s * bRow + p);
    for (int r = 0; r < rows; ++r) {
      const V left = read(a + r * row + p);
      for (int s = 0; s < columns; ++s) lane[r][s] += left * right[s];
    }
  };
  int64_t p = 0;
  for (; p + lanes<T> <= k; p += lanes<T>) add([](const T* from) { return load<V>(from); }, p);
  if (p < k) add([&](const T* from) { return loadFirst(from, k - p); }, p);
  for (int r = 0; r < rows; ++r)
    for (int s = 0; s < columns; ++s) sums[r * columns + s] = acrossLanes<Add>(lane[r][s]);
}

// C[i, j] for rows of A and columns of B that lie along k, `rows` and `columns` of them at a time; what is left of C by smaller tiles.
template <class T, int rows, int columns>
void dotProducts(const Product& p, int64_t k, const T* a, const T* b, int64_t bRow, bool goesOn, const T* bias, T* c) {
  int64_t i = 0;
  for (; i + rows <= p.m; i += rows)
    for (int64_t j = 0; j < p.n; j += columns) {
      T sums[rows * columns];
      int64_t count = columns;
      if (j + columns <= p.n) dotTile<T, rows, columns>(k, a + i * p.aRow, p.aRow, b + j * bRow, bRow, sums);
      else {
        count = p.n - j;
        for (int64_t s = 0; s < count; ++s) {
          T column[rows];
          dotTile<T, rows, 1>(k, a + i * p.aRow, p.aRow, b + (j + s) * bRow, bRow, column);
          for (int r = 0; r < rows; ++r) sums[r * columns + s] = column[r];
        }
      }
      for (int r = 0; r < rows; ++r)
        for (int64_t s = 0; s < count; ++s) {
          T& to = c[(i + r) * p.cRow + j + s];
          const T sum = sums[r * columns + s];
          to = goesOn ? sum + to : sum;
          if (bias) to += bias[j + s];
        }
    }
  if constexpr (rows > 1)
    if (i < p.m) {
      Product rest = p;
      rest.m = p.m - i;
      dotProducts<T, 1, columns>(rest, k, a + i * p.aRow, b, bRow, goesOn, bias, c + i * p.cRow);
    }
}

// Where A is stored by columns: (B^T A^T)^T, whose rows are long.
template <class T>
void turnedProduct(const Product& p, const T* a, const T* b, T* c, T* scratch) {
  constexpr int64_t chunk = 1024;
  const T* bias = static_cast<const T*>(p.bias);
  for (int64_t i = 0; i < p.m; i += chunk) {
    Product turned = p;
    turned.m = p.n, turned.n = p.m - i < chunk ? p.m - i : chunk;
    turned.aRow = p.bCol, turned.aCol = p.bRow, turned.bRow = p.aCol, turned.bCol = p.aRow;
    turned.cRow = chunk;
    turned.accumulate = false, turned.bias = nullptr, turned.rectify = false, turned.activation = nullptr;
    matrixProduct(turned, b, a + i * p.aRow, scratch, scratch + p.n * chunk);
    for (int64_t r = 0; r < turned.n; ++r)
      for (int64_t j = 0; j < p.n; ++j) {
        T& to = c[(i + r) * p.cRow + j];
        const T sum = scratch[j * chunk + r];
        to = (p.accumulate ? sum + to : sum) + (bias ? bias[j] : T(0));
      }
  }
}

template <class T>
void narrowProduct(const Product& p, const T* a, const T* b, T* c, T* scratch) {
  if (p.aCol != 1) return turnedProduct(p, a, b, c, scratch);
  constexpr int64_t chunk = 1024;
  for (int64_t k0 = 0; k0 < p.k; k0 += chunk) {
    const int64_t k = p.k - k0 < chunk ? p.k - k0 : chunk;
    for (int64_t j = 0; j < p.n; ++j)
      for (int64_t q = 0; q < k; ++q) scratch[j * chunk + q] = b[(k0 + q) * p.bRow + j * p.bCol];
    const T* bias = k0 + k == p.k ? static_cast<const T*>(p.bias) : nullptr;
    const bool goesOn = p.accumulate || k0 > 0;
    if (p.n == 1) dotProducts<T, 4, 1>(p, k, a + k0, scratch, chunk, goesOn, bias, c);
    else if (p.n % dotColumns == 0) dotProducts<T, 4, dotColumns>(p, k, a + k0, scratch, chunk, goesOn, bias, c);
    else dotProducts<T, 4, 2>(p, k, a + k0, scratch, chunk, goesOn, bias, c);
  }
}

template <class T>
void product(const Product& p, uint8_t* bytes) {
  const T* a = static_cast<const T*>(p.a);
  const T* b = static_cast<const T*>(p.b);
  T* c = static_cast<T*>(p.c);
  T* scratch = reinterpret_cast<T*>(bytes);
  if (p.k == 0 && !p.accumulate)
    for (int64_t i = 0; i < p.m; ++i)
      for (int64_t j = 0; j < p.n; ++j) {
        const T start = p.bias ? static_cast<const T*>(p.bias)[j] : T(0);
        c[i * p.cRow + j] = p.rectify ? Relu::apply(start) : start;
      }
  if (p.n > fewColumns<T>) return matrixProduct(p, a, b, c, scratch);
  if (p.k > 0) narrowProduct(p, a, b, c, scratch);
  if (p.rectify)
    for (int64_t i = 0; i < p.m; ++i)
      for (int64_t j = 0; j < p.n; ++j) c[i * p.cRow + j] = Relu::apply(c[i * p.cRow + j]);
  if (p.activation) activateRows(p, c, p.m, scratch);
}

}  // namespace
}  // namespace CREDENCE_ISA

namespace cpu {

void CREDENCE_NAMED(productF32)(const Product& p, uint8_t* scratch) { product<float>(p, scratch); }
void CREDENCE_NAMED(productF64)(const Product& p, uint8_t* scratch) { product<double>(p, scratch); }

}  // namespace cpu
}  // namespace credence
