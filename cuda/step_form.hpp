// The registers of a step as a device takes them: prepare.cpp writes them, step.cuh reads them.
#pragma once

#include <cstdint>

namespace credence::cuda {

/// In place of an operand: the result of the step before, which never left the thread's own registers.
constexpr uint32_t previousResult = 0xff;
/// In place of dst: only the next step needs the result.
constexpr uint32_t notKept = 0xff;

}  // namespace credence::cuda
