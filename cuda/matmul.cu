// C[b,m,n] (+)= sum_k A[b,m,k] B[b,k,n], then bias and activation: tiles of A and B in shared memory, a square of results in
// the registers of each thread.
#include "kernels.hpp"
#include "launch.hpp"
#include "step.cuh"

namespace credence::cuda {
namespace {

constexpr int tile = 64;   // rows and columns of C that a block computes
constexpr int depth = 16;  // of k, at a time
constexpr int side = 4;    // of the square of C that a thread computes
constexpr int threads = (tile / side) * (tile / side);

// A unary step by its code, on one value.
template <class T>
CREDENCE_HD_CALL T activate(uint32_t code, T x) {
  Step step{code, isSingle<T> ? Type::f32 : Type::f64, 0, 0, 0, 0};
  Registers registers;
  registers.set(0, x);
  runStep(step, registers, nullptr);
  return registers.get<T>(0);
}

// Copies rows [row, row + tile) x columns [col, col + depth) of a matrix to `shared`, which holds element (r, c) at
// c * (tile + 1) + r (the padding keeps its banks apart); zero outside the matrix. Threads go along the contiguous side.
template <class T>
__device__ void loadTile(T* shared, const T* matrix, int64_t rowStride, int64_t colStride, int64_t row, int64_t col, int64_t rows, int64_t cols) {
  for (int i = int(threadIdx.x); i < tile * depth; i += threads) {
    const int r = colStride == 1 ? i / depth : i % tile, c = colStride == 1 ? i % depth : i / tile;
    const bool inside = row + r < rows && col + c < cols;
    shared[c * (tile + 1) + r] = inside ? matrix[(row + r) * rowStride + (col + c) * colStride] : T(0);
  }
}

template <class T>
__global__ void matmulKernel(MatmulProgram p) {
  T* const aTile = sharedArray<T>();
  T* const bTile = aTile + depth * (tile + 1);
  const int64_t row = int64_t(blockIdx.x) * tile, col = int64_t(blockIdx.y) * tile;
  const int r0 = int(threadIdx.x) / (tile / side) * side, c0 = int(threadIdx.x) % (tile / side) * side;
  for (int64_t batch = blockIdx.z; batch < p.batch; batch += gridDim.z) {
    const T* a = static_cast<const T*>(p.a.data) + batch * p.a.batchStride;
    const T* b = static_cast<const T*>(p.b.data) + batch * p.b.batchStride;
    T* c = static_cast<T*>(p.c.data) + batch * p.c.batchStride;
    T sums[side][side] = {};
    for (int64_t k = 0; k < p.k; k += depth) {
      loadTile(aTile, a, p.a.rowStride, p.a.colStride, row, k, p.m, p.k);
      loadTile(bTile, b, p.b.colStride, p.b.rowStride, col, k, p.n, p.k);  // B transposed: its columns are the rows
      __syncthreads();
      for (int d = 0; d < depth; ++d) {
        T left[side], right[side];
        for (int i = 0; i < side; ++i) left[i] = aTile[d * (tile + 1) + r0 + i];
        for (int j = 0; j < side; ++j) right[j] = bTile[d * (tile + 1) + c0 + j];
        for (int i = 0; i < side; ++i)
          for (int j = 0; j < side; ++j) sums[i][j] += left[i] * right[j];
      }
      __syncthreads();
    }
    for (int i = 0; i < side; ++i)
      for (int j = 0; j < side; ++j) {
        const int64_t m = row + r0 + i, n = col + c0 + j;
        if (m >= p.m || n >= p.n) continue;
        T value = sums[i][j];
        T& to = c[m * p.c.rowStride + n * p.c.colStride];
        if (p.accumulate) value += to;
        if (p.bias) value += static_cast<const T*>(p.bias)[n];
        to = p.activation ? activate(p.activation, value) : value;
      }
  }
}

template <class T>
void launchTyped(const MatmulProgram& p, cudaStream_t stream) {
  const auto tiles = [](int64_t n) { return unsigned((n + tile - 1) / tile); };
  const dim3 grid(tiles(p.m), tiles(p.n), unsigned(p.batch < 65535 ? p.batch : 65535));
  launch("matmul", matmulKernel<T>, grid, threads, 2 * depth * (tile + 1) * sizeof(T), stream, p);
}

}  // namespace

void launchMatmul(const MatmulProgram& program, cudaStream_t stream) {
  if (program.batch == 0 || program.m == 0 || program.n == 0) return;
  if (program.type == Type::f32) launchTyped<float>(program, stream);
  else launchTyped<double>(program, stream);
}

}  // namespace credence::cuda
