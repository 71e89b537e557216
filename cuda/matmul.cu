// C[b,m,n] (+)= sum_k A[b,m,k] B[b,k,n], then bias and activation. Tiles of A and B pass through shared memory, two at a time
// so that the next is on its way while one is used; each thread keeps a small rectangle of C in registers. Long sums of few
// results are split among blocks, and added up in the order of their parts. Products of f32 are exact f32 arithmetic; tensor
// cores, which round the factors to TF32, are used where the program was compiled for them.
#include <algorithm>

#include "epilogue.cuh"
#include "kernels.hpp"
#include "launch.hpp"

namespace credence::cuda {
namespace {

// A block computes rows x cols of C, depth of k at a time; a thread height x width of it.
template <class Element, int rowsOf, int colsOf, int depthOf, int heightOf, int widthOf>
struct Tile {
  using T = Element;
  static constexpr int rows = rowsOf, cols = colsOf, depth = depthOf, height = heightOf, width = widthOf;
  static constexpr int threadsAcross = cols / width, threads = rows / height * threadsAcross;
  static constexpr int pack = 16 / int(sizeof(T)) < height ? 16 / int(sizeof(T)) : height;  // elements of one shared load
  static constexpr int aPitch = rows + pack, bPitch = cols + pack;  // whole packs, and banks apart
  static constexpr int stageElements = depth * (aPitch + bPitch);
  static constexpr int sharedBytes = 2 * stageElements * int(sizeof(T));
  static_assert(sharedBytes <= 48 << 10 && height % pack == 0 && width % pack == 0);
  static_assert(rows * depth % threads == 0 && cols * depth % threads == 0);
};

template <class T>
struct Sizes;
template <>
struct Sizes<float> {
  using Large = Tile<float, 128, 128, 16, 8, 8>;
  using Medium = Tile<float, 64, 64, 16, 4, 4>;
  using Small = Tile<float, 32, 32, 32, 2, 2>;
};
template <>
struct Sizes<double> {
  using Large = Tile<double, 64, 64, 16, 4, 4>;
  using Medium = Large;
  using Small = Tile<double, 32, 32, 16, 2, 2>;
};

template <class T, int count>
struct alignas(sizeof(T) * count) Pack {
  T values[count];
};

// One operand's tile on its way from memory, through registers, to shared memory: `rows` x depth, element (r, d) at
// d * pitch + r; zero outside the matrix. Threads go along the matrix's contiguous side, and from element to element of a
// thread only one coordinate moves.
template <class T, int rows, int depth, int pitch, int threads>
struct Loader {
  static_assert(threads % rows == 0 && threads % depth == 0);
  static constexpr int perThread = rows * depth / threads;
  const bool alongDepth;
  const int row, at;               // of this thread's first element
  const int nextRow, nextAt;       // from one to the next
  const int64_t rowStride, depthStride;
  T held[perThread];

  __device__ Loader(int64_t rowStride, int64_t depthStride)
      : alongDepth(depthStride == 1),
        row(int(threadIdx.x) / (alongDepth ? depth : 1) % rows), at(int(threadIdx.x) / (alongDepth ? 1 : rows) % depth),
        nextRow(alongDepth ? threads / depth : 0), nextAt(alongDepth ? 0 : threads / rows), rowStride(rowStride), depthStride(depthStride) {}

  // From the tile that starts at `corner`, with so many rows and so much depth to the end of the matrix.
  __device__ void fetch(const T* corner, int64_t rowsLeft, int64_t depthLeft) {
    const T* const first = corner + row * rowStride + at * depthStride;
    const int64_t step = nextRow * rowStride + nextAt * depthStride;
#pragma unroll
    for (int i = 0; i < perThread; ++i)
      held[i] = row + i * nextRow < rowsLeft && at + i * nextAt < depthLeft ? first[i * step] : T(0);
  }
  __device__ void put(T* shared) const {
    T* const first = shared + at * pitch + row;
#pragma unroll
    for (int i = 0; i < perThread; ++i) first[i * (nextAt * pitch + nextRow)] = held[i];
  }
};

// A thread's rectangle is made of packs that lie `apart`, so that a warp reads neighbouring packs.
template <int extent, int side, int pack>
__device__ int placeInTile(int thread, int i) {
  constexpr int apart = extent / (side / pack);
  return i / pack * apart + thread * pack + i % pack;
}

template <class S>
__device__ void multiplyTile(const typename S::T* aTile, const typename S::T* bTile, int down, int across, typename S::T (&sums)[S::height][S::width]) {
  using T = typename S::T;
  using Packed = Pack<T, S::pack>;
#pragma unroll 4
  for (int d = 0; d < S::depth; ++d) {
    T left[S::height], right[S::width];
#pragma unroll
    for (int i = 0; i < S::height; i += S::pack) {
      const Packed packed = *reinterpret_cast<const Packed*>(aTile + d * S::aPitch + placeInTile<S::rows, S::height, S::pack>(down, i));
#pragma unroll
      for (int j = 0; j < S::pack; ++j) left[i + j] = packed.values[j];
    }
#pragma unroll
    for (int i = 0; i < S::width; i += S::pack) {
      const Packed packed = *reinterpret_cast<const Packed*>(bTile + d * S::bPitch + placeInTile<S::cols, S::width, S::pack>(across, i));
#pragma unroll
      for (int j = 0; j < S::pack; ++j) right[i + j] = packed.values[j];
    }
#pragma unroll
    for (int i = 0; i < S::height; ++i)
#pragma unroll
      for (int j = 0; j < S::width; ++j) sums[i][j] += left[i] * right[j];
  }
}

// Block (part of k, column and row of tiles; batch). With several parts of k, each leaves its sums in `partial`, and the
// last of a tile's blocks adds them up.
template <class S>
__global__ void __launch_bounds__(S::threads)
    matmulKernel(MatmulProgram p, int64_t parts, uint8_t* const* slots, typename S::T* partial, uint32_t* tickets) {
  using T = typename S::T;
  T* const shared = sharedArray<T>();
  const int across = int(threadIdx.x) % S::threadsAcross, down = int(threadIdx.x) / S::threadsAcross;
  const int64_t tilesAcross = (p.n + S::cols - 1) / S::cols, part = blockIdx.x % parts, tileOfMatrix = blockIdx.x / parts;
  const int64_t row = tileOfMatrix / tilesAcross * S::rows, col = tileOfMatrix % tilesAcross * S::cols;
  const int64_t kEach = (p.k + parts - 1) / parts, kFirst = part * kEach, kLast = kFirst + kEach < p.k ? kFirst + kEach : p.k;
  for (int64_t batch = blockIdx.z; batch < p.batch; batch += gridDim.z) {
    const T* a = reinterpret_cast<const T*>(addressOf(p.a.place, slots)) + batch * p.a.batchStride;
    const T* b = reinterpret_cast<const T*>(addressOf(p.b.place, slots)) + batch * p.b.batchStride;
    T sums[S::height][S::width] = {};
    Loader<T, S::rows, S::depth, S::aPitch, S::threads> aLoader(p.a.rowStride, p.a.colStride);
    Loader<T, S::cols, S::depth, S::bPitch, S::threads> bLoader(p.b.colStride, p.b.rowStride);  // B transposed: its columns are the rows
    const auto fetch = [&](int64_t k) {
      aLoader.fetch(a + row * p.a.rowStride + k * p.a.colStride, p.m - row, kLast - k);
      bLoader.fetch(b + col * p.b.colStride + k * p.b.rowStride, p.n - col, kLast - k);
    };
    const auto put = [&](int stage) {
      aLoader.put(shared + stage * S::stageElements);
      bLoader.put(shared + stage * S::stageElements + S::depth * S::aPitch);
    };
    if (kFirst < kLast) fetch(kFirst), put(0);
    __syncthreads();
    int stage = 0;
    for (int64_t k = kFirst; k < kLast; k += S::depth, stage ^= 1) {
      const bool more = k + S::depth < kLast;
      if (more) fetch(k + S::depth);
      const T* tiles = shared + stage * S::stageElements;
      multiplyTile<S>(tiles, tiles + S::depth * S::aPitch, down, across, sums);
      if (more) put(stage ^ 1);  // which nobody reads until the barrier, nor has since the one before
      __syncthreads();
    }

    if (parts > 1) {
      const int64_t tile = batch * (gridDim.x / parts) + tileOfMatrix;
      T* own = partial + (tile * parts + part) * S::rows * S::cols;
#pragma unroll
      for (int i = 0; i < S::height * S::width; ++i) own[i * S::threads + threadIdx.x] = sums[i / S::width][i % S::width];
      if (!lastToArrive(&tickets[tile], uint32_t(parts))) continue;
#pragma unroll
      for (int i = 0; i < S::height * S::width; ++i) {
        T sum = 0;
        for (int64_t other = 0; other < parts; ++other)
          sum += readShared(partial + (tile * parts + other) * S::rows * S::cols + i * S::threads + threadIdx.x);
        sums[i / S::width][i % S::width] = sum;
      }
    }
    const Epilogue<T> epilogue(p, slots, batch);
#pragma unroll
    for (int i = 0; i < S::height; ++i)
#pragma unroll
      for (int j = 0; j < S::width; ++j) {
        const int64_t m = row + placeInTile<S::rows, S::height, S::pack>(down, i), n = col + placeInTile<S::cols, S::width, S::pack>(across, j);
        if (m < p.m && n < p.n) epilogue.store(m, n, sums[i][j]);
      }
  }
}

// ---- which tile, and how many parts -------------------------------------------------------------------------------------

constexpr int64_t blocksWanted = 256;  // about two for each multiprocessor of a large device; the same for every device
constexpr int64_t batchMax = 65535;    // of a grid; blocks stride over what is left

template <class S>
int64_t tilesOf(const MatmulProgram& p) {
  return (p.m + S::rows - 1) / S::rows * ((p.n + S::cols - 1) / S::cols) * p.batch;
}

template <class S>
int64_t partsOf(const MatmulProgram& p) {
  constexpr int64_t stepsOfAPart = 8;
  const int64_t tiles = tilesOf<S>(p);
  if (tiles > ticketsMax || p.batch > batchMax) return 1;
  return std::max<int64_t>(1, std::min(blocksWanted / tiles, p.k / (S::depth * stepsOfAPart)));
}

// Calls f with the tile that suits a shape: the largest that still gives the device enough blocks.
template <class T, class F>
auto withTile(const MatmulProgram& p, F f) {
  using Of = Sizes<T>;
  if (p.m > 64 && p.n > 64 && tilesOf<typename Of::Large>(p) >= blocksWanted / 2) return f(typename Of::Large{});
  if (p.m > 32 && p.n > 32 && tilesOf<typename Of::Medium>(p) * partsOf<typename Of::Medium>(p) >= blocksWanted / 2) return f(typename Of::Medium{});
  return f(typename Of::Small{});
}

template <class F>
auto withTile(const MatmulProgram& p, F f) {
  return p.type == Type::f32 ? withTile<float>(p, f) : withTile<double>(p, f);
}

}  // namespace

int64_t matmulScratchBytes(const MatmulProgram& program) {
  if (program.batch == 0 || program.m == 0 || program.n == 0 || program.tensorCores) return 0;
  return withTile(program, [&](auto tile) {
    using S = decltype(tile);
    const int64_t parts = partsOf<S>(program);
    return parts == 1 ? 0 : tilesOf<S>(program) * parts * S::rows * S::cols * int64_t(sizeof(typename S::T));
  });
}

void launchMatmul(const MatmulProgram& program, const RunMemory& memory, Recorder& recorder) {
  if (program.batch == 0 || program.m == 0 || program.n == 0) return;
  if (program.tensorCores) return launchTensorCoreMatmul(program, memory, recorder);
  withTile(program, [&](auto tile) {
    using S = decltype(tile);
    const int64_t parts = partsOf<S>(program);
    const dim3 grid(unsigned(tilesOf<S>(program) / program.batch * parts), 1, unsigned(std::min(program.batch, batchMax)));
    launch(recorder, "matmul", matmulKernel<S>, grid, S::threads, S::sharedBytes, program, parts, memory.slots,
           reinterpret_cast<typename S::T*>(memory.scratch), memory.tickets);
  });
}

}  // namespace credence::cuda
