// Runs a plan on the CPU. Every thread of a team walks the whole list of instructions and executes its parts of each one;
// only barriers order them. Nothing is checked here: decodePlan has checked everything.
#pragma once

#include <credence/device.hpp>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "isa.hpp"
#include "memory.hpp"
#include "prepare.hpp"

namespace credence {
struct RowOp;
}

namespace credence::cpu {

struct Node {
  Kind kind;
  uint32_t parts;
  uint32_t item;       // index among the prepared instructions of this kind
  double bytes;        // that its parts touch, all together
  double wholeBytes;   // that each part reads, whatever it is
  uint32_t run;        // it and the next run - 1 nodes are executed together, block by block
  uint32_t blockParts; // parts of one block of a run
};

struct PreparedMatmul {
  Matmul matmul;
  bool rectify;
  StepFunction activation;
};

struct PreparedRows {
  Rows rows;
  const RowOp* op;
};

struct PreparedLoop {
  LoopKind kind;
  uint32_t trips, depth, predicateSlot;
  std::vector<uint32_t> slices;  // slots that move with this loop
  std::vector<Node> predicate, body;
};

struct PreparedCond {
  uint32_t predicateSlot;
  std::vector<Node> then, otherwise;
};

/// A plan ready to run. Any number of runs may be in flight; each has an arena of its own.
class Executable {
 public:
  /// @throws std::bad_alloc where the arena does not fit in memory
  explicit Executable(Plan plan, const Kernels& kernels = cpu::kernels());
  ~Executable();

  const Plan& plan() const { return plan_; }

  /// Runs to the end, to the first failure, or to the barrier after a cancellation; `status` tells which. Buffers are aligned
  /// to 64 bytes and hold at least plan().inputBytes and outputBytes; an output is no other buffer of the run.
  void run(const std::vector<void*>& inputs, const std::vector<void*>& outputs, int threads, Control* control, Status& status);

 private:
  friend class Walk;
  struct RunState;

  std::vector<Node> prepare(const Block& block);
  void prepareInto(std::vector<Node>& nodes, const Instruction& instruction);
  std::unique_ptr<RunState> takeState(int threads);
  void giveState(std::unique_ptr<RunState> state);

  Plan plan_;
  const Kernels& kernels_;
  AlignedBytes constants_;
  int64_t scratchBytes_ = 0;
  std::vector<Node> nodes_;
  std::deque<PreparedCluster> clusters_;  // never moved: programs point into themselves
  std::vector<ReduceProgram> reduces_;
  std::vector<PreparedMatmul> matmuls_;
  std::vector<PreparedRows> rows_;
  std::deque<PreparedLoop> loops_;
  std::deque<PreparedCond> conds_;

  std::mutex mutex_;
  std::vector<std::unique_ptr<RunState>> idle_;
};

}  // namespace credence::cpu
