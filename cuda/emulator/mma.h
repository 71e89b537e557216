// What tensor_core.cu uses of nvcuda::wmma. Every lane holds whole fragments and computes whole products; a lane stores its share.
#pragma once

#include <cuda_runtime.h>

namespace nvcuda::wmma {

struct matrix_a {};
struct matrix_b {};
struct accumulator {};
struct row_major {};
enum layout_t { mem_row_major };
namespace precision {
struct tf32 {};
}  // namespace precision

template <class Use, int m, int n, int k>
struct Extent {
  static constexpr int rows = m, cols = n;
};
template <int m, int n, int k>
struct Extent<matrix_a, m, n, k> {
  static constexpr int rows = m, cols = k;
};
template <int m, int n, int k>
struct Extent<matrix_b, m, n, k> {
  static constexpr int rows = k, cols = n;
};

template <class Use, int m, int n, int k, class T, class Layout = void>
struct fragment {
  static constexpr int rows = Extent<Use, m, n, k>::rows, cols = Extent<Use, m, n, k>::cols;
  float x[rows][cols];
};

/// To the nearest of 10 bits of fraction, ties away from zero, as cvt.rna.tf32.f32 does.
inline float __float_to_tf32(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, 4);
  if ((bits & 0x7f800000u) != 0x7f800000u) bits = (bits + 0x1000u) & ~0x1fffu;
  std::memcpy(&value, &bits, 4);
  return value;
}

template <class Fragment>
void fill_fragment(Fragment& to, float value) {
  for (auto& row : to.x)
    for (float& element : row) element = value;
}

template <class Fragment>
void load_matrix_sync(Fragment& to, const float* from, unsigned pitch) {
  __syncwarp();
  for (int r = 0; r < Fragment::rows; ++r)
    for (int c = 0; c < Fragment::cols; ++c) to.x[r][c] = from[unsigned(r) * pitch + unsigned(c)];
}

template <class Sum, class Left, class Right>
void mma_sync(Sum& to, const Left& a, const Right& b, const Sum& c) {
  __syncwarp();
  for (int i = 0; i < Sum::rows; ++i)
    for (int j = 0; j < Sum::cols; ++j) {
      float sum = c.x[i][j];
      for (int k = 0; k < Left::cols; ++k) sum += a.x[i][k] * b.x[k][j];
      to.x[i][j] = sum;
    }
}

template <class Fragment>
void store_matrix_sync(float* to, const Fragment& from, unsigned pitch, layout_t) {
  __syncwarp();
  for (int i = credence::emulator::lane(); i < Fragment::rows * Fragment::cols; i += 32) {
    const int r = i / Fragment::cols, c = i % Fragment::cols;
    to[unsigned(r) * pitch + unsigned(c)] = from.x[r][c];
  }
}

}  // namespace nvcuda::wmma
