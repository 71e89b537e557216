// What instructions read and write, to find those that may run in any order.
#pragma once

#include <credence/plan.hpp>

#include <vector>

namespace credence::cuda {

/// Bytes [begin, end) of the arena, an input, or an output.
struct Touch {
  SlotKind kind;
  uint32_t index;  // of the input or output
  int64_t begin, end;
  bool written;
};

/// Of a cluster, reduction, product or row operation. Whole ranges: what lies between the elements of a view counts too.
std::vector<Touch> touchesOf(const Instruction& instruction, const std::vector<Slot>& slots);

/// Neither writes what the other reads or writes.
bool independent(const std::vector<Touch>& a, const std::vector<Touch>& b);

}  // namespace credence::cuda
