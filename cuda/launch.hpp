// Launching kernels, on a device or in the emulator, and the errors of the runtime.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <stdexcept>
#include <string>

#if !defined(__CUDACC__) && !defined(CREDENCE_CUDA_EMULATED)
#error "launch.hpp is for .cu files: compile with nvcc, or put cuda/emulator on the include path"
#endif

#include "runtime.hpp"

namespace credence::cuda {

constexpr unsigned blockThreads = 256;
constexpr int64_t gridBlocksMax = 65536;  // kernels stride over what is left

inline unsigned blocksFor(int64_t items, int64_t perBlock = blockThreads) {
  const int64_t blocks = (items + perBlock - 1) / perBlock;
  return unsigned(blocks < gridBlocksMax ? blocks : gridBlocksMax);
}

/// kernel<<<grid, block, sharedBytes, stream>>>(arguments...)
template <class... Parameters, class... Arguments>
void launch(const char* name, void (*kernel)(Parameters...), dim3 grid, dim3 block, std::size_t sharedBytes, cudaStream_t stream,
            Arguments... arguments) {
#if defined(__CUDACC__)
  kernel<<<grid, block, sharedBytes, stream>>>(Parameters(arguments)...);
  check(cudaGetLastError(), name);
#else
  (void)stream;
  emulator::launch(name, grid, block, sharedBytes, [&] { kernel(Parameters(arguments)...); });
  check(cudaGetLastError(), name);
#endif
}

/// The dynamic shared memory of the launch, as an array of T.
template <class T>
__device__ T* sharedArray() {
#if defined(__CUDACC__)
  extern __shared__ __align__(16) unsigned char sharedBytes[];
  return reinterpret_cast<T*>(sharedBytes);
#else
  return reinterpret_cast<T*>(emulator::sharedMemory());
#endif
}

/// This thread's number in the grid, and the number of threads.
__device__ inline int64_t threadNumber() { return int64_t(blockIdx.x) * blockDim.x + threadIdx.x; }
__device__ inline int64_t threadCount() { return int64_t(gridDim.x) * blockDim.x; }

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
