// Loops and branches, decided on the device: counters, slices that move with them, and conditions of graph nodes.
#include "kernels.hpp"
#include "launch.hpp"

namespace credence::cuda {
namespace {

constexpr unsigned sliceThreads = 32;

// One block. The barrier lies between the threads' reading of the counter and its change.
__global__ void moveKernel(LoopProgram loop, bool enter, uint8_t** slots) {
  const int64_t trip = enter ? 0 : loop.state->trip + 1;
  __syncthreads();
  if (threadIdx.x == 0) {
    loop.state->trip = trip;
    if (enter) loop.state->limit = loop.trips;
  }
  if (trip >= loop.trips) return;  // past the last: the slices stay, inside their base
  for (unsigned i = threadIdx.x; i < loop.sliceCount; i += blockDim.x) {
    const Slice& slice = loop.slices[i];
    const int64_t position = slice.reversed ? loop.trips - 1 - trip : trip;
    slots[slice.slot] = slots[slice.base] + position * slice.strideBytes;
  }
}

__global__ void decideKernel(LoopProgram loop, uint32_t predicateSlot, cudaGraphConditionalHandle handle, uint8_t* const* slots) {
  const bool going = predicateSlot == noSlot || *slots[predicateSlot] != 0;
  loop.state->going = going;
  cudaGraphSetConditional(handle, going && loop.state->trip < loop.state->limit);
}

__global__ void chooseKernel(uint32_t predicateSlot, cudaGraphConditionalHandle handle, uint8_t* const* slots) {
  cudaGraphSetConditional(handle, *slots[predicateSlot] != 0);
}

}  // namespace

void launchEnter(const LoopProgram& loop, const RunMemory& memory, Recorder& recorder) {
  launch(recorder, "entering a loop", moveKernel, 1, sliceThreads, 0, loop, true, memory.slots);
}

void launchAdvance(const LoopProgram& loop, const RunMemory& memory, Recorder& recorder) {
  launch(recorder, "advancing a loop", moveKernel, 1, sliceThreads, 0, loop, false, memory.slots);
}

void launchDecide(const LoopProgram& loop, uint32_t predicateSlot, cudaGraphConditionalHandle handle, const RunMemory& memory,
                  Recorder& recorder) {
  launch(recorder, "deciding on a trip", decideKernel, 1, 1, 0, loop, predicateSlot, handle, memory.slots);
}

void launchChoose(uint32_t predicateSlot, cudaGraphConditionalHandle handle, const RunMemory& memory, Recorder& recorder) {
  launch(recorder, "choosing a branch", chooseKernel, 1, 1, 0, predicateSlot, handle, memory.slots);
}

}  // namespace credence::cuda
