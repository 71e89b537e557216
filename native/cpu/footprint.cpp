#include "footprint.hpp"

#include <algorithm>

namespace credence::cpu {
namespace {

/// Calls use(slot) for every slot that the instructions of a block name, nested ones included.
template <class Use>
void forEachSlot(const Block& block, const Use& use) {
  for (const Instruction& instruction : block) {
    const auto& body = instruction.body;
    if (const auto* cluster = std::get_if<Cluster>(&body)) {
      for (const Access& load : cluster->loads) use(load.slot);
      for (const Access& store : cluster->stores) use(store.slot);
    } else if (const auto* reduce = std::get_if<Reduce>(&body)) {
      use(reduce->inSlot), use(reduce->outSlot);
    } else if (const auto* matmul = std::get_if<Matmul>(&body)) {
      use(matmul->a.slot), use(matmul->b.slot), use(matmul->c.slot);
      if (matmul->biasSlot != noSlot) use(matmul->biasSlot);
    } else if (const auto* rows = std::get_if<Rows>(&body)) {
      for (const RowsOperand& operand : rows->operands) use(operand.slot);
    } else if (const auto* loop = std::get_if<Loop>(&body)) {
      if (loop->isWhile()) use(loop->predicateSlot);
      forEachSlot(loop->predicate, use);
      forEachSlot(loop->body, use);
    } else if (const auto* cond = std::get_if<Cond>(&body)) {
      use(cond->predicateSlot);
      forEachSlot(cond->then, use);
      forEachSlot(cond->otherwise, use);
    }
  }
}

/// Bytes of the elements that a view names, broadcast dimensions counted once.
double bytesOf(Type type, const std::vector<uint32_t>& dims, const std::vector<int32_t>& strides) {
  double bytes = static_cast<double>(sizeOf(type));
  for (std::size_t d = 0; d < dims.size(); ++d)
    if (strides[d] != 0) bytes *= dims[d];
  return bytes;
}

}  // namespace

double bytesOf(const Cluster& cluster) {
  double bytes = 0;
  for (const auto* views : {&cluster.loads, &cluster.stores})
    for (const Access& view : *views)
      if (view.strides[0] != 0) bytes += bytesOf(view.type, cluster.dims, view.strides);
  return bytes;
}

double bytesOf(const Reduce& reduce) {
  return bytesOf(reduce.type, reduce.dimsKept, reduce.stridesKept) / static_cast<double>(sizeOf(reduce.type)) *
         bytesOf(reduce.type, reduce.dimsReduced, reduce.stridesReduced);
}

double bytesOf(const Matmul& m) {
  const double left = 1.0 * m.m * m.k, right = 1.0 * m.k * m.n, result = 1.0 * m.m * m.n;
  return static_cast<double>(sizeOf(m.type)) * m.batch * (left + result + (m.batch > 1 ? right : 0));
}

double bytesOf(const Rows& rows) {
  double bytes = 0;
  for (const RowsOperand& operand : rows.operands)
    if (operand.rowStride != 0) bytes += static_cast<double>(sizeOf(operand.type)) * operand.rowLength * rows.rows;
  return bytes;
}

double wholeBytesOf(const Cluster& cluster) {
  double bytes = 0;
  for (const Access& load : cluster.loads)
    if (load.strides[0] == 0) bytes += bytesOf(load.type, cluster.dims, load.strides);
  return bytes;
}

double wholeBytesOf(const Matmul& m) { return m.batch > 1 ? 0 : static_cast<double>(sizeOf(m.type)) * m.k * m.n; }

std::vector<uint32_t> slicesOf(const Loop& loop, const std::vector<Slot>& slots) {
  std::vector<uint32_t> slices;
  const auto use = [&](uint32_t slot) {
    if (slots[slot].kind == SlotKind::sliced && slots[slot].offset == loop.depth) slices.push_back(slot);
  };
  if (loop.isWhile()) use(loop.predicateSlot);
  forEachSlot(loop.predicate, use);
  forEachSlot(loop.body, use);
  std::sort(slices.begin(), slices.end());
  slices.erase(std::unique(slices.begin(), slices.end()), slices.end());
  return slices;
}

}  // namespace credence::cpu
