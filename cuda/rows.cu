// Row operations. In general a thread takes a row, over the bodies of row_ops.hpp. Otherwise where rows are one and long, or
// lie so that neighbouring threads would read far apart: gather and scatterAdd, a thread to an element of the result; splines,
// rows through shared memory; sorting, sort.cu; the gravity of bodies, gravity.cu.
#include <credence/row_ops.hpp>

#include <algorithm>

#include "kernels.hpp"
#include "launch.hpp"

namespace credence::cuda {
namespace {

constexpr unsigned rowThreads = 128;
constexpr int64_t rangeThreadsMax = 1 << 17;  // of bodies that share out their rows: what a large device holds at a time
constexpr std::size_t sharedBytesMax = 48 << 10;

__device__ void record(RowReport* report, uint32_t opcode, const RowFailure& failure) {
  if (failure.kind == RowFailure::none) return;
  if (atomicCAS(&report->failure.kind, int(RowFailure::none), int(failure.kind)) != RowFailure::none) return;
  report->failure.index = failure.index;
  report->failure.bound = failure.bound;
  report->opcode = opcode;
}

// The operands of a launch with their addresses, in the first bytes of shared memory.
constexpr int64_t resolvedBytes = (sizeof(RowBlock) + 15) / 16 * 16;
__device__ const RowBlock& resolve(const RowsProgram& p, uint8_t* const* slots) {
  RowBlock& block = *sharedArray<RowBlock>();
  if (threadIdx.x == 0) {
    block = p.block;
    for (uint32_t i = 0; i < p.operandCount; ++i) block.operands[i].data = addressOf(p.places[i], slots);
  }
  __syncthreads();
  return block;
}

// ---- a thread to a row ----------------------------------------------------------------------------------------------

template <class F, RowForm form, class T>
__global__ void rowsKernel(RowsProgram p, uint8_t* const* slots, RowReport* report) {
  const RowBlock& block = resolve(p, slots);
  for (int64_t r = threadNumber(); r < p.rows; r += threadCount()) {
    if constexpr (form == RowForm::row) {
      RowFailure failure{};
      F::template row<T>(block, r, failure);
      record(report, p.opcode, failure);
    } else if constexpr (form == RowForm::lanes) {
      F::template lanes<T>(block, r, 1);
    } else {
      F::template lanes<double, T>(block, r, 1);
    }
  }
}

// Rows that take very different times: each thread has some, and takes up the next when it is done with one, so that the
// threads of a warp wait for each other once and not at every row.
template <class F, class T>
__global__ void rangesKernel(RowsProgram p, int64_t perThread, uint8_t* const* slots) {
  const RowBlock& block = resolve(p, slots);
  const int64_t begin = threadNumber() * perThread, end = begin + perThread;
  if (begin < p.rows) F::template range<double, T>(block, begin, end < p.rows ? end : p.rows);
}

// ---- rows through shared memory -------------------------------------------------------------------------------------

// Whose rows lie one behind the other, so that those of a block are one stretch of memory.
CREDENCE_HD bool isDense(const RowBlock::Operand& operand) { return operand.rowStride == operand.rowLength; }

// As many rows at a time as the block has threads; dense operands, all of type T, are copied in and out by neighbouring threads.
template <class F, class T>
__global__ void stagedKernel(RowsProgram p, int inputs, uint8_t* const* slots) {
  const RowBlock& block = resolve(p, slots);
  RowBlock& staged = *sharedArray<RowBlock>(resolvedBytes);
  T* const stage = sharedArray<T>(2 * resolvedBytes);
  const auto forEachDense = [&](auto use) {
    T* at = stage;
    for (int i = 0; i < int(p.operandCount); ++i) {
      if (!isDense(block.operands[i])) continue;
      use(i, at);
      at += blockDim.x * block.operands[i].rowLength;
    }
  };
  for (int64_t first = int64_t(blockIdx.x) * blockDim.x; first < p.rows; first += threadCount()) {
    const int64_t count = p.rows - first < blockDim.x ? p.rows - first : blockDim.x;
    if (threadIdx.x == 0) {
      staged = block;
      forEachDense([&](int i, T* at) { staged.operands[i].data = at - first * block.operands[i].rowStride; });
    }
    forEachDense([&](int i, T* at) {
      if (i >= inputs) return;
      const T* from = block.at<T>(i, first);
      for (int64_t k = threadIdx.x; k < count * block.operands[i].rowLength; k += blockDim.x) at[k] = from[k];
    });
    __syncthreads();
    if (threadIdx.x < count) F::template lanes<T>(staged, first + threadIdx.x, 1);
    __syncthreads();
    forEachDense([&](int i, T* at) {
      if (i < inputs) return;
      T* to = block.at<T>(i, first);
      for (int64_t k = threadIdx.x; k < count * block.operands[i].rowLength; k += blockDim.x) to[k] = at[k];
    });
    __syncthreads();
  }
}

template <class F>
constexpr bool isStaged = std::is_same_v<F, RationalQuadratic> || std::is_same_v<F, RationalQuadraticReverse>;

// Shared memory for `rows` rows.
template <class T>
std::size_t stagedBytes(const RowsProgram& p, unsigned rows) {
  int64_t elements = 0;
  for (uint32_t i = 0; i < p.operandCount; ++i)
    if (isDense(p.block.operands[i])) elements += p.block.operands[i].rowLength;
  return 2 * resolvedBytes + sizeof(T) * std::size_t(rows * elements);
}

// ---- a thread to an element -----------------------------------------------------------------------------------------

// Thread (r, i, k) copies element k of slice i of row r.
template <class T>
__global__ void gatherKernel(RowsProgram p, uint8_t* const* slots, RowReport* report) {
  const RowBlock& block = resolve(p, slots);
  const int64_t count = block.operands[1].rowLength, length = block.integers[1];
  for (int64_t at = threadNumber(); at < p.rows * count * length; at += threadCount()) {
    RowFailure failure{};
    Gather::copy<T>(block, at / (count * length), at / length % count, at % length, at % length + 1, failure);
    record(report, p.opcode, failure);
  }
}

// Thread (r, k) adds up element k of every slice of row r, in the order of the indices: no atomics, the same bits each time.
template <class T>
__global__ void scatterAddKernel(RowsProgram p, uint8_t* const* slots, RowReport* report) {
  const RowBlock& block = resolve(p, slots);
  const int64_t length = block.integers[1];
  for (int64_t at = threadNumber(); at < p.rows * length; at += threadCount()) {
    RowFailure failure{};
    ScatterAdd::add<T>(block, at / length, at % length, at % length + 1, failure);
    record(report, p.opcode, failure);
  }
}

// ---- which of them --------------------------------------------------------------------------------------------------

template <class F, RowForm form, class T>
void launchTyped(const RowsProgram& p, int inputs, const RunMemory& memory, Recorder& recorder) {
  if constexpr (std::is_same_v<F, Gather>) {
    const int64_t elements = p.rows * p.block.operands[1].rowLength * p.block.integers[1];
    if (elements > 0) launch(recorder, "gather", gatherKernel<T>, blocksFor(elements), blockThreads, resolvedBytes, p, memory.slots, memory.report);
  } else if constexpr (std::is_same_v<F, ScatterAdd>) {
    const int64_t elements = p.rows * p.block.integers[1];
    if (elements > 0)
      launch(recorder, "scatterAdd", scatterAddKernel<T>, blocksFor(elements), blockThreads, resolvedBytes, p, memory.slots, memory.report);
  } else if constexpr (std::is_same_v<F, PrismField>) {
    launchPrismField(p, memory, recorder);
  } else if constexpr (std::is_same_v<F, MeshField>) {
    launchMeshField(p, memory, recorder);
  } else if constexpr (form == RowForm::range) {
    const int64_t perThread = (p.rows + rangeThreadsMax - 1) / rangeThreadsMax;
    launch(recorder, "ranges of rows", rangesKernel<F, T>, blocksFor((p.rows + perThread - 1) / perThread, rowThreads), rowThreads, resolvedBytes,
           p, perThread, memory.slots);
  } else {
    if constexpr (std::is_same_v<F, Sort>)
      if (isLongSort(p)) return launchSort(p, memory, recorder);
    if constexpr (isStaged<F>)
      for (unsigned threads = rowThreads; threads >= 32; threads /= 2)
        if (const std::size_t bytes = stagedBytes<T>(p, threads); bytes <= sharedBytesMax)
          return launch(recorder, "rows through shared memory", stagedKernel<F, T>, blocksFor(p.rows, threads), threads, bytes, p, inputs, memory.slots);
    launch(recorder, "rows", rowsKernel<F, form, T>, blocksFor(p.rows, rowThreads), rowThreads, resolvedBytes, p, memory.slots, memory.report);
  }
}

template <class F, RowForm form, RowTyping typing>
void launchOp(const RowsProgram& p, int inputs, const RunMemory& memory, Recorder& recorder) {
  if constexpr (typing == RowTyping::real) {
    if (p.type == Type::f32) launchTyped<F, form, float>(p, inputs, memory, recorder);
    else launchTyped<F, form, double>(p, inputs, memory, recorder);
  } else if constexpr (typing == RowTyping::bytes) {
    if (typeBytes[int(p.type)] == 1) launchTyped<F, form, uint8_t>(p, inputs, memory, recorder);
    else if (typeBytes[int(p.type)] == 4) launchTyped<F, form, uint32_t>(p, inputs, memory, recorder);
    else launchTyped<F, form, uint64_t>(p, inputs, memory, recorder);
  } else {
    launchTyped<F, form, uint32_t>(p, inputs, memory, recorder);
  }
}

}  // namespace

void launchRows(const RowsProgram& program, const RunMemory& memory, Recorder& recorder) {
  if (program.rows == 0) return;
  switch (RowOpCode(program.opcode)) {
#define CREDENCE_CASE(name, Functor, form, inputs, outputs, typing) \
  case RowOpCode::Functor: return launchOp<Functor, RowForm::form, RowTyping::typing>(program, inputs, memory, recorder);
    CREDENCE_ROW_OPS(CREDENCE_CASE)
#undef CREDENCE_CASE
    default: return;
  }
}

}  // namespace credence::cuda
