// Launching kernels, on a device or in the emulator: as nodes of a graph.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <tuple>

#if !defined(__CUDACC__) && !defined(CREDENCE_CUDA_EMULATED)
#error "launch.hpp is for .cu files: compile with nvcc, or put cuda/emulator on the include path"
#endif

#include "kernels.hpp"
#include "recorder.hpp"

namespace credence::cuda {

constexpr unsigned blockThreads = 256;
constexpr int64_t gridBlocksMax = 65536;  // kernels stride over what is left

inline unsigned blocksFor(int64_t items, int64_t perBlock = blockThreads) {
  const int64_t blocks = (items + perBlock - 1) / perBlock;
  return unsigned(blocks < gridBlocksMax ? blocks : gridBlocksMax);
}

/// A node that runs kernel<<<grid, block, sharedBytes>>>(arguments...).
template <class... Parameters, class... Arguments>
void launch(Recorder& recorder, const char* name, void (*kernel)(Parameters...), dim3 grid, dim3 block, std::size_t sharedBytes,
            Arguments... arguments) {
  cudaGraphNode_t node;
#if defined(__CUDACC__)
  std::tuple<Parameters...> values(arguments...);
  std::apply(
      [&](auto&... value) {
        void* addresses[] = {&value...};
        cudaKernelNodeParams parameters = {};
        parameters.func = reinterpret_cast<void*>(kernel);
        parameters.gridDim = grid;
        parameters.blockDim = block;
        parameters.sharedMemBytes = unsigned(sharedBytes);
        parameters.kernelParams = addresses;
        check(cudaGraphAddKernelNode(&node, recorder.graph(), recorder.last(), recorder.last() ? 1 : 0, &parameters), name);
      },
      values);
#else
  check(emulator::addKernel(&node, recorder.graph(), recorder.last(), name, grid, block, sharedBytes,
                            [=] { kernel(Parameters(arguments)...); }),
        name);
#endif
  recorder.added(node);
}

/// The dynamic shared memory of the launch, as an array of T.
template <class T>
__device__ T* sharedArray(int64_t bytes = 0) {
#if defined(__CUDACC__)
  extern __shared__ __align__(128) unsigned char sharedBytes[];
  return reinterpret_cast<T*>(sharedBytes + bytes);
#else
  return reinterpret_cast<T*>(emulator::sharedMemory() + bytes);
#endif
}

/// This thread's number in the grid, and the number of threads.
__device__ inline int64_t threadNumber() { return int64_t(blockIdx.x) * blockDim.x + threadIdx.x; }
__device__ inline int64_t threadCount() { return int64_t(gridDim.x) * blockDim.x; }

__device__ inline uint8_t* addressOf(Place place, uint8_t* const* slots) { return slots[place.slot] + place.bytes; }

/// For blocks that share a result: true in the last of `count` blocks to come here, which then sees what the others wrote
/// before. All threads of a block take part. Whoever is last, the result has the same bits if that block alone combines.
__device__ inline bool lastToArrive(uint32_t* ticket, uint32_t count) {
  __threadfence();
  __syncthreads();
  const bool last = __syncthreads_or(threadIdx.x == 0 && atomicAdd(ticket, 1u) + 1 == count) != 0;
  if (last && threadIdx.x == 0) *ticket = 0;
  if (last) __threadfence();
  return last;
}

/// What another block wrote: from L2, past this multiprocessor's own cache.
template <class T>
__device__ T readShared(const T* from) {
  static_assert(sizeof(T) % 4 == 0 || sizeof(T) == 1, "whole words, or a byte");
  T value;
  if constexpr (sizeof(T) == 1) {
    const uint8_t byte = __ldcg(reinterpret_cast<const uint8_t*>(from));
    memcpy(&value, &byte, 1);
  } else {
    uint32_t words[sizeof(T) / 4];
    for (std::size_t i = 0; i < sizeof(T) / 4; ++i) words[i] = __ldcg(reinterpret_cast<const uint32_t*>(from) + i);
    memcpy(&value, words, sizeof(T));
  }
  return value;
}

/// The value of the lane `delta` above, for a T of any size; all 32 lanes take part.
template <class T>
__device__ T shuffleDown(T value, unsigned delta) {
  uint32_t words[(sizeof(T) + 3) / 4] = {};
  memcpy(words, &value, sizeof(T));
  for (uint32_t& word : words) word = __shfl_down_sync(0xffffffffu, word, delta);
  memcpy(&value, words, sizeof(T));
  return value;
}

}  // namespace credence::cuda
