// The launches behind the plan's instructions. Plain structures: the host prepares one per instruction, once. Addresses are
// found when a kernel runs, in a table of slots on the device, so that a recorded launch outlives the buffers it was made for.
#pragma once

#include <credence/plan.hpp>
#include <credence/row_block.hpp>

#include <cuda_runtime.h>

#include <vector>

#include "recorder.hpp"

namespace credence::cuda {

/// Bytes from the start of a slot.
struct Place {
  uint32_t slot;
  int64_t bytes;
};

/// What the first failing row of a run left.
struct RowReport {
  RowFailure failure;
  uint32_t opcode;
};

constexpr int64_t ticketsMax = 4096;

/// The memory of one run, on the device. Scratch belongs to one launch at a time, and so do the tickets, which are zero
/// between launches.
struct RunMemory {
  uint8_t** slots;  // the address of each slot
  uint8_t* scratch;
  int64_t scratchBytes;
  uint32_t* tickets;
  RowReport* report;
};

// ---- cluster --------------------------------------------------------------------------------------------------------

struct ClusterAccess {
  uint32_t reg, type, slot;
  int64_t offset;
  int32_t strides[rankMax];
};

/// `loads`, `steps` and `stores` are device memory; the steps are as step.cuh has them. `wide` where any value has 8 bytes.
struct ClusterProgram {
  bool wide;
  uint32_t registers, rank, loadCount, stepCount, storeCount;
  uint32_t dims[rankMax];
  int64_t elements;
  const ClusterAccess* loads;
  const Step* steps;
  const ClusterAccess* stores;
};

/// Clusters that do not depend on each other, in as few launches as there may be.
void launchClusters(const std::vector<ClusterProgram>& programs, const RunMemory& memory, Recorder& recorder);

// ---- reduce ---------------------------------------------------------------------------------------------------------

struct ReduceProgram {
  Monoid monoid;
  Type type;
  uint32_t rankKept, rankReduced;
  uint32_t dimsKept[rankMax], dimsReduced[rankMax];
  int32_t stridesKept[rankMax], stridesReduced[rankMax];
  int64_t results, reduced;  // how many, and elements of each
  Place in, out;
};

/// Bytes of scratch a reduction needs: partial results of few, long sums.
int64_t reduceScratchBytes(const ReduceProgram& program);

void launchReduce(const ReduceProgram& program, const RunMemory& memory, Recorder& recorder);

// ---- matrix product -------------------------------------------------------------------------------------------------

struct MatrixView {
  Place place;
  int64_t batchStride, rowStride, colStride;
};

struct MatmulProgram {
  Type type;
  int64_t batch, m, n, k;
  MatrixView a, b, c;
  bool hasBias;
  Place bias;
  uint32_t activation;  // 0, or the code of a unary step
  bool accumulate;
  bool tensorCores;  // f32 only: factors rounded to TF32
};

/// Bytes of scratch a product needs: the parts of sums that several blocks share.
int64_t matmulScratchBytes(const MatmulProgram& program);

/// Products that do not depend on each other, in as few launches as there may be.
void launchMatmuls(const std::vector<MatmulProgram>& programs, const RunMemory& memory, Recorder& recorder);
void launchTensorCoreMatmul(const MatmulProgram& program, const RunMemory& memory, Recorder& recorder);

// ---- rows -----------------------------------------------------------------------------------------------------------

/// `block` lacks the operands' data: each is at its place. `type` is that of the first output.
struct RowsProgram {
  uint32_t opcode;
  Type type;
  int64_t rows;
  uint32_t operandCount;
  Place places[rowOperandMax];
  RowBlock block;
};

/// Bytes of scratch a row operation needs: the other half of a long sort.
int64_t rowsScratchBytes(const RowsProgram& program);

void launchRows(const RowsProgram& program, const RunMemory& memory, Recorder& recorder);

/// Sorts whose rows are too long for a thread each.
bool isLongSort(const RowsProgram& program);
void launchSort(const RowsProgram& program, const RunMemory& memory, Recorder& recorder);

/// prismField and meshField, whose rows are long: a thread to a prism, a block to a tile of nodes.
void launchPrismField(const RowsProgram& program, const RunMemory& memory, Recorder& recorder);
void launchMeshField(const RowsProgram& program, const RunMemory& memory, Recorder& recorder);

// ---- control --------------------------------------------------------------------------------------------------------

/// A loop as the device counts it. Trips are taken while trip < limit.
struct LoopState {
  int64_t trip, limit;
  uint32_t going;  // the predicate, as last computed
};

struct Slice {
  uint32_t slot, base;
  int32_t strideBytes;
  bool reversed;
};

struct LoopProgram {
  LoopState* state;
  int64_t trips;  // INT64_MAX: unlimited
  const Slice* slices;
  uint32_t sliceCount;
};

/// Starts a loop at trip 0, with all its trips ahead; or goes on to its next trip. Slices move there if it is one of the trips.
void launchEnter(const LoopProgram& loop, const RunMemory& memory, Recorder& recorder);
void launchAdvance(const LoopProgram& loop, const RunMemory& memory, Recorder& recorder);

/// Sets the handle to whether the loop takes another trip: below its limit, and the predicate true if it has one.
void launchDecide(const LoopProgram& loop, uint32_t predicateSlot, cudaGraphConditionalHandle handle, const RunMemory& memory,
                  Recorder& recorder);

/// Sets the handle to a predicate.
void launchChoose(uint32_t predicateSlot, cudaGraphConditionalHandle handle, const RunMemory& memory, Recorder& recorder);

}  // namespace credence::cuda
