// The launches behind the plan's instructions. Plain structures: the host prepares one per instruction, once. Slots are
// device addresses, one per slot of the plan.
#pragma once

#include <credence/plan.hpp>
#include <credence/row_block.hpp>

#include <cuda_runtime.h>

namespace credence::cuda {

// ---- cluster --------------------------------------------------------------------------------------------------------

struct ClusterAccess {
  uint32_t reg, type, slot;
  int64_t offset;
  int32_t strides[rankMax];
};

/// `loads`, `steps` and `stores` are device memory, as is the table of slots.
struct ClusterProgram {
  uint32_t rank, loadCount, stepCount, storeCount;
  uint32_t dims[rankMax];
  int64_t elements;
  const ClusterAccess* loads;
  const Step* steps;
  const ClusterAccess* stores;
};

void launchCluster(const ClusterProgram& program, uint8_t* const* slots, cudaStream_t stream);

// ---- reduce ---------------------------------------------------------------------------------------------------------

struct ReduceProgram {
  Monoid monoid;
  Type type;
  uint32_t rankKept, rankReduced;
  uint32_t dimsKept[rankMax], dimsReduced[rankMax];
  int32_t stridesKept[rankMax], stridesReduced[rankMax];
  int64_t results, reduced;  // how many, and elements of each
};

/// Bytes of scratch a reduction needs: partial results of few, long sums.
int64_t reduceScratchBytes(const ReduceProgram& program);

void launchReduce(const ReduceProgram& program, const void* in, void* out, void* scratch, cudaStream_t stream);

// ---- matrix product -------------------------------------------------------------------------------------------------

struct MatrixView {
  void* data;
  int64_t batchStride, rowStride, colStride;
};

struct MatmulProgram {
  Type type;
  int64_t batch, m, n, k;
  MatrixView a, b, c;
  const void* bias;     // or null
  uint32_t activation;  // 0, or the code of a unary step
  bool accumulate;
};

void launchMatmul(const MatmulProgram& program, cudaStream_t stream);

// ---- rows -----------------------------------------------------------------------------------------------------------

/// What the first failing row of a run left, in device memory.
struct RowReport {
  RowFailure failure;
  uint32_t opcode;
};

/// `type` is that of the first output.
void launchRows(uint32_t opcode, Type type, const RowBlock& block, int64_t rows, RowReport* report, cudaStream_t stream);

}  // namespace credence::cuda
