// Runs kernels on the host: a fiber per CUDA thread, one block at a time, one thread at a time.
#include <setjmp.h>
#include <signal.h>
#include <ucontext.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <list>
#include <memory>
#include <mutex>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "cuda_runtime.h"
#include "memory.hpp"

dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace credence::emulator {
namespace {

constexpr std::size_t stackBytes = 256 << 10;
constexpr std::size_t exchangeBytesMax = 16;

enum class Waiting { nothing, block, warp };

struct Fiber {
  ucontext_t context;
  std::unique_ptr<unsigned char[]> stack;
  dim3 index;
  int lane, warp;
  Waiting waiting;
  int line;             // of the barrier waited at
  unsigned generation;  // of the warp's exchange waited for
  bool done;
};

// A rendezvous of the lanes of one warp: `given` collects, `published` is what the last complete exchange left.
struct Warp {
  unsigned arrived, mask, generation;
  unsigned char given[32][exchangeBytesMax], published[32][exchangeBytesMax];
};

struct Machine {
  std::recursive_mutex busy;
  std::list<GuardedMemory> buffers;
  std::vector<Fiber> fibers;
  std::vector<Warp> warps;
  std::unique_ptr<GuardedMemory> shared;
  const std::function<void()>* body = nullptr;
  const char* kernel = nullptr;
  ucontext_t scheduler;
  Fiber* current = nullptr;
  std::mt19937_64 random{1};
  std::vector<unsigned> blockOrder, threadOrder;  // here, since a fault leaves the launch without unwinding
  cudaError_t error = cudaSuccess;
  std::string message;
  sigjmp_buf afterFault;
};
Machine machine;

void fail(const char* format, ...) __attribute__((format(printf, 1, 2)));
void fail(const char* format, ...) {
  if (machine.error != cudaSuccess) return;
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  machine.error = cudaErrorLaunchFailure;
  machine.message = std::string(machine.kernel) + ": " + text;
}

void enter() {
  (*machine.body)();
  machine.current->done = true;
  swapcontext(&machine.current->context, &machine.scheduler);
}

void resume(Fiber& fiber) {
  machine.current = &fiber;
  threadIdx = fiber.index;
  swapcontext(&machine.scheduler, &fiber.context);
}

void waitFor(Waiting what) {
  Fiber& fiber = *machine.current;
  fiber.waiting = what;
  swapcontext(&fiber.context, &machine.scheduler);
}

void startFibers(dim3 block) {
  const unsigned count = block.x * block.y * block.z;
  if (machine.fibers.size() < count) machine.fibers.resize(count);
  machine.warps.assign((count + 31) / 32, Warp{});
  for (unsigned i = 0; i < count; ++i) {
    Fiber& fiber = machine.fibers[i];
    if (!fiber.stack) fiber.stack.reset(new unsigned char[stackBytes]);
    fiber.index = dim3(i % block.x, i / block.x % block.y, i / block.x / block.y);
    fiber.lane = int(i % 32);
    fiber.warp = int(i / 32);
    fiber.waiting = Waiting::nothing;
    fiber.done = false;
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.get();
    fiber.context.uc_stack.ss_size = stackBytes;
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, enter, 0);
  }
}

bool mayRun(const Fiber& fiber) {
  if (fiber.done || fiber.waiting == Waiting::block) return false;
  return fiber.waiting == Waiting::nothing || machine.warps[std::size_t(fiber.warp)].generation != fiber.generation;
}

// All threads have stopped: lets them through the barrier if every one of them stands at it. Sets an error if not.
bool passBarrier(unsigned count) {
  unsigned atBarrier = 0, atWarp = 0, done = 0;
  int line = 0;
  for (unsigned i = 0; i < count; ++i) {
    const Fiber& fiber = machine.fibers[i];
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
  for (unsigned i = 0; i < count; ++i) machine.fibers[i].waiting = Waiting::nothing;
  return true;
}

void runBlock(dim3 block) {
  const unsigned count = block.x * block.y * block.z;
  startFibers(block);
  std::memset(machine.shared->data(), 0xff, machine.shared->bytes());
  std::vector<unsigned>& order = machine.threadOrder;
  order.resize(count);
  std::iota(order.begin(), order.end(), 0u);
  for (;;) {
    std::shuffle(order.begin(), order.end(), machine.random);
    bool progress = false;
    for (const unsigned i : order) {
      if (!mayRun(machine.fibers[i])) continue;
      machine.fibers[i].waiting = Waiting::nothing;
      resume(machine.fibers[i]);
      progress = true;
      if (machine.error != cudaSuccess) return;
    }
    if (!progress && !passBarrier(count)) return;
  }
}

void onFault(int, siginfo_t* info, void*) {
  const GuardedMemory* near = nullptr;
  for (const GuardedMemory& buffer : machine.buffers)
    if (buffer.inGuard(info->si_addr)) near = &buffer;
  const dim3 thread = machine.current->index;
  if (near)
    fail("thread %u of block %u accesses byte %td of a buffer of %zu bytes", thread.x, blockIdx.x,
         static_cast<unsigned char*>(info->si_addr) - near->data(), near->bytes());
  else if (machine.shared->inGuard(info->si_addr))
    fail("thread %u of block %u accesses byte %td of %zu bytes of shared memory", thread.x, blockIdx.x,
         static_cast<unsigned char*>(info->si_addr) - machine.shared->data(), machine.shared->bytes());
  else
    fail("thread %u of block %u accesses %p, which is no device memory", thread.x, blockIdx.x, info->si_addr);
  siglongjmp(machine.afterFault, 1);
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
  if (sigsetjmp(machine.afterFault, 1) != 0) return;  // a thread faulted: onFault has said how
  std::vector<unsigned>& order = machine.blockOrder;
  order.resize(std::size_t{grid.x} * grid.y * grid.z);
  std::iota(order.begin(), order.end(), 0u);
  std::shuffle(order.begin(), order.end(), machine.random);
  for (const unsigned i : order) {
    blockIdx = dim3(i % grid.x, i / grid.x % grid.y, i / grid.x / grid.y);
    runBlock(block);
    if (machine.error != cudaSuccess) return;
  }
}

GuardedMemory* bufferOf(const void* address, std::size_t bytes) {
  for (GuardedMemory& buffer : machine.buffers)
    if (buffer.contains(address, bytes)) return &buffer;
  return nullptr;
}

void setAllAccessible(bool accessible) {
  for (const GuardedMemory& buffer : machine.buffers) buffer.setAccessible(accessible);
}

}  // namespace

void seed(std::uint64_t value) { machine.random.seed(value); }

unsigned char* sharedMemory() { return machine.shared->data(); }

int lane() { return machine.current->lane; }

void synchronizeThreads(int line) {
  machine.current->line = line;
  waitFor(Waiting::block);
}

void exchange(unsigned mask, const void* give, void* take, std::size_t bytes, int from) {
  Fiber& fiber = *machine.current;
  Warp& warp = machine.warps[std::size_t(fiber.warp)];
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
  const std::lock_guard lock(machine.busy);
  if (machine.error != cudaSuccess) return;  // as on a device, an error stays until it is asked for
  machine.kernel = name;
  if (block.x * block.y * block.z == 0 || block.x * block.y * block.z > 1024 || grid.x == 0 || grid.y == 0 || grid.z == 0 ||
      grid.y > 65535 || grid.z > 65535 || sharedBytes > 48 << 10)
    return fail("a grid of (%u, %u, %u) blocks of (%u, %u, %u) threads with %zu bytes of shared memory cannot be launched", grid.x,
                grid.y, grid.z, block.x, block.y, block.z, sharedBytes);
  blockDim = block;
  gridDim = grid;
  machine.body = &body;
  machine.shared = std::make_unique<GuardedMemory>(sharedBytes);
  setAllAccessible(true);
  runGrid(grid, block);
  for (const GuardedMemory& buffer : machine.buffers) {
    if (buffer.intact()) continue;
    fail("it wrote next to a buffer of %zu bytes", buffer.bytes());
    buffer.fillMargins();
  }
  if (!machine.shared->intact()) fail("it wrote next to its shared memory of %zu bytes", machine.shared->bytes());
  setAllAccessible(false);  // the host must copy
}

}  // namespace credence::emulator

// ---- runtime ------------------------------------------------------------------------------------------------------------

using credence::emulator::machine;

cudaError_t cudaGetDeviceCount(int* count) { return *count = 1, cudaSuccess; }
cudaError_t cudaSetDevice(int device) { return device == 0 ? cudaSuccess : cudaErrorInvalidValue; }

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {"the emulator", std::size_t{4} << 30, 1, 0, 0};
  return cudaSuccess;
}

cudaError_t cudaMallocBytes(void** pointer, std::size_t bytes) {
  const std::lock_guard lock(machine.busy);
  try {
    machine.buffers.emplace_back(bytes);
  } catch (const std::bad_alloc&) {
    return cudaErrorMemoryAllocation;
  }
  machine.buffers.back().setAccessible(false);
  *pointer = machine.buffers.back().data();
  return cudaSuccess;
}

cudaError_t cudaFree(void* pointer) {
  const std::lock_guard lock(machine.busy);
  if (pointer) machine.buffers.remove_if([&](const auto& buffer) { return buffer.data() == pointer; });
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t) {
  using credence::emulator::bufferOf;
  const std::lock_guard lock(machine.busy);
  if (bytes == 0) return cudaSuccess;
  const auto* source = bufferOf(from, bytes);
  const auto* target = bufferOf(to, bytes);
  const bool fits = (kind == cudaMemcpyHostToDevice || source) && (kind == cudaMemcpyDeviceToHost || target);
  if (!fits) return cudaErrorInvalidValue;
  if (source) source->setAccessible(true);
  if (target) target->setAccessible(true);
  std::memcpy(to, from, bytes);
  if (source) source->setAccessible(false);
  if (target) target->setAccessible(false);
  return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void* to, int byte, std::size_t bytes, cudaStream_t) {
  const std::lock_guard lock(machine.busy);
  const auto* target = credence::emulator::bufferOf(to, bytes);
  if (!target) return cudaErrorInvalidValue;
  target->setAccessible(true);
  std::memset(to, byte, bytes);
  target->setAccessible(false);
  return cudaSuccess;
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) { return *stream = nullptr, cudaSuccess; }
cudaError_t cudaStreamDestroy(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaStreamSynchronize(cudaStream_t) { return machine.error; }

cudaError_t cudaGetLastError() {
  const std::lock_guard lock(machine.busy);
  const cudaError_t error = machine.error;
  machine.error = cudaSuccess;
  return error;
}

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "no error";
    case cudaErrorMemoryAllocation: return "out of memory";
    case cudaErrorInvalidValue: return "invalid argument: memory that is not a device buffer, or too little of it";
    case cudaErrorLaunchFailure: return machine.message.c_str();
  }
  return "unknown error";
}
