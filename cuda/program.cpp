#include "program.hpp"

#include <credence/rows.hpp>
#include <credence/type.hpp>

#include <algorithm>
#include <chrono>
#include <numeric>

namespace credence::cuda {
namespace {

int64_t product(const std::vector<uint32_t>& dims) {
  return std::accumulate(dims.begin(), dims.end(), int64_t{1}, [](int64_t a, uint32_t b) { return a * b; });
}

template <class From, class To>
void copyTo(const std::vector<From>& from, To* to) {
  std::copy(from.begin(), from.end(), to);
}

std::vector<ClusterAccess> accessesOf(const std::vector<Access>& accesses) {
  std::vector<ClusterAccess> out;
  for (const Access& access : accesses) {
    ClusterAccess made{access.reg, uint32_t(access.type), access.slot, access.offset, {}};
    copyTo(access.strides, made.strides);
    out.push_back(made);
  }
  return out;
}

}  // namespace

struct Executable::RunState {
  RunState(const Plan& plan, int64_t scratchBytes)
      : arena(plan.arenaBytes), scratch(scratchBytes), slotTable(int64_t(plan.slots.size() * sizeof(uint8_t*))), report(sizeof(RowReport)),
        slots(plan.slots.size()) {}
  Stream stream;
  Memory arena, scratch, slotTable, report;
  std::vector<uint8_t*> slots;
};

// ---- preparation ----------------------------------------------------------------------------------------------------

Executable::Executable(Plan plan) : plan_(std::move(plan)), constants_(int64_t(plan_.constants.size() * 4)) {
  constants_.write(0, plan_.constants.data(), constants_.bytes(), stream_);
  prepare(plan_.code);
  stream_.synchronize();
  giveState(takeState());
}

Executable::~Executable() = default;

void Executable::prepare(const Block& block) {
  for (const Instruction& instruction : block) {
    const auto& body = instruction.body;
    if (const auto* cluster = std::get_if<Cluster>(&body)) {
      prepareCluster(instruction, *cluster);
    } else if (const auto* reduce = std::get_if<Reduce>(&body)) {
      prepareReduce(instruction, *reduce);
    } else if (const auto* loop = std::get_if<Loop>(&body)) {
      prepare(loop->predicate);
      prepare(loop->body);
    } else if (const auto* cond = std::get_if<Cond>(&body)) {
      prepare(cond->then);
      prepare(cond->otherwise);
    }
  }
}

void Executable::prepareCluster(const Instruction& instruction, const Cluster& cluster) {
  const auto upload = [&](const auto& values) {
    const int64_t bytes = int64_t(values.size() * sizeof(values[0]));
    tables_.emplace_back(bytes);
    tables_.back().write(0, values.data(), bytes, stream_);
    stream_.synchronize();  // before `values` goes
    return tables_.back().data();
  };
  ClusterProgram program{};
  program.rank = uint32_t(cluster.dims.size());
  program.loadCount = uint32_t(cluster.loads.size());
  program.stepCount = uint32_t(cluster.steps.size());
  program.storeCount = uint32_t(cluster.stores.size());
  copyTo(cluster.dims, program.dims);
  program.elements = product(cluster.dims);
  program.loads = reinterpret_cast<const ClusterAccess*>(upload(accessesOf(cluster.loads)));
  program.steps = reinterpret_cast<const Step*>(upload(cluster.steps));
  program.stores = reinterpret_cast<const ClusterAccess*>(upload(accessesOf(cluster.stores)));
  clusters_.resize(std::max<std::size_t>(clusters_.size(), instruction.index + 1));
  clusters_[instruction.index] = program;
}

void Executable::prepareReduce(const Instruction& instruction, const Reduce& reduce) {
  ReduceProgram program{};
  program.monoid = reduce.monoid;
  program.type = reduce.type;
  program.rankKept = uint32_t(reduce.dimsKept.size());
  program.rankReduced = uint32_t(reduce.dimsReduced.size());
  copyTo(reduce.dimsKept, program.dimsKept);
  copyTo(reduce.dimsReduced, program.dimsReduced);
  copyTo(reduce.stridesKept, program.stridesKept);
  copyTo(reduce.stridesReduced, program.stridesReduced);
  program.results = product(reduce.dimsKept);
  program.reduced = product(reduce.dimsReduced);
  scratchBytes_ = std::max(scratchBytes_, reduceScratchBytes(program));
  reduces_.resize(std::max<std::size_t>(reduces_.size(), instruction.index + 1));
  reduces_[instruction.index] = program;
}

std::unique_ptr<Executable::RunState> Executable::takeState() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto state = std::move(idle_.back());
      idle_.pop_back();
      return state;
    }
  }
  auto state = std::make_unique<RunState>(plan_, scratchBytes_);
  for (std::size_t i = 0; i < plan_.slots.size(); ++i) {
    const Slot& slot = plan_.slots[i];
    if (slot.kind == SlotKind::arena) state->slots[i] = state->arena.data() + slot.offset;
    if (slot.kind == SlotKind::constant) state->slots[i] = constants_.data() + slot.offset;
  }
  return state;
}

void Executable::giveState(std::unique_ptr<RunState> state) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(state));
}

// ---- execution ------------------------------------------------------------------------------------------------------

class Walk {
 public:
  Walk(const Executable& executable, Executable::RunState& state, Control* control, Status& status)
      : executable_(executable), state_(state), control_(control), status_(status) {}

  void run() {
    state_.report.zero(state_.stream);
    uploadSlots();
    block(executable_.plan_.code);
    catchUp();
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr auto runAheadMax = std::chrono::milliseconds(1);

  // False once the run has failed or is cancelled.
  bool block(const Block& instructions) {
    for (const Instruction& instruction : instructions)
      if (!std::visit([&](const auto& body) { return execute(instruction, body); }, instruction.body)) return false;
    return true;
  }

  bool execute(const Instruction&, const Barrier&) { return true; }

  bool execute(const Instruction& instruction, const Cluster&) {
    launchCluster(executable_.clusters_[instruction.index], reinterpret_cast<uint8_t* const*>(state_.slotTable.data()), state_.stream);
    return true;
  }

  bool execute(const Instruction& instruction, const Reduce& reduce) {
    const bool index = reduce.monoid == Monoid::argmax || reduce.monoid == Monoid::argmin;
    launchReduce(executable_.reduces_[instruction.index], at(reduce.inSlot, reduce.inOffset, reduce.type),
                 at(reduce.outSlot, reduce.outOffset, index ? Type::i32 : reduce.type), state_.scratch.data(), state_.stream);
    return true;
  }

  bool execute(const Instruction&, const Matmul& matmul) {
    const auto view = [&](const Matrix& m) {
      return MatrixView{at(m.slot, m.offset, matmul.type), m.batchStride, m.rowStride, m.colStride};
    };
    launchMatmul({matmul.type, matmul.batch, matmul.m, matmul.n, matmul.k, view(matmul.a), view(matmul.b), view(matmul.c),
                  matmul.biasSlot == noSlot ? nullptr : at(matmul.biasSlot, matmul.biasOffset, matmul.type), matmul.activation,
                  matmul.accumulate},
                 state_.stream);
    return true;
  }

  bool execute(const Instruction&, const Rows& rows) {
    RowBlock block{};
    for (std::size_t i = 0; i < rows.operands.size(); ++i) {
      const RowsOperand& operand = rows.operands[i];
      block.operands[i] = {at(operand.slot, operand.offset, operand.type), operand.rowStride, operand.rowLength};
    }
    copyTo(rows.integers, block.integers);
    copyTo(rows.numbers, block.numbers);
    int count = 0;
    const Type type = rows.operands[std::size_t(rowOps(&count)[rows.opcode - 1]->inputs)].type;
    launchRows(rows.opcode, type, block, rows.rows, reinterpret_cast<RowReport*>(state_.report.data()), state_.stream);
    return true;
  }

  bool execute(const Instruction&, const Loop& loop) {
    for (int64_t trip = 0; trip < loop.trips || (loop.isWhile && loop.trips == unlimitedTrips); ++trip) {
      if (moveSlices(loop, trip)) uploadSlots();
      if (loop.isWhile && (!block(loop.predicate) || !catchUp())) return false;
      if (loop.isWhile && !predicate(loop.predicateSlot)) return true;
      if (!block(loop.body)) return false;
      if (loop.depth > 0) continue;
      ++trips_;
      if (Clock::now() - caughtUp_ > runAheadMax && !catchUp()) return false;
    }
    return true;
  }

  bool execute(const Instruction&, const Cond& cond) {
    if (!catchUp()) return false;
    return block(predicate(cond.predicateSlot) ? cond.then : cond.otherwise);
  }

  // Points the slices of a loop at this trip; false if it has none.
  bool moveSlices(const Loop& loop, int64_t trip) {
    bool moved = false;
    const auto& slots = executable_.plan_.slots;
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const Slot& slot = slots[i];
      if (slot.kind != SlotKind::sliced || slot.offset != loop.depth) continue;
      const int64_t position = slot.reversed ? int64_t{loop.trips} - 1 - trip : trip;
      state_.slots[i] = state_.slots[slot.index] + position * slot.strideBytes;
      moved = true;
    }
    return moved;
  }

  void uploadSlots() { state_.slotTable.write(0, state_.slots.data(), state_.slotTable.bytes(), state_.stream); }

  bool predicate(uint32_t slot) {
    uint8_t value = 0;
    check(cudaMemcpyAsync(&value, state_.slots[slot], 1, cudaMemcpyDeviceToHost, state_.stream), "reading a predicate");
    state_.stream.synchronize();
    return value != 0;
  }

  // Waits for the device, then lets failures, cancellation and progress be seen. False if the run is over.
  bool catchUp() {
    RowReport report{};
    state_.report.read(0, &report, sizeof report, state_.stream);
    state_.stream.synchronize();
    caughtUp_ = Clock::now();
    int count = 0;
    if (report.failure.kind == RowFailure::indexOutside)
      status_.fail("%s: index %d is outside [0, %d)", rowOps(&count)[report.opcode - 1]->name, report.failure.index, report.failure.bound);
    if (control_) {
      control_->progress.fetch_add(uint64_t(trips_), std::memory_order_relaxed);
      if (control_->cancelled.load(std::memory_order_relaxed)) status_.cancel();
    }
    trips_ = 0;
    return status_.ok();
  }

  template <class Offset>
  void* at(uint32_t slot, Offset offset, Type type) {
    return state_.slots[slot] + int64_t{offset} * sizeOf(type);
  }

  const Executable& executable_;
  Executable::RunState& state_;
  Control* const control_;
  Status& status_;
  Clock::time_point caughtUp_ = Clock::now();
  int64_t trips_ = 0;  // done by the host, not yet reported
};

void Executable::run(const std::vector<uint8_t*>& inputs, const std::vector<uint8_t*>& outputs, Control* control, Status& status) {
  if (control && control->cancelled.load()) return status.cancel();
  std::unique_ptr<RunState> state = takeState();
  for (std::size_t i = 0; i < plan_.slots.size(); ++i) {
    const Slot& slot = plan_.slots[i];
    if (slot.kind == SlotKind::input) state->slots[i] = inputs[slot.index];
    if (slot.kind == SlotKind::output) state->slots[i] = outputs[slot.index];
  }
  try {
    Walk(*this, *state, control, status).run();
  } catch (const std::exception& error) {
    status.fail("%s", error.what());  // the state is dropped: the device may still be using it
    return;
  }
  giveState(std::move(state));
}

}  // namespace credence::cuda
