// Damage to plans, of the kinds that a validator may overlook: fields at their limits, instructions moved and nested, parts of
// other plans.
#pragma once

#include <random>

#include "plan_text.hpp"

namespace credence::test {

using Random = std::mt19937_64;

/// A damaged copy of `plan`; pieces of `donor` may get in. The same for the same state of `random`.
Words mutate(const PlanText& plan, const PlanText& donor, Random& random);

}  // namespace credence::test
