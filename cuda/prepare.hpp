// A plan made ready for a device, once: what each instruction launches, and the tables that launches read.
#pragma once

#include <credence/plan.hpp>

#include <variant>
#include <vector>

#include "kernels.hpp"
#include "runtime.hpp"

namespace credence::cuda {

class Prepared {
 public:
  /// @throws OutOfMemory
  Prepared(Plan plan, bool tensorCores);

  const Plan& plan() const { return plan_; }
  const Memory& constants() const { return constants_; }
  /// For the launch that needs most.
  int64_t scratchBytes() const { return scratchBytes_; }
  /// Of instructions, nested ones included.
  int64_t count() const { return int64_t(programs_.size()); }

  /// A loop's state is left to the run.
  template <class Program>
  const Program& programOf(const Instruction& instruction) const {
    return std::get<Program>(programs_[instruction.index]);
  }

 private:
  using AnyProgram = std::variant<std::monostate, ClusterProgram, ReduceProgram, MatmulProgram, RowsProgram, LoopProgram>;

  void prepare(const Block& block);
  AnyProgram prepare(const Barrier&) { return {}; }
  AnyProgram prepare(const Cluster& cluster);
  AnyProgram prepare(const Reduce& reduce);
  AnyProgram prepare(const Matmul& matmul);
  AnyProgram prepare(const Rows& rows);
  AnyProgram prepare(const Loop& loop);
  AnyProgram prepare(const Cond& cond);

  template <class T>
  const T* upload(const std::vector<T>& values);

  Plan plan_;
  const bool tensorCores_;
  Stream stream_;
  Memory constants_;
  std::vector<Memory> tables_;
  std::vector<AnyProgram> programs_;  // by instruction index
  int64_t scratchBytes_ = 0;
};

}  // namespace credence::cuda
