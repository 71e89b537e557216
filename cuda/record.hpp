// The graphs of a plan. All that a loop does is on the device; the host walks what lies outside of loops, and gives an
// outermost loop its trips in batches, between which it sees failures, reports progress and may stop.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "prepare.hpp"
#include "recorder.hpp"

namespace credence::cuda {

struct Step;
using Steps = std::vector<Step>;

/// Instructions one after the other, loops within loops and branches among them.
struct Stretch {
  Replay replay;
};

/// Trips in graphs of `many` and of one. Each begins with an advance, so the loop's trip is -1 before the first.
struct RepeatLoop {
  LoopState* state;
  int64_t trips, many;
  Replay oneTrip, manyTrips;
};

/// `start` enters the loop and computes the predicate; `more` takes trips until the predicate is false or the limit reached.
struct WhileLoop {
  LoopState* state;
  int64_t trips;
  Replay start, more;
};

/// A branch with a loop in it, which the host should see.
struct Branch {
  uint32_t predicateSlot;
  Steps then, otherwise;
};

struct Step {
  std::variant<Stretch, RepeatLoop, WhileLoop, Branch> body;
};

/// `loops` holds a state for each instruction of the plan, in device memory.
Steps recordPlan(const Prepared& prepared, const RunMemory& memory, LoopState* loops);

}  // namespace credence::cuda
