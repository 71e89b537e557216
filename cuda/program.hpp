// Runs a plan on a CUDA device, by replaying its graphs.
#pragma once

#include <credence/device.hpp>

#include <memory>
#include <mutex>
#include <vector>

#include "prepare.hpp"

namespace credence::cuda {

class Executable {
 public:
  /// @throws OutOfMemory
  Executable(Plan plan, bool tensorCores);
  ~Executable();

  const Plan& plan() const { return prepared_.plan(); }

  /// Inputs and outputs are device addresses.
  void run(const std::vector<uint8_t*>& inputs, const std::vector<uint8_t*>& outputs, Control* control, Status& status);

 private:
  struct RunState;

  std::unique_ptr<RunState> takeState();
  void giveState(std::unique_ptr<RunState> state);

  Prepared prepared_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<RunState>> idle_;
};

}  // namespace credence::cuda
