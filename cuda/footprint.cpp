#include "footprint.hpp"

#include <credence/rows.hpp>

namespace credence::cuda {
namespace {

class Gather {
 public:
  explicit Gather(const std::vector<Slot>& slots) : slots_(slots) {}

  void view(uint32_t index, Type type, int64_t offset, const std::vector<uint32_t>& dims, const std::vector<int32_t>& strides, bool written) {
    int64_t low = offset, high = offset;
    for (std::size_t d = 0; d < dims.size(); ++d) {
      if (dims[d] == 0) return;
      (strides[d] < 0 ? low : high) += int64_t{strides[d]} * (int64_t{dims[d]} - 1);
    }
    const Slot& slot = slots_[index];
    const bool sliced = slot.kind == SlotKind::sliced;
    const Slot& base = sliced ? slots_[slot.index] : slot;
    const bool placed = base.kind == SlotKind::arena || base.kind == SlotKind::own;
    const int64_t start = placed ? base.offset : 0;
    const uint32_t buffer = placed ? 0 : base.index;
    if (sliced) touches.push_back({base.kind, buffer, start, start + base.bytes, written});  // wherever the loop has moved it
    else touches.push_back({base.kind, buffer, start + low * sizeOf(type), start + (high + 1) * sizeOf(type), written});
  }

  std::vector<Touch> touches;

 private:
  const std::vector<Slot>& slots_;
};

void gather(Gather& to, const Cluster& cluster) {
  for (const Access& load : cluster.loads) to.view(load.slot, load.type, load.offset, cluster.dims, load.strides, false);
  for (const Access& store : cluster.stores) to.view(store.slot, store.type, store.offset, cluster.dims, store.strides, true);
}

void gather(Gather& to, const Reduce& reduce) {
  const bool index = reduce.monoid == Monoid::argmax || reduce.monoid == Monoid::argmin;
  std::vector<uint32_t> dims = reduce.dimsKept;
  std::vector<int32_t> strides = reduce.stridesKept;
  dims.insert(dims.end(), reduce.dimsReduced.begin(), reduce.dimsReduced.end());
  strides.insert(strides.end(), reduce.stridesReduced.begin(), reduce.stridesReduced.end());
  to.view(reduce.inSlot, reduce.type, reduce.inOffset, dims, strides, false);
  std::vector<int32_t> contiguous(reduce.dimsKept.size(), 1);
  for (std::size_t d = contiguous.size(); d-- > 1;) contiguous[d - 1] = contiguous[d] * int32_t(reduce.dimsKept[d]);
  to.view(reduce.outSlot, index ? Type::i32 : reduce.type, reduce.outOffset, reduce.dimsKept, contiguous, true);
}

void gather(Gather& to, const Matmul& m) {
  const auto matrix = [&](const Matrix& view, uint32_t rows, uint32_t cols, bool written) {
    to.view(view.slot, m.type, view.offset, {m.batch, rows, cols}, {view.batchStride, view.rowStride, view.colStride}, written);
  };
  matrix(m.a, m.m, m.k, false);
  matrix(m.b, m.k, m.n, false);
  matrix(m.c, m.m, m.n, true);
  if (m.biasSlot != noSlot) to.view(m.biasSlot, m.type, m.biasOffset, {m.n}, {1}, false);
}

void gather(Gather& to, const Rows& rows) {
  int count = 0;
  const std::size_t inputs = std::size_t(rowOps(&count)[rows.opcode - 1]->inputs);
  for (std::size_t i = 0; i < rows.operands.size(); ++i) {
    const RowsOperand& operand = rows.operands[i];
    to.view(operand.slot, operand.type, operand.offset, {rows.rows, operand.rowLength}, {operand.rowStride, 1}, i >= inputs);
  }
}

void gather(Gather&, const Barrier&) {}
void gather(Gather&, const Loop&) {}
void gather(Gather&, const Cond&) {}

}  // namespace

std::vector<Touch> touchesOf(const Instruction& instruction, const std::vector<Slot>& slots) {
  Gather to(slots);
  std::visit([&](const auto& body) { gather(to, body); }, instruction.body);
  return std::move(to.touches);
}

bool independent(const std::vector<Touch>& a, const std::vector<Touch>& b) {
  for (const Touch& x : a)
    for (const Touch& y : b)
      if ((x.written || y.written) && x.kind == y.kind && x.index == y.index && x.begin < y.end && y.begin < x.end) return false;
  return true;
}

}  // namespace credence::cuda
