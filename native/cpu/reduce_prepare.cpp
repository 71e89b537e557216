// Prepares a reduction: kept and reduced dimensions are merged where memory allows, the densest reduced dimension comes last.
#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "prepare.hpp"

namespace credence::cpu {
namespace {

uint32_t mergeDims(int64_t* dims, int64_t* strides, uint32_t rank) {
  uint32_t merged = 1;
  for (uint32_t d = 1; d < rank; ++d) {
    const uint32_t last = merged - 1;
    if (dims[last] == 1 || dims[d] == 1 || strides[last] == strides[d] * dims[d]) {
      if (dims[d] != 1) strides[last] = strides[d];
      dims[last] *= dims[d];
    } else {
      dims[merged] = dims[d];
      strides[merged++] = strides[d];
    }
  }
  return merged;
}

}  // namespace

ReduceProgram prepareReduce(const Reduce& reduce) {
  ReduceProgram program{};
  program.monoid = reduce.monoid;
  program.type = reduce.type;
  program.inSlot = reduce.inSlot;
  program.outSlot = reduce.outSlot;
  program.inOffset = reduce.inOffset;
  program.outOffset = reduce.outOffset;

  std::copy(reduce.dimsKept.begin(), reduce.dimsKept.end(), program.dimsKept);
  std::copy(reduce.stridesKept.begin(), reduce.stridesKept.end(), program.stridesKept);
  program.rankKept = mergeDims(program.dimsKept, program.stridesKept, static_cast<uint32_t>(reduce.dimsKept.size()));
  program.unitsPerPart = program.dimsKept[0] / reduce.parts;

  std::vector<std::size_t> order(reduce.dimsReduced.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::abs(int64_t{reduce.stridesReduced[a]}) > std::abs(int64_t{reduce.stridesReduced[b]});
  });
  for (std::size_t d = 0; d < order.size(); ++d) {
    program.dimsReduced[d] = reduce.dimsReduced[order[d]];
    program.stridesReduced[d] = reduce.stridesReduced[order[d]];
  }
  program.rankReduced = mergeDims(program.dimsReduced, program.stridesReduced, static_cast<uint32_t>(order.size()));
  return program;
}

}  // namespace credence::cpu
