// The instruction sets of this build and the one this machine runs.
#pragma once

#include <vector>

#include "kernels.hpp"

#if defined(CREDENCE_INSTRUCTION_SETS)  // a build with sanitizers has fewer
#elif defined(__x86_64__)
#define CREDENCE_INSTRUCTION_SETS(X) X(v2) X(v3) X(v4)
#else
#define CREDENCE_INSTRUCTION_SETS(X) X(baseline)
#endif

namespace credence::cpu {

/// The widest instruction set that this CPU and its operating system support.
const Kernels& kernels();

/// All that this machine can run, widest last: what tests compare.
std::vector<const Kernels*> supportedKernels();

}  // namespace credence::cpu
