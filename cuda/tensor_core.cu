// Products of f32 on tensor cores: the factors rounded to TF32 (10 bits of fraction), the sums kept in f32. Only for programs
// that were compiled for it (see README.md): a result's relative error is about 2^-10 instead of 2^-23.
#include <mma.h>

#include <algorithm>

#include "epilogue.cuh"
#include "kernels.hpp"
#include "launch.hpp"

namespace credence::cuda {
namespace {

namespace wmma = nvcuda::wmma;

constexpr int tile = 64, depth = 32;       // of C a block computes, and of k at a time
constexpr int side = 16, step = 8;         // of one fragment
constexpr int warpTile = 32;               // of C a warp computes: two fragments by two
constexpr int perSide = warpTile / side;
constexpr int warpsAcross = tile / warpTile, threads = 32 * warpsAcross * warpsAcross;
constexpr int aPitch = depth + 4, bPitch = tile + 4, cPitch = tile + 4;  // floats, a multiple of 16 bytes
constexpr int aElements = tile * aPitch, bElements = depth * bPitch;
constexpr std::size_t sharedBytes = sizeof(float) * std::max(aElements + bElements, tile * cPitch);

// Copies a tile of `rows` x `cols` to shared memory, row by row, rounded to TF32; zero outside the matrix.
template <int rows, int cols, int pitch>
__device__ void loadTile(float* shared, const float* matrix, int64_t rowStride, int64_t colStride, int64_t row, int64_t col, int64_t rowEnd,
                         int64_t colEnd) {
  for (int i = int(threadIdx.x); i < rows * cols; i += threads) {
    const int r = colStride == 1 ? i / cols : i % rows, c = colStride == 1 ? i % cols : i / rows;
    const bool inside = row + r < rowEnd && col + c < colEnd;
    shared[r * pitch + c] = inside ? wmma::__float_to_tf32(matrix[(row + r) * rowStride + (col + c) * colStride]) : 0.0f;
  }
}

__global__ void __launch_bounds__(threads) tensorCoreKernel(MatmulProgram p, uint8_t* const* slots) {
  float* const aTile = sharedArray<float>();
  float* const bTile = aTile + aElements;
  float* const cTile = aTile;  // once A and B are done with
  const int warp = int(threadIdx.x) / 32, warpRow = warp / warpsAcross * warpTile, warpCol = warp % warpsAcross * warpTile;
  const int64_t tilesAcross = (p.n + tile - 1) / tile, row = blockIdx.x / tilesAcross * tile, col = blockIdx.x % tilesAcross * tile;
  for (int64_t batch = blockIdx.z; batch < p.batch; batch += gridDim.z) {
    const float* a = reinterpret_cast<const float*>(addressOf(p.a.place, slots)) + batch * p.a.batchStride;
    const float* b = reinterpret_cast<const float*>(addressOf(p.b.place, slots)) + batch * p.b.batchStride;
    wmma::fragment<wmma::accumulator, side, side, step, float> sums[perSide][perSide];
    for (auto& across : sums)
      for (auto& sum : across) wmma::fill_fragment(sum, 0.0f);
    for (int64_t k = 0; k < p.k; k += depth) {
      loadTile<tile, depth, aPitch>(aTile, a, p.a.rowStride, p.a.colStride, row, k, p.m, p.k);
      loadTile<depth, tile, bPitch>(bTile, b, p.b.rowStride, p.b.colStride, k, col, p.k, p.n);
      __syncthreads();
      for (int d = 0; d < depth; d += step) {
        wmma::fragment<wmma::matrix_a, side, side, step, wmma::precision::tf32, wmma::row_major> left[perSide];
        wmma::fragment<wmma::matrix_b, side, side, step, wmma::precision::tf32, wmma::row_major> right[perSide];
        for (int i = 0; i < perSide; ++i) {
          wmma::load_matrix_sync(left[i], aTile + (warpRow + i * side) * aPitch + d, aPitch);
          wmma::load_matrix_sync(right[i], bTile + d * bPitch + warpCol + i * side, bPitch);
        }
        for (int i = 0; i < perSide; ++i)
          for (int j = 0; j < perSide; ++j) wmma::mma_sync(sums[i][j], left[i], right[j], sums[i][j]);
      }
      __syncthreads();
    }
    for (int i = 0; i < perSide; ++i)
      for (int j = 0; j < perSide; ++j)
        wmma::store_matrix_sync(cTile + (warpRow + i * side) * cPitch + warpCol + j * side, sums[i][j], cPitch, wmma::mem_row_major);
    __syncthreads();
    const Epilogue<float> epilogue(p, slots, batch);
    for (int i = int(threadIdx.x); i < tile * tile; i += threads) {
      const int64_t m = row + i / tile, n = col + i % tile;
      if (m < p.m && n < p.n) epilogue.store(m, n, cTile[i / tile * cPitch + i % tile]);
    }
    __syncthreads();  // before the next matrix of the batch overwrites the tile
  }
}

}  // namespace

void launchTensorCoreMatmul(const MatmulProgram& program, const RunMemory& memory, Recorder& recorder) {
  const auto tiles = [](int64_t extent) { return (extent + tile - 1) / tile; };
  const dim3 grid(unsigned(tiles(program.m) * tiles(program.n)), 1, unsigned(std::min<int64_t>(program.batch, 65535)));
  launch(recorder, "matmul on tensor cores", tensorCoreKernel, grid, threads, sharedBytes, program, memory.slots);
}

}  // namespace credence::cuda
