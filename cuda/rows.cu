// Row operations: a thread per row over the bodies of row_ops.hpp; gather and scatterAdd, whose rows may be one and long,
// a thread per element of the result.
#include <credence/row_ops.hpp>

#include "kernels.hpp"
#include "launch.hpp"

namespace credence::cuda {
namespace {

constexpr unsigned rowThreads = 128;

__device__ void record(RowReport* report, uint32_t opcode, const RowFailure& failure) {
  if (failure.kind == RowFailure::none) return;
  if (atomicCAS(&report->failure.kind, int(RowFailure::none), int(failure.kind)) != RowFailure::none) return;
  report->failure.index = failure.index;
  report->failure.bound = failure.bound;
  report->opcode = opcode;
}

template <class F, RowForm form, class T>
__global__ void rowsKernel(RowBlock block, int64_t rows, uint32_t opcode, RowReport* report) {
  for (int64_t r = threadNumber(); r < rows; r += threadCount()) {
    if constexpr (form == RowForm::row) {
      RowFailure failure{};
      F::template row<T>(block, r, failure);
      record(report, opcode, failure);
    } else if constexpr (form == RowForm::lanes) {
      F::template lanes<T>(block, r, 1);
    } else if constexpr (form == RowForm::wide) {
      F::template lanes<double, T>(block, r, 1);
    } else {
      F::template range<double, T>(block, r, r + 1);
    }
  }
}

// Thread (r, i, k) copies element k of slice i of row r.
template <class T>
__global__ void gatherKernel(RowBlock block, int64_t rows, uint32_t opcode, RowReport* report) {
  const int64_t count = block.operands[1].rowLength, length = block.integers[1];
  for (int64_t at = threadNumber(); at < rows * count * length; at += threadCount()) {
    RowFailure failure{};
    Gather::copy<T>(block, at / (count * length), at / length % count, at % length, at % length + 1, failure);
    record(report, opcode, failure);
  }
}

// Thread (r, k) adds up element k of every slice of row r, in the order of the indices: no atomics, the same bits each time.
template <class T>
__global__ void scatterAddKernel(RowBlock block, int64_t rows, uint32_t opcode, RowReport* report) {
  const int64_t length = block.integers[1];
  for (int64_t at = threadNumber(); at < rows * length; at += threadCount()) {
    RowFailure failure{};
    ScatterAdd::add<T>(block, at / length, at % length, at % length + 1, failure);
    record(report, opcode, failure);
  }
}

template <class F, RowForm form, class T>
void launchTyped(uint32_t opcode, const RowBlock& block, int64_t rows, RowReport* report, cudaStream_t stream) {
  if constexpr (std::is_same_v<F, Gather>) {
    const int64_t elements = rows * block.operands[1].rowLength * block.integers[1];
    if (elements > 0) launch("gather", gatherKernel<T>, blocksFor(elements), blockThreads, 0, stream, block, rows, opcode, report);
  } else if constexpr (std::is_same_v<F, ScatterAdd>) {
    const int64_t elements = rows * block.integers[1];
    if (elements > 0) launch("scatterAdd", scatterAddKernel<T>, blocksFor(elements), blockThreads, 0, stream, block, rows, opcode, report);
  } else {
    launch("rows", rowsKernel<F, form, T>, blocksFor(rows, rowThreads), rowThreads, 0, stream, block, rows, opcode, report);
  }
}

template <class F, RowForm form, RowTyping typing>
void launchOp(uint32_t opcode, Type type, const RowBlock& block, int64_t rows, RowReport* report, cudaStream_t stream) {
  if constexpr (typing == RowTyping::real) {
    if (type == Type::f32) launchTyped<F, form, float>(opcode, block, rows, report, stream);
    else launchTyped<F, form, double>(opcode, block, rows, report, stream);
  } else if constexpr (typing == RowTyping::bytes) {
    if (typeBytes[int(type)] == 1) launchTyped<F, form, uint8_t>(opcode, block, rows, report, stream);
    else if (typeBytes[int(type)] == 4) launchTyped<F, form, uint32_t>(opcode, block, rows, report, stream);
    else launchTyped<F, form, uint64_t>(opcode, block, rows, report, stream);
  } else {
    launchTyped<F, form, uint32_t>(opcode, block, rows, report, stream);
  }
}

}  // namespace

void launchRows(uint32_t opcode, Type type, const RowBlock& block, int64_t rows, RowReport* report, cudaStream_t stream) {
  if (rows == 0) return;
  switch (RowOpCode(opcode)) {
#define CREDENCE_CASE(name, Functor, form, inputs, outputs, typing) \
  case RowOpCode::Functor: return launchOp<Functor, RowForm::form, RowTyping::typing>(opcode, type, block, rows, report, stream);
    CREDENCE_ROW_OPS(CREDENCE_CASE)
#undef CREDENCE_CASE
    default: return;
  }
}

}  // namespace credence::cuda
