// Runs plans of unknown origin: only those whose work and memory are small, on buffers of exactly the size that they ask for.
#pragma once

#include <credence/plan.hpp>
#include <cstdint>
#include <vector>

#include "cpu/executor.hpp"

namespace credence::test {

/// Whether a run takes at most about a million elements and a few megabytes; a while without a limit is taken for a few trips.
bool isBounded(const Plan& plan);

/// Bytes aligned as the addon aligns them, and not one more: what lies behind belongs to nobody, and the address sanitizer knows.
class ExactBytes {
 public:
  explicit ExactBytes(int64_t count);
  ~ExactBytes();
  ExactBytes(ExactBytes&& other) noexcept : data_(other.data_), count_(other.count_) { other.data_ = nullptr; }
  ExactBytes& operator=(ExactBytes&&) = delete;
  uint8_t* data() const { return data_; }
  int64_t count() const { return count_; }

 private:
  uint8_t* data_;
  int64_t count_;
};

/// Runs to the end, to a failure, or until `control` cancels it; `fill` gives every input buffer its contents.
template <class Fill>
void runBounded(const Plan& plan, const cpu::Kernels& kernels, int threads, Control* control, Fill fill) {
  cpu::Executable executable(plan, kernels);
  std::vector<ExactBytes> buffers;
  const auto bind = [&](const std::vector<int64_t>& sizes) {
    const std::size_t first = buffers.size();
    for (const int64_t bytes : sizes) buffers.emplace_back(bytes);
    return first;
  };
  const std::size_t inputs = bind(plan.inputBytes), outputs = bind(plan.outputBytes);
  std::vector<void*> in, out;
  for (std::size_t i = inputs; i < outputs; ++i) fill(buffers[i]), in.push_back(buffers[i].data());
  for (std::size_t i = outputs; i < buffers.size(); ++i) out.push_back(buffers[i].data());
  Status status;
  executable.run(in, out, threads, control, status);
}

}  // namespace credence::test
