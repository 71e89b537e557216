// Runs a plan on a CUDA device: its instructions become launches on one stream, which keeps them in order, so barriers
// cost nothing. The host walks loops and conditions; a predicate is read back from the device.
#pragma once

#include <credence/device.hpp>

#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "kernels.hpp"
#include "runtime.hpp"

namespace credence::cuda {

class Executable {
 public:
  explicit Executable(Plan plan);
  ~Executable();

  const Plan& plan() const { return plan_; }

  /// Inputs and outputs are device addresses.
  void run(const std::vector<uint8_t*>& inputs, const std::vector<uint8_t*>& outputs, Control* control, Status& status);

 private:
  friend class Walk;
  struct RunState;

  void prepare(const Block& block);
  void prepareCluster(const Instruction& instruction, const Cluster& cluster);
  void prepareReduce(const Instruction& instruction, const Reduce& reduce);
  std::unique_ptr<RunState> takeState();
  void giveState(std::unique_ptr<RunState> state);

  Plan plan_;
  Stream stream_;  // of the preparation
  Memory constants_;
  std::vector<Memory> tables_;  // loads, steps and stores of clusters
  std::vector<ClusterProgram> clusters_;  // by instruction index, as are the reductions
  std::vector<ReduceProgram> reduces_;
  int64_t scratchBytes_ = 0;
  std::mutex mutex_;
  std::vector<std::unique_ptr<RunState>> idle_;
};

}  // namespace credence::cuda
