#include "executor.hpp"

#include <algorithm>
#include <credence/elementwise.hpp>
#include <credence/rows.hpp>
#include <cstring>
#include <utility>

#include "footprint.hpp"
#include "team.hpp"

namespace credence::cpu {
namespace {

constexpr uint32_t stopBit = 1, predicateBit = 2;

bool isEmpty(const std::vector<uint32_t>& dims) { return std::find(dims.begin(), dims.end(), 0u) != dims.end(); }

// Neighbouring instructions of as many parts depend on each other only within a part: else they could not do without a
// barrier. So a thread may take a block of its parts through all of them before the next block, and finds in its cache what
// the instruction before has left there. But what every block reads in whole must be little: else it comes from far away for each.
void formRuns(std::vector<Node>& nodes) {
  constexpr double blockBytes = 128 << 10;
  constexpr double wholeBytesMax = 2 * blockBytes;
  constexpr int64_t wholeTiles = 96;  // rows: a multiple of every height of a register tile
  for (std::size_t first = 0, next; first < nodes.size(); first = next) {
    double bytes = 0;
    const auto joins = [&](const Node& node) {
      return node.bytes > 0 && node.parts == nodes[first].parts && node.wholeBytes <= wholeBytesMax;
    };
    for (next = first; next < nodes.size() && joins(nodes[next]); ++next)
      bytes = std::max(bytes, nodes[next].bytes);
    if (next == first) ++next;
    if (next - first < 2 || bytes < 2 * blockBytes) continue;
    int64_t blockParts = std::max<int64_t>(1, static_cast<int64_t>(nodes[first].parts * blockBytes / bytes));
    if (blockParts > wholeTiles) blockParts -= blockParts % wholeTiles;
    nodes[first].run = static_cast<uint32_t>(next - first);
    nodes[first].blockParts = static_cast<uint32_t>(blockParts);
  }
}

}  // namespace

/// The memory of one run: an arena, and for each thread the addresses of all slots, what it has for itself, and a scratch.
struct Executable::RunState {
  struct Thread {
    std::vector<uint8_t*> slots;
    AlignedBytes own, scratch;
  };
  AlignedBytes arena;
  std::vector<Thread> threads;
};

// ---- preparation ----------------------------------------------------------------------------------------------------

Executable::Executable(Plan plan, const Kernels& kernels)
    : plan_(std::move(plan)), kernels_(kernels), constants_(static_cast<int64_t>(plan_.constants.size() * 4)) {
  if (!plan_.constants.empty()) std::memcpy(constants_.data(), plan_.constants.data(), plan_.constants.size() * 4);
  nodes_ = prepare(plan_.code);
  giveState(takeState(1));
}

Executable::~Executable() = default;

std::vector<Node> Executable::prepare(const Block& block) {
  std::vector<Node> nodes;
  for (const Instruction& instruction : block) prepareInto(nodes, instruction);
  formRuns(nodes);
  return nodes;
}

void Executable::prepareInto(std::vector<Node>& nodes, const Instruction& instruction) {
  const auto add = [&](Kind kind, uint32_t parts, std::size_t count, double bytes = 0, double wholeBytes = 0) {
    nodes.push_back({kind, parts, static_cast<uint32_t>(count - 1), bytes, wholeBytes, 1, parts});
  };
  const auto& body = instruction.body;
  if (std::holds_alternative<credence::Barrier>(body)) {
    add(Kind::barrier, 1, 1);
  } else if (const auto* cluster = std::get_if<credence::Cluster>(&body)) {
    if (isEmpty(cluster->dims)) return;
    clusters_.emplace_back(*cluster, plan_.slots, kernels_);
    scratchBytes_ = std::max(scratchBytes_, clusters_.back().scratchBytes);
    add(Kind::cluster, cluster->parts, clusters_.size(), bytesOf(*cluster), wholeBytesOf(*cluster));
  } else if (const auto* reduce = std::get_if<credence::Reduce>(&body)) {
    if (isEmpty(reduce->dimsKept)) return;
    reduces_.push_back(prepareReduce(*reduce));
    scratchBytes_ = std::max(scratchBytes_, reduceScratchBytes);
    add(Kind::reduce, reduce->parts, reduces_.size(), bytesOf(*reduce));
  } else if (const auto* matmul = std::get_if<credence::Matmul>(&body)) {
    if (matmul->batch == 0 || matmul->m == 0 || matmul->n == 0) return;
    const bool rectify = matmul->activation == static_cast<uint32_t>(StepOp::Relu);
    const StepFunction activation =
        matmul->activation && !rectify ? kernels_.step(matmul->activation, matmul->type, matmul->type) : nullptr;
    matmuls_.push_back({*matmul, rectify, activation});
    scratchBytes_ = std::max(scratchBytes_, productScratchBytes);
    add(Kind::matmul, matmul->parts, matmuls_.size(), bytesOf(*matmul), wholeBytesOf(*matmul));
  } else if (const auto* rows = std::get_if<credence::Rows>(&body)) {
    if (rows->rows == 0) return;
    int count = 0;
    rows_.push_back({*rows, rowOps(&count)[rows->opcode - 1]});
    add(Kind::rows, rows->parts, rows_.size(), bytesOf(*rows));
  } else if (const auto* loop = std::get_if<credence::Loop>(&body)) {
    PreparedLoop prepared{loop->kind, loop->trips, loop->depth, loop->predicateSlot, slicesOf(*loop, plan_.slots),
                          prepare(loop->predicate), prepare(loop->body)};
    loops_.push_back(std::move(prepared));
    add(Kind::loop, 1, loops_.size());
  } else if (const auto* cond = std::get_if<credence::Cond>(&body)) {
    conds_.push_back({cond->predicateSlot, prepare(cond->then), prepare(cond->otherwise)});
    add(Kind::cond, 1, conds_.size());
  }
}

std::unique_ptr<Executable::RunState> Executable::takeState(int threads) {
  std::unique_ptr<RunState> state;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      state = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!state) {
    state = std::make_unique<RunState>();
    state->arena = AlignedBytes(plan_.arenaBytes);
  }
  while (state->threads.size() < static_cast<std::size_t>(threads)) {
    RunState::Thread thread{std::vector<uint8_t*>(plan_.slots.size()), AlignedBytes(plan_.ownBytes), AlignedBytes(scratchBytes_)};
    for (std::size_t i = 0; i < plan_.slots.size(); ++i) {
      const Slot& slot = plan_.slots[i];
      if (slot.kind == SlotKind::arena) thread.slots[i] = state->arena.data() + slot.offset;
      if (slot.kind == SlotKind::own) thread.slots[i] = thread.own.data() + slot.offset;
      if (slot.kind == SlotKind::constant) thread.slots[i] = constants_.data() + slot.offset;
    }
    state->threads.push_back(std::move(thread));
  }
  return state;
}

void Executable::giveState(std::unique_ptr<RunState> state) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(state));
}

// ---- execution ------------------------------------------------------------------------------------------------------

/// What the threads of one run share.
struct Meeting {
  explicit Meeting(int threads) : barrier(threads) {}
  cpu::Barrier barrier;
  std::atomic<int64_t> nextTrip{0};  // of the loop whose trips the threads are taking
};

/// One thread's way through the instructions of one run.
class Walk {
 public:
  Walk(const Executable& executable, std::vector<uint8_t*>& slots, uint8_t* scratch, int thread, int threads, Meeting& meeting,
       Control* control, Status& status)
      : executable_(executable), slots_(slots), scratch_(scratch), thread_(thread), threads_(threads), meeting_(meeting),
        barrier_(&meeting.barrier), control_(control), status_(status) {}

  /// False once the run has failed or is cancelled; all threads say so at the same barrier.
  bool block(const std::vector<Node>& nodes) {
    for (const Node *node = nodes.data(), *end = node + nodes.size(); node < end; node += node->run) {
      switch (node->kind) {
        case Kind::barrier:
          if (meet([] { return 0u; }) & stopBit) return false;
          break;
        case Kind::loop:
          if (const PreparedLoop& prepared = executable_.loops_[node->item];
              !(prepared.kind == LoopKind::each && threads_ > 1 ? shareTrips(prepared) : loop(prepared)))
            return false;
          break;
        case Kind::cond:
          if (!cond(executable_.conds_[node->item])) return false;
          break;
        default: share(node);
      }
    }
    return true;
  }

 private:
  /// This thread's parts of a run of nodes.
  void share(const Node* first) {
    int64_t begin = 0, end = first->parts;
    if (threads_ > 1) {
      begin = partBegin(first->parts, thread_, threads_);
      end = partBegin(first->parts, thread_ + 1, threads_);
    }
    for (int64_t next; begin < end; begin = next) {
      next = std::min<int64_t>(begin + first->blockParts, end);
      for (const Node* node = first; node < first + first->run; ++node) execute(*node, begin, next);
    }
  }

  void execute(const Node& node, int64_t begin, int64_t end) {
    switch (node.kind) {
      case Kind::cluster:
        return executable_.kernels_.cluster(executable_.clusters_[node.item].program, slots_.data(), begin, end, scratch_);
      case Kind::reduce: return executable_.kernels_.reduce(executable_.reduces_[node.item], slots_.data(), begin, end, scratch_);
      case Kind::matmul: return matmul(executable_.matmuls_[node.item], begin, end);
      default: return rows(executable_.rows_[node.item], begin, end);
    }
  }

  /// The barrier at which failures and cancellation become visible.
  template <class Decide>
  uint32_t meet(Decide decide) {
    return barrier_->arrive([&] {
      const uint32_t decision = decide();
      if (control_ && control_->cancelled.load(std::memory_order_relaxed)) status_.cancel();
      return decision | (status_.ok() ? 0u : stopBit);
    });
  }

  uint32_t predicate(uint32_t slot) { return *slots_[slot] ? predicateBit : 0u; }

  bool loop(const PreparedLoop& loop) {
    const bool isWhile = loop.kind == LoopKind::whileTrue;
    for (int64_t trip = 0; trip < loop.trips || (isWhile && loop.trips == unlimitedTrips); ++trip) {
      slide(loop, trip);
      if (isWhile) {
        if (!block(loop.predicate)) return false;
        const uint32_t decision = meet([&] { return predicate(loop.predicateSlot); });
        if (decision & stopBit) return false;
        if (!(decision & predicateBit)) return true;
      }
      if (!tripOf(loop)) return false;
    }
    return true;
  }

  /// The trips of a loop that do not depend on one another: each thread takes some, then some more, and walks them alone.
  bool shareTrips(const PreparedLoop& loop) {
    constexpr int64_t takesPerThread = 8;
    const int64_t take = std::max<int64_t>(1, loop.trips / (takesPerThread * threads_));
    cpu::Barrier alone(1);
    const int thread = std::exchange(thread_, 0), threads = std::exchange(threads_, 1);
    barrier_ = &alone;
    for (bool going = true; going;) {
      const int64_t first = meeting_.nextTrip.fetch_add(take, std::memory_order_relaxed);
      const int64_t last = std::min<int64_t>(first + take, loop.trips);
      going = first < last;
      for (int64_t trip = first; going && trip < last; ++trip) {
        slide(loop, trip);
        going = tripOf(loop);
      }
    }
    thread_ = thread, threads_ = threads, barrier_ = &meeting_.barrier;
    return !(meet([&] {
      meeting_.nextTrip.store(0, std::memory_order_relaxed);
      return 0u;
    }) & stopBit);
  }

  /// Moves the slices of a loop to a trip.
  void slide(const PreparedLoop& loop, int64_t trip) {
    for (const uint32_t slice : loop.slices) {
      const Slot& slot = executable_.plan_.slots[slice];
      const int64_t position = slot.reversed ? int64_t{loop.trips} - 1 - trip : trip;
      slots_[slice] = slots_[slot.index] + position * slot.strideBytes;
    }
  }

  bool tripOf(const PreparedLoop& loop) {
    if (!block(loop.body)) return false;
    return !(meet([&] {
      if (loop.depth == 0 && control_) control_->progress.fetch_add(1, std::memory_order_relaxed);
      return 0u;
    }) & stopBit);
  }

  bool cond(const PreparedCond& cond) {
    const uint32_t decision = meet([&] { return predicate(cond.predicateSlot); });
    if (decision & stopBit) return false;
    return block(decision & predicateBit ? cond.then : cond.otherwise);
  }

  template <class T>
  T* at(const Matrix& matrix, int64_t batch, int64_t row) {
    return reinterpret_cast<T*>(slots_[matrix.slot]) + matrix.offset + batch * matrix.batchStride + row * matrix.rowStride;
  }

  void matmul(const PreparedMatmul& prepared, int64_t begin, int64_t end) {
    if (prepared.matmul.type == Type::f32) matmulOf<float>(prepared, begin, end);
    else matmulOf<double>(prepared, begin, end);
  }

  // A part is batch / parts products, or M / parts rows of the only one; how the rows are shared does not change their bits.
  template <class T>
  void matmulOf(const PreparedMatmul& prepared, int64_t begin, int64_t end) {
    const Matmul& m = prepared.matmul;
    if (m.batch == 1) {
      const int64_t perPart = m.m / m.parts;
      productOf<T>(prepared, 0, begin * perPart, (end - begin) * perPart);
      return;
    }
    const int64_t perPart = m.batch / m.parts;
    for (int64_t batch = begin * perPart; batch < end * perPart; ++batch) productOf<T>(prepared, batch, 0, m.m);
  }

  template <class T>
  void productOf(const PreparedMatmul& prepared, int64_t batch, int64_t row, int64_t rows) {
    const Matmul& m = prepared.matmul;
    const Product product{rows,           m.n,           m.k,
                          at<T>(m.a, batch, row), m.a.rowStride, m.a.colStride,
                          at<T>(m.b, batch, 0),   m.b.rowStride, m.b.colStride,
                          at<T>(m.c, batch, row), m.c.rowStride, m.accumulate,
                          m.biasSlot == noSlot ? nullptr : reinterpret_cast<const T*>(slots_[m.biasSlot]) + m.biasOffset,
                          prepared.rectify,
                          prepared.activation};
    if constexpr (sizeof(T) == 4) executable_.kernels_.productF32(product, scratch_);
    else executable_.kernels_.productF64(product, scratch_);
  }

  void rows(const PreparedRows& prepared, int64_t begin, int64_t end) {
    const Rows& rows = prepared.rows;
    RowOperand operands[rowOperandMax];
    for (std::size_t i = 0; i < rows.operands.size(); ++i) {
      const RowsOperand& operand = rows.operands[i];
      operands[i] = {slots_[operand.slot] + operand.offset * sizeOf(operand.type), operand.type, operand.rowStride, operand.rowLength};
    }
    const RowCall call{operands,
                       static_cast<int>(rows.operands.size()),
                       rows.integers.data(),
                       static_cast<int>(rows.integers.size()),
                       rows.numbers.data(),
                       static_cast<int>(rows.numbers.size()),
                       &status_};
    const int64_t perPart = rows.rows / rows.parts;
    prepared.op->run(call, begin * perPart, end * perPart);
  }

  const Executable& executable_;
  std::vector<uint8_t*>& slots_;
  uint8_t* const scratch_;
  int thread_, threads_;  // 0 and 1 while it walks alone
  Meeting& meeting_;
  cpu::Barrier* barrier_;
  Control* const control_;
  Status& status_;
};

void Executable::run(const std::vector<void*>& inputs, const std::vector<void*>& outputs, int threads, Control* control, Status& status) {
  if (control && control->cancelled.load()) return status.cancel();
  std::unique_ptr<RunState> state = takeState(threads);
  Meeting meeting(threads);
  const auto walk = [&](int thread) {
    RunState::Thread& own = state->threads[static_cast<std::size_t>(thread)];
    for (std::size_t i = 0; i < plan_.slots.size(); ++i) {
      const Slot& slot = plan_.slots[i];
      if (slot.kind == SlotKind::input) own.slots[i] = static_cast<uint8_t*>(inputs[slot.index]);
      if (slot.kind == SlotKind::output) own.slots[i] = static_cast<uint8_t*>(outputs[slot.index]);
    }
    Walk(*this, own.slots, own.scratch.data(), thread, threads, meeting, control, status).block(nodes_);
  };
  if (threads == 1) {
    walk(0);
  } else {
    std::unique_ptr<Team> team = TeamPool::instance().take(threads);
    team->run(walk);
    TeamPool::instance().give(std::move(team));
  }
  giveState(std::move(state));
}

}  // namespace credence::cpu
