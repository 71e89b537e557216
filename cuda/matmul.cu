// C[b,m,n] (+)= sum_k A[b,m,k] B[b,k,n], then bias and activation. Tiles of A and B pass through shared memory, two at a time
// so that the next is on its way while one is used; each thread keeps a small rectangle of C in registers. Long sums of few
// results are split among blocks, and added up in the order of their parts. Products of f32 are exact f32 arithmetic; tensor
// cores, which round the factors to TF32, are used where the program was compiled for them.
#include <algorithm>
#include <type_traits>

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

// One product of a launch that computes several: its blocks, what it leaves in scratch, its tickets.
struct Share {
  MatmulProgram program;
  int64_t parts;       // of k, each a block of its own
  int64_t blocks;      // of work; (batch, tile, part), the last fastest
  uint32_t firstBlock, gridBlocks;
  int64_t scratchBytes;  // from the start
  int64_t firstTicket;
};
constexpr uint32_t sharesMax = 12;
struct Shares {
  uint32_t count;
  Share shares[sharesMax];
};
static_assert(sizeof(Shares) < 4000);  // of a kernel's parameters

// With several parts of k, each leaves its sums in scratch, and the last of a tile's blocks adds them up.
template <class S>
__global__ void __launch_bounds__(S::threads) matmulKernel(const __grid_constant__ Shares shares, uint8_t* const* slots, uint8_t* scratch, uint32_t* tickets) {
  using T = typename S::T;
  uint32_t number = 0;
  while (number + 1 < shares.count && blockIdx.x >= shares.shares[number + 1].firstBlock) ++number;
  const Share& share = shares.shares[number];
  const MatmulProgram& p = share.program;
  T* const shared = sharedArray<T>();
  T* const partial = reinterpret_cast<T*>(scratch + share.scratchBytes);
  const int across = int(threadIdx.x) % S::threadsAcross, down = int(threadIdx.x) / S::threadsAcross;
  const int64_t parts = share.parts, tilesAcross = (p.n + S::cols - 1) / S::cols, tilesDown = (p.m + S::rows - 1) / S::rows;
  for (int64_t block = blockIdx.x - share.firstBlock; block < share.blocks; block += share.gridBlocks) {
    const int64_t part = block % parts, tile = block / parts, batch = tile / (tilesAcross * tilesDown);
    const int64_t row = tile / tilesAcross % tilesDown * S::rows, col = tile % tilesAcross * S::cols;
    const int64_t kEach = (p.k + parts - 1) / parts, kFirst = part * kEach, kLast = kFirst + kEach < p.k ? kFirst + kEach : p.k;
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
      T* own = partial + (tile * parts + part) * S::rows * S::cols;
#pragma unroll
      for (int i = 0; i < S::height * S::width; ++i) own[i * S::threads + threadIdx.x] = sums[i / S::width][i % S::width];
      if (!lastToArrive(&tickets[share.firstTicket + tile], uint32_t(parts))) continue;
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
constexpr int64_t blocksMax = 1 << 30;  // of a share; they stride over what is left

template <class S>
int64_t tilesOf(const MatmulProgram& p) {
  return (p.m + S::rows - 1) / S::rows * ((p.n + S::cols - 1) / S::cols) * p.batch;
}

template <class S>
int64_t partsOf(const MatmulProgram& p) {
  constexpr int64_t stepsOfAPart = 8;
  return std::max<int64_t>(1, std::min(blocksWanted / tilesOf<S>(p), p.k / (S::depth * stepsOfAPart)));
}
static_assert(blocksWanted <= ticketsMax);  // more tiles have one part

template <class S>
int64_t scratchBytesOf(const MatmulProgram& p) {
  const int64_t parts = partsOf<S>(p);
  return parts == 1 ? 0 : tilesOf<S>(p) * parts * S::rows * S::cols * int64_t(sizeof(typename S::T));
}

// Calls f with the tile that suits a shape: the largest that still gives the device enough blocks.
template <class T, class F>
auto withTile(const MatmulProgram& p, F f) {
  using Of = Sizes<T>;
  if (p.m > 64 && p.n > 64 && tilesOf<typename Of::Large>(p) >= blocksWanted / 2) return f(typename Of::Large{});
  if (p.m > 32 && p.n > 32 && tilesOf<typename Of::Medium>(p) * partsOf<typename Of::Medium>(p) >= blocksWanted / 2) return f(typename Of::Medium{});
  return f(typename Of::Small{});
}

// The products of one tile, as many to a launch as its parameters, the scratch and the tickets allow.
template <class S>
class Launches {
 public:
  Launches(const RunMemory& memory, Recorder& recorder) : memory_(memory), recorder_(recorder) {}

  void add(const MatmulProgram& program) {
    const int64_t scratch = scratchBytesOf<S>(program), parts = partsOf<S>(program), blocks = tilesOf<S>(program) * parts;
    const int64_t tickets = parts > 1 ? tilesOf<S>(program) : 0, gridBlocks = std::min(blocks, blocksMax);
    const bool fits = shares_.count < sharesMax && blocks_ + gridBlocks <= blocksMax && scratch_ + scratch <= memory_.scratchBytes &&
                      tickets_ + tickets <= ticketsMax;
    if (!fits) flush();
    shares_.shares[shares_.count++] = {program, parts, blocks, uint32_t(blocks_), uint32_t(gridBlocks), scratch_, tickets_};
    blocks_ += gridBlocks;
    scratch_ += scratch;
    tickets_ += tickets;
  }
  void flush() {
    if (shares_.count == 0) return;
    launch(recorder_, "matmul", matmulKernel<S>, unsigned(blocks_), S::threads, S::sharedBytes, shares_, memory_.slots, memory_.scratch, memory_.tickets);
    shares_.count = 0;
    blocks_ = scratch_ = tickets_ = 0;
  }

 private:
  const RunMemory& memory_;
  Recorder& recorder_;
  Shares shares_ = {};
  int64_t blocks_ = 0, scratch_ = 0, tickets_ = 0;  // of the shares so far
};

template <class T>
class LaunchesOf {
 public:
  LaunchesOf(const RunMemory& memory, Recorder& recorder) : large_(memory, recorder), medium_(memory, recorder), small_(memory, recorder) {}

  void add(const MatmulProgram& program) {
    withTile<T>(program, [&](auto tile) {
      using S = decltype(tile);
      if constexpr (std::is_same_v<S, typename Sizes<T>::Large>) large_.add(program);
      else if constexpr (std::is_same_v<S, typename Sizes<T>::Small>) small_.add(program);
      else medium_.add(program);
    });
  }
  void flush() {
    large_.flush();
    medium_.flush();
    small_.flush();
  }

 private:
  Launches<typename Sizes<T>::Large> large_;
  Launches<typename Sizes<T>::Medium> medium_;
  Launches<typename Sizes<T>::Small> small_;
};

bool isEmpty(const MatmulProgram& program) { return program.batch == 0 || program.m == 0 || program.n == 0; }

}  // namespace

int64_t matmulScratchBytes(const MatmulProgram& program) {
  if (isEmpty(program) || program.tensorCores) return 0;
  const auto bytes = [&](auto tile) { return scratchBytesOf<decltype(tile)>(program); };
  return program.type == Type::f32 ? withTile<float>(program, bytes) : withTile<double>(program, bytes);
}

void launchMatmuls(const std::vector<MatmulProgram>& programs, const RunMemory& memory, Recorder& recorder) {
  LaunchesOf<float> single(memory, recorder);
  LaunchesOf<double> twice(memory, recorder);
  for (const MatmulProgram& program : programs) {
    if (isEmpty(program)) continue;
    if (program.tensorCores) launchTensorCoreMatmul(program, memory, recorder);
    else if (program.type == Type::f32) single.add(program);
    else twice.add(program);
  }
  single.flush();
  twice.flush();
}

}  // namespace credence::cuda
