#include "program.hpp"

#include <credence/rows.hpp>

#include <algorithm>
#include <chrono>

#include "record.hpp"

namespace credence::cuda {
namespace {

using Clock = std::chrono::steady_clock;

/// What the host sees of the device at some point of a run.
struct Seen {
  RowReport report;
  LoopState loop;
};

/// A point that the device will come to, and what it will have left there.
struct Mark {
  Event event;
  Pinned<Seen> seen;
  int64_t trips = 0;  // launched before it, of a repeat
};

/// How many trips take about a millisecond: cancelling waits for the trips in flight, and the host should not be busy.
struct Pace {
  int64_t trips = 1;

  void took(Clock::duration time) {
    constexpr int64_t tripsMax = 1 << 20;
    if (time < std::chrono::microseconds(500)) trips = std::min(2 * trips, tripsMax);
    else if (time > std::chrono::milliseconds(2)) trips = std::max<int64_t>(trips / 2, 1);
  }
};

}  // namespace

// The memory of a run, and the graphs that were recorded for it. Inputs and outputs are bound by writing the table of slots.
struct Executable::RunState {
  explicit RunState(const Prepared& prepared)
      : arena(prepared.plan().arenaBytes), own(prepared.plan().ownBytes), scratch(prepared.scratchBytes()), tickets(ticketsMax * int64_t(sizeof(uint32_t))),
        slotTable(int64_t(prepared.plan().slots.size() * sizeof(uint8_t*))), loops(prepared.count() * int64_t(sizeof(LoopState))),
        report(sizeof(RowReport)), slots(prepared.plan().slots.size()) {
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const Slot& slot = prepared.plan().slots[i];
      if (slot.kind == SlotKind::arena) slots[i] = arena.data() + slot.offset;
      if (slot.kind == SlotKind::own) slots[i] = own.data() + slot.offset;
      if (slot.kind == SlotKind::constant) slots[i] = prepared.constants().data() + slot.offset;
    }
    tickets.fill(0, stream);
    const RunMemory memory{slotTable.as<uint8_t*>(), scratch.data(), scratch.bytes(), tickets.as<uint32_t>(), report.as<RowReport>()};
    steps = recordPlan(prepared, memory, loops.as<LoopState>());
  }

  Stream stream;
  Memory arena, own, scratch, tickets, slotTable, loops, report;
  std::vector<uint8_t*> slots;  // as in the table when a run begins
  Steps steps;
  Mark marks[2];
};

// ---- a run --------------------------------------------------------------------------------------------------------------

namespace {

/// The host's way through the steps. Two batches of trips are in flight: while the device is in one, the host sees to the other.
template <class State>
class Run {
 public:
  Run(State& state, Control* control, Status& status) : state_(state), control_(control), status_(status) {}

  void operator()() {
    state_.report.fill(0, state_.stream);
    state_.slotTable.write(0, state_.slots.data(), state_.slotTable.bytes(), state_.stream);
    if (!walk(state_.steps)) return;
    see(mark(nullptr));
  }

 private:
  // False once the run has failed or is cancelled.
  bool walk(const Steps& steps) {
    for (const Step& step : steps)
      if (!std::visit([&](const auto& body) { return execute(body); }, step.body)) return false;
    return true;
  }

  bool execute(const Stretch& stretch) {
    stretch.replay.launch(state_.stream);
    return true;
  }

  bool execute(const Branch& branch) {
    uint8_t chosen = 0;
    check(cudaMemcpyAsync(&chosen, state_.slots[branch.predicateSlot], 1, cudaMemcpyDeviceToHost, state_.stream), "reading a predicate");
    state_.stream.synchronize();
    return walk(chosen ? branch.then : branch.otherwise);
  }

  bool execute(const RepeatLoop& loop) {
    check(cudaMemsetAsync(loop.state, 0xff, sizeof(LoopState), state_.stream), "resetting a loop");  // trip -1
    Pace pace;
    Mark* waiting = nullptr;
    for (int64_t done = 0; done < loop.trips;) {
      const int64_t trips = std::min(pace.trips, loop.trips - done);
      for (int64_t i = 0; i < trips / loop.many; ++i) loop.manyTrips.launch(state_.stream);
      for (int64_t i = 0; i < trips % loop.many; ++i) loop.oneTrip.launch(state_.stream);
      done += trips;
      Mark* const next = mark(loop.state, trips);
      if (waiting && !(see(waiting, &pace) && progressed(waiting->trips))) return false;
      waiting = next;
    }
    return see(waiting) && progressed(waiting->trips);
  }

  bool execute(const WhileLoop& loop) {
    loop.start.launch(state_.stream);
    Pace pace;
    int64_t limit = 0, reported = 0;
    Mark* waiting = nullptr;
    for (;;) {
      limit += std::min(pace.trips, loop.trips - limit);
      check(cudaMemcpyAsync(&loop.state->limit, &limit, sizeof limit, cudaMemcpyHostToDevice, state_.stream), "allowing trips");
      loop.more.launch(state_.stream);
      Mark* const next = mark(loop.state);
      if (waiting) {
        if (!see(waiting, &pace)) return false;
        const LoopState& state = waiting->seen->loop;
        progressed(state.trip - reported);
        reported = state.trip;
        if (!state.going || state.trip >= loop.trips) return true;  // the batch behind it finds nothing to do
      }
      waiting = next;
    }
  }

  Mark* mark(const LoopState* loop, int64_t trips = 0) {
    Mark& mark = state_.marks[marked_++ % 2];
    mark.trips = trips;
    state_.report.read(0, &mark.seen->report, sizeof(RowReport), state_.stream);
    if (loop) check(cudaMemcpyAsync(&mark.seen->loop, loop, sizeof(LoopState), cudaMemcpyDeviceToHost, state_.stream), "reading a loop");
    mark.event.record(state_.stream);
    return &mark;
  }

  // Waits until the device has come to the mark, then lets failures and cancellation be seen. False if the run is over.
  bool see(const Mark* mark, Pace* pace = nullptr) {
    mark->event.synchronize();
    const Clock::time_point now = Clock::now();
    if (pace) pace->took(now - seen_);
    seen_ = now;
    const RowReport& report = mark->seen->report;
    int count = 0;
    if (report.failure.kind == RowFailure::indexOutside)
      status_.fail("%s: index %d is outside [0, %d)", rowOps(&count)[report.opcode - 1]->name, report.failure.index, report.failure.bound);
    if (control_ && control_->cancelled.load(std::memory_order_relaxed)) status_.cancel();
    return status_.ok();
  }

  bool progressed(int64_t trips) {
    if (control_) control_->progress.fetch_add(uint64_t(trips), std::memory_order_relaxed);
    return true;
  }

  State& state_;
  Control* const control_;
  Status& status_;
  Clock::time_point seen_ = Clock::now();
  unsigned marked_ = 0;
};

}  // namespace

Executable::Executable(Plan plan, bool tensorCores) : prepared_(std::move(plan), tensorCores) { giveState(takeState()); }

Executable::~Executable() = default;

std::unique_ptr<Executable::RunState> Executable::takeState() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto state = std::move(idle_.back());
      idle_.pop_back();
      return state;
    }
  }
  return std::make_unique<RunState>(prepared_);
}

void Executable::giveState(std::unique_ptr<RunState> state) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(state));
}

void Executable::run(const std::vector<uint8_t*>& inputs, const std::vector<uint8_t*>& outputs, Control* control, Status& status) {
  if (control && control->cancelled.load()) return status.cancel();
  std::unique_ptr<RunState> state;
  try {
    state = takeState();
    for (std::size_t i = 0; i < state->slots.size(); ++i) {
      const Slot& slot = plan().slots[i];
      if (slot.kind == SlotKind::input) state->slots[i] = inputs[slot.index];
      if (slot.kind == SlotKind::output) state->slots[i] = outputs[slot.index];
    }
    Run(*state, control, status)();
    state->stream.synchronize();
    giveState(std::move(state));
  } catch (const std::exception& error) {
    if (state) cudaStreamSynchronize(state->stream);  // the caller's buffers are out of use, whatever happened
    cudaGetLastError();
    status.fail("%s", error.what());
  }
}

}  // namespace credence::cuda
