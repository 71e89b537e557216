// sort(x[n]) -> y[n], index[n] of long rows, as sort.hpp defines it: stable, NaN last. Blocks sort tiles; then pairs of sorted
// runs are merged, each element finding its place by a binary search in the other run, until a row is one run.
#include <cub/block/block_merge_sort.cuh>

#include <credence/row_ops.hpp>

#include <algorithm>

#include "kernels.hpp"
#include "launch.hpp"

namespace credence::cuda {
namespace {

constexpr int threads = 256, perThread = 8;
constexpr int64_t tile = threads * perThread;
constexpr int64_t shortRow = 64;  // sorted by one thread

template <class T>
struct Before {
  CREDENCE_HD bool operator()(T a, T b) const { return a < b || (a == a && b != b); }
};

// Rows of n sorted values and where they came from: the operation's results, or scratch.
template <class T>
struct Runs {
  T* value;
  int32_t* index;
  int64_t valueStride, indexStride;
};
template <class T>
__device__ Runs<T> runsOf(const RowsProgram& p, uint8_t* const* slots, uint8_t* scratch, bool inScratch) {
  const int64_t n = p.block.operands[0].rowLength;
  if (inScratch) return {reinterpret_cast<T*>(scratch), reinterpret_cast<int32_t*>(scratch + p.rows * n * int64_t(sizeof(T))), n, n};
  return {reinterpret_cast<T*>(addressOf(p.places[1], slots)), reinterpret_cast<int32_t*>(addressOf(p.places[2], slots)),
          p.block.operands[1].rowStride, p.block.operands[2].rowStride};
}

// Block (row, tile of the row).
template <class T>
__global__ void __launch_bounds__(threads) sortTiles(RowsProgram p, uint8_t* const* slots, uint8_t* scratch, bool toScratch) {
  using Sorter = cub::BlockMergeSort<T, threads, perThread, int32_t>;
  const int64_t n = p.block.operands[0].rowLength, tiles = (n + tile - 1) / tile;
  const Runs<T> to = runsOf<T>(p, slots, scratch, toScratch);
  const T* x = reinterpret_cast<const T*>(addressOf(p.places[0], slots));
  for (int64_t at = blockIdx.x; at < p.rows * tiles; at += gridDim.x) {
    const int64_t row = at / tiles, first = at % tiles * tile, count = n - first < tile ? n - first : tile;
    T values[perThread];
    int32_t indices[perThread];
    for (int i = 0; i < perThread; ++i) {
      const int64_t k = int64_t(threadIdx.x) * perThread + i;
      values[i] = k < count ? x[row * p.block.operands[0].rowStride + first + k] : T(0);
      indices[i] = int32_t(first + k);
    }
    Sorter(*sharedArray<typename Sorter::TempStorage>()).StableSort(values, indices, Before<T>(), int(count), math::notANumber<T>());
    for (int i = 0; i < perThread; ++i) {
      const int64_t k = int64_t(threadIdx.x) * perThread + i;
      if (k >= count) continue;
      to.value[row * to.valueStride + first + k] = values[i];
      to.index[row * to.indexStride + first + k] = indices[i];
    }
    __syncthreads();  // before the sorter's memory is used again
  }
}

// How many of the sorted values[0, count) go before `value`: those equal to it do if `equalsToo`.
template <class T>
__device__ int64_t rankOf(const T* values, int64_t count, T value, bool equalsToo) {
  int64_t low = 0;
  while (low < count) {
    const int64_t middle = low + (count - low) / 2;
    const bool before = equalsToo ? !Before<T>()(value, values[middle]) : Before<T>()(values[middle], value);
    if (before) low = middle + 1;
    else count = middle;
  }
  return low;
}

// Merges each pair of neighbouring runs of `run` elements.
template <class T>
__global__ void mergeRuns(RowsProgram p, uint8_t* const* slots, uint8_t* scratch, bool toScratch, int64_t run) {
  const int64_t n = p.block.operands[0].rowLength;
  const Runs<T> from = runsOf<T>(p, slots, scratch, !toScratch), to = runsOf<T>(p, slots, scratch, toScratch);
  for (int64_t at = threadNumber(); at < p.rows * n; at += threadCount()) {
    const int64_t row = at / n, i = at % n, pair = i / (2 * run) * 2 * run, middle = pair + run < n ? pair + run : n;
    const int64_t end = middle + run < n ? middle + run : n;
    const T* values = from.value + row * from.valueStride;
    const T value = values[i];
    const int64_t place = i < middle ? i + rankOf(values + middle, end - middle, value, false)
                                     : i - (middle - pair) + rankOf(values + pair, middle - pair, value, true);
    to.value[row * to.valueStride + place] = value;
    to.index[row * to.indexStride + place] = from.index[row * from.indexStride + i];
  }
}

int64_t mergesOf(int64_t n) {
  int64_t merges = 0;
  for (int64_t run = tile; run < n; run *= 2) ++merges;
  return merges;
}

template <class T>
void sortRows(const RowsProgram& p, const RunMemory& memory, Recorder& recorder) {
  using Sorter = cub::BlockMergeSort<T, threads, perThread, int32_t>;
  const int64_t n = p.block.operands[0].rowLength, merges = mergesOf(n), tiles = (n + tile - 1) / tile;
  bool toScratch = merges % 2 == 1;  // so that the last merge ends in the results
  launch(recorder, "sort, tiles", sortTiles<T>, blocksFor(p.rows * tiles, 1), threads, sizeof(typename Sorter::TempStorage), p, memory.slots,
         memory.scratch, toScratch);
  for (int64_t run = tile; run < n; run *= 2) {
    toScratch = !toScratch;
    launch(recorder, "sort, merging runs", mergeRuns<T>, blocksFor(p.rows * n), blockThreads, 0, p, memory.slots, memory.scratch, toScratch, run);
  }
}

}  // namespace

bool isLongSort(const RowsProgram& program) {
  return RowOpCode(program.opcode) == RowOpCode::Sort && program.block.operands[0].rowLength > shortRow;
}

int64_t rowsScratchBytes(const RowsProgram& program) {
  if (!isLongSort(program) || mergesOf(program.block.operands[0].rowLength) == 0) return 0;
  return program.rows * program.block.operands[0].rowLength * (sizeOf(program.type) + 4);
}

void launchSort(const RowsProgram& program, const RunMemory& memory, Recorder& recorder) {
  if (program.type == Type::f32) sortRows<float>(program, memory, recorder);
  else sortRows<double>(program, memory, recorder);
}

}  // namespace credence::cuda
