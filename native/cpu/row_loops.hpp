// The row operations' loops, once per instruction set: rowLoops_v3, ..., in the order of CREDENCE_ROW_OPS.
#pragma once

#include <credence/rows.hpp>

#include "isa.hpp"

namespace credence::cpu {

using RowLoop = void (*)(const RowCall& call, int64_t begin, int64_t end);

#define CREDENCE_DECLARE(isa) extern const RowLoop rowLoops_##isa[];
CREDENCE_INSTRUCTION_SETS(CREDENCE_DECLARE)
#undef CREDENCE_DECLARE

}  // namespace credence::cpu
