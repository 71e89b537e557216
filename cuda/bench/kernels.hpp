// The kernels that are measured: each a plan that repeats one instruction, so that the host costs nothing.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "plan_builder.hpp"

namespace credence::bench {

/// `trips` of the instruction in one run; figures are of one trip. Inputs the plan has but `inputs` does not are zeros.
struct Kernel {
  std::string name, size;
  test::Words words;
  uint32_t trips;
  std::vector<std::pair<const char*, double>> figures;
  std::vector<std::vector<char>> inputs = {};
};

/// All of them; `scale` divides their sizes, to see them run where there is no GPU.
std::vector<Kernel> kernels(uint32_t scale);

/// Exact birth-death paths; output 1 holds the events of each path.
Kernel eventSimulation(uint32_t paths);

}  // namespace credence::bench
