// Runs kernels on the host: a fiber per CUDA thread, one block at a time, one thread at a time.
#include <setjmp.h>
#include <signal.h>
#include <ucontext.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "machine.hpp"

dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace credence::emulator {
namespace {

constexpr std::size_t stackBytes = 256 << 10;
constexpr std::size_t exchangeBytesMax = 16;

enum class Waiting { nothing, block, warp };

struct Fiber {
  ucontext_t context;   // where it begins, the first time
  jmp_buf place;        // where it goes on: a jump keeps the signal mask, which a context would ask the kernel for
  std::unique_ptr<unsigned char[]> stack;
  dim3 index;
  int lane, warp;
  Waiting waiting;
  int line;             // of the barrier waited at
  bool vote;            // at it
  unsigned generation;  // of the warp's exchange waited for
  bool done;
  bool begun;           // it has run a body, and stands ready for the next
};

// A rendezvous of the lanes of one warp: `given` collects, `published` is what the last complete exchange left.
struct Warp {
  unsigned arrived, mask, generation;
  unsigned char given[32][exchangeBytesMax], published[32][exchangeBytesMax];
};

// The launch in progress.
struct Launch {
  std::vector<Fiber> fibers;
  std::vector<Warp> warps;
  std::unique_ptr<GuardedMemory> shared;
  const std::function<void()>* body = nullptr;
  const char* kernel = nullptr;
  jmp_buf scheduler;
  Fiber* current = nullptr;
  bool votes = false;  // whether any thread voted at the last barrier
  std::mt19937_64 random{1};
  bool reversed = false;
  std::vector<unsigned> blockOrder, threadOrder;  // here, since a fault leaves the launch without unwinding
  sigjmp_buf afterFault;
};
Launch run;

void fail(const char* format, ...) __attribute__((format(printf, 1, 2)));
void fail(const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  machine().fail(std::string(run.kernel) + ": " + text);
}
bool failed() { return machine().error != cudaSuccess; }

void toScheduler(Fiber& fiber) {
  if (_setjmp(fiber.place) == 0) _longjmp(run.scheduler, 1);
}

// One thread after the other, a launch after the other.
void enter() {
  for (;;) {
    (*run.body)();
    run.current->done = true;
    toScheduler(*run.current);
  }
}

void resume(Fiber& fiber) {
  run.current = &fiber;
  threadIdx = fiber.index;
  if (_setjmp(run.scheduler) != 0) return;  // it waits, or is done
  if (fiber.begun) _longjmp(fiber.place, 1);
  fiber.begun = true;
  setcontext(&fiber.context);
}

void waitFor(Waiting what) {
  run.current->waiting = what;
  toScheduler(*run.current);
}

void startFibers(dim3 block) {
  const unsigned count = block.x * block.y * block.z;
  if (run.fibers.size() < count) run.fibers.resize(count);
  run.warps.assign((count + 31) / 32, Warp{});
  for (unsigned i = 0; i < count; ++i) {
    Fiber& fiber = run.fibers[i];
    if (!fiber.stack) fiber.stack.reset(new unsigned char[stackBytes]);
    fiber.index = dim3(i % block.x, i / block.x % block.y, i / block.x / block.y);
    fiber.lane = int(i % 32);
    fiber.warp = int(i / 32);
    fiber.waiting = Waiting::nothing;
    fiber.done = false;
    if (fiber.begun) continue;
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.get();
    fiber.context.uc_stack.ss_size = stackBytes;
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, enter, 0);
  }
}

bool mayRun(const Fiber& fiber) {
  if (fiber.done || fiber.waiting == Waiting::block) return false;
  return fiber.waiting == Waiting::nothing || run.warps[std::size_t(fiber.warp)].generation != fiber.generation;
}

// All threads have stopped: lets them through the barrier if every one of them stands at it. Sets an error if not.
bool passBarrier(unsigned count) {
  unsigned atBarrier = 0, atWarp = 0, done = 0;
  int line = 0;
  for (unsigned i = 0; i < count; ++i) {
    const Fiber& fiber = run.fibers[i];
    done += fiber.done;
    atWarp += !fiber.done && fiber.waiting == Waiting::warp;
    if (fiber.done || fiber.waiting != Waiting::block) continue;
    if (atBarrier++ == 0) line = fiber.line;
    else if (fiber.line != line) return fail("threads of block %u wait at different barriers, lines %d and %d", blockIdx.x, line, fiber.line), false;
  }
  if (done == count) return false;
  if (atWarp > 0) return fail("a warp exchange in block %u waits for lanes that never come", blockIdx.x), false;
  if (atBarrier < count)
    return fail("only %u of %u threads of block %u reach the barrier at line %d", atBarrier, count, blockIdx.x, line), false;
  run.votes = false;
  for (unsigned i = 0; i < count; ++i) {
    run.fibers[i].waiting = Waiting::nothing;
    run.votes |= run.fibers[i].vote;
  }
  return true;
}

// An order of `count` things: shuffled, or the reverse of the shuffle with the same generator.
template <class Generator>
void arrange(std::vector<unsigned>& order, std::size_t count, Generator& random) {
  order.resize(count);
  std::iota(order.begin(), order.end(), 0u);
  std::shuffle(order.begin(), order.end(), random);
  if (run.reversed) std::reverse(order.begin(), order.end());
}

void runBlock(dim3 block, std::uint64_t seed) {
  const unsigned count = block.x * block.y * block.z;
  startFibers(block);
  std::memset(run.shared->data(), run.reversed ? 0x3f : 0xff, run.shared->bytes());  // NaN, then 0.75: what is read unwritten shows
  std::minstd_rand random(unsigned(seed) | 1u);
  for (;;) {
    arrange(run.threadOrder, count, random);
    bool progress = false;
    for (const unsigned i : run.threadOrder) {
      if (!mayRun(run.fibers[i])) continue;
      run.fibers[i].waiting = Waiting::nothing;
      resume(run.fibers[i]);
      progress = true;
      if (failed()) return;
    }
    if (!progress && !passBarrier(count)) return;
  }
}

void onFault(int, siginfo_t* info, void*) {
  const GuardedMemory* near = nullptr;
  for (const GuardedMemory& buffer : machine().buffers)
    if (buffer.inGuard(info->si_addr)) near = &buffer;
  const dim3 thread = run.current->index;
  if (near)
    fail("thread %u of block %u accesses byte %td of a buffer of %zu bytes", thread.x, blockIdx.x,
         static_cast<unsigned char*>(info->si_addr) - near->data(), near->bytes());
  else if (run.shared->inGuard(info->si_addr))
    fail("thread %u of block %u accesses byte %td of %zu bytes of shared memory", thread.x, blockIdx.x,
         static_cast<unsigned char*>(info->si_addr) - run.shared->data(), run.shared->bytes());
  else
    fail("thread %u of block %u accesses %p, which is no device memory", thread.x, blockIdx.x, info->si_addr);
  siglongjmp(run.afterFault, 1);
}

// Routes memory faults to onFault, on a stack of its own, for the length of one launch.
class FaultHandler {
 public:
  FaultHandler() : stack_(new unsigned char[64 << 10]) {
    const stack_t own = {stack_.get(), 0, 64 << 10};
    sigaltstack(&own, &oldStack_);
    struct sigaction action = {};
    action.sa_sigaction = onFault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGSEGV, &action, &oldSegv_);
    sigaction(SIGBUS, &action, &oldBus_);
  }
  ~FaultHandler() {
    sigaction(SIGSEGV, &oldSegv_, nullptr);
    sigaction(SIGBUS, &oldBus_, nullptr);
    sigaltstack(&oldStack_, nullptr);
  }

 private:
  std::unique_ptr<unsigned char[]> stack_;
  stack_t oldStack_;
  struct sigaction oldSegv_, oldBus_;
};

void runGrid(dim3 grid, dim3 block) {
  const FaultHandler handler;
  if (sigsetjmp(run.afterFault, 1) != 0) return;  // a thread faulted: onFault has said how
  std::mt19937_64 random = run.random;
  arrange(run.blockOrder, std::size_t{grid.x} * grid.y * grid.z, random);
  const std::uint64_t seed = random();
  for (const unsigned i : run.blockOrder) {
    blockIdx = dim3(i % grid.x, i / grid.x % grid.y, i / grid.x / grid.y);
    runBlock(block, seed + i);
    if (failed()) return;
  }
}

void setAllAccessible(bool accessible) {
  for (const GuardedMemory& buffer : machine().buffers) buffer.setAccessible(accessible);
}

using Contents = std::vector<std::vector<unsigned char>>;
Contents contents() {
  Contents all;
  for (const GuardedMemory& buffer : machine().buffers) all.emplace_back(buffer.data(), buffer.data() + buffer.bytes());
  return all;
}

void restore(const Contents& all) {
  auto saved = all.begin();
  for (GuardedMemory& buffer : machine().buffers) {
    std::copy(saved->begin(), saved->end(), buffer.data());
    ++saved;
  }
}

// Two threads that touch the same bytes without a barrier between them came in both orders.
void expectSame(const Contents& first) {
  auto saved = first.begin();
  for (const GuardedMemory& buffer : machine().buffers) {
    const auto at = std::mismatch(saved->begin(), saved->end(), buffer.data()).first;
    if (at != saved->end())
      return fail("a race, or shared memory read unwritten: byte %td of a buffer of %zu bytes depends on the order of threads or blocks", at - saved->begin(), buffer.bytes());
    ++saved;
  }
}

void expectIntact() {
  for (const GuardedMemory& buffer : machine().buffers) {
    if (buffer.intact()) continue;
    fail("it wrote next to a buffer of %zu bytes", buffer.bytes());
    buffer.fillMargins();
  }
  if (!run.shared->intact()) fail("it wrote next to its shared memory of %zu bytes", run.shared->bytes());
}

}  // namespace

void seed(std::uint64_t value) { run.random.seed(value); }

unsigned char* sharedMemory() { return run.shared->data(); }

int lane() { return run.current->lane; }

bool synchronizeThreads(int line, bool vote) {
  run.current->line = line;
  run.current->vote = vote;
  waitFor(Waiting::block);
  return run.votes;
}

void exchange(unsigned mask, const void* give, void* take, std::size_t bytes, int from) {
  Fiber& fiber = *run.current;
  Warp& warp = run.warps[std::size_t(fiber.warp)];
  const unsigned self = 1u << fiber.lane;
  if (bytes > exchangeBytesMax || !(mask & self) || (warp.arrived && warp.mask != mask)) {
    fail("thread %u of block %u joins a warp exchange under mask %08x, others under %08x", fiber.index.x, blockIdx.x, mask, warp.mask);
    waitFor(Waiting::warp);
  }
  std::memcpy(warp.given[fiber.lane], give, bytes);
  warp.mask = mask;
  warp.arrived |= self;
  fiber.generation = warp.generation;
  if (warp.arrived == mask) {
    std::memcpy(warp.published, warp.given, sizeof warp.given);
    warp.arrived = 0;
    ++warp.generation;
  } else {
    waitFor(Waiting::warp);
  }
  std::memcpy(take, warp.published[from], bytes);
}

void launch(const char* name, dim3 grid, dim3 block, std::size_t sharedBytes, const std::function<void()>& body) {
  if (failed()) return;  // as on a device, an error stays until it is asked for
  for (Fiber& fiber : run.fibers) fiber.begun &= fiber.done;  // those a fault or an error has left in the middle start afresh
  run.kernel = name;
  if (block.x * block.y * block.z == 0 || block.x * block.y * block.z > 1024 || grid.x == 0 || grid.y == 0 || grid.z == 0 ||
      grid.y > 65535 || grid.z > 65535 || sharedBytes > 48 << 10)
    return fail("a grid of (%u, %u, %u) blocks of (%u, %u, %u) threads with %zu bytes of shared memory cannot be launched", grid.x,
                grid.y, grid.z, block.x, block.y, block.z, sharedBytes);
  blockDim = block;
  gridDim = grid;
  run.body = &body;
  run.shared = std::make_unique<GuardedMemory>(sharedBytes);
  setAllAccessible(true);
  const Contents before = contents();
  run.reversed = false;
  runGrid(grid, block);
  expectIntact();
  if (!failed()) {
    const Contents after = contents();
    restore(before);
    run.reversed = true;
    runGrid(grid, block);
    expectIntact();
    if (!failed()) expectSame(after);
  }
  run.random();
  setAllAccessible(false);  // the host must copy
}

}  // namespace credence::emulator
