// The part of the CUDA runtime and of the CUDA language that Credence's kernels use, on the host. A build that puts this
// folder on its include path compiles the .cu files as C++ and runs them through emulator.cpp.
#pragma once

#include <math.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>

#define CREDENCE_CUDA_EMULATED 1

#define __global__
#define __device__
#define __host__
#define __launch_bounds__(...)

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
extern dim3 threadIdx, blockIdx, blockDim, gridDim;
constexpr int warpSize = 32;

// ---- runtime ------------------------------------------------------------------------------------------------------------

enum cudaError_t { cudaSuccess = 0, cudaErrorMemoryAllocation = 2, cudaErrorInvalidValue = 1, cudaErrorLaunchFailure = 719 };
enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2, cudaMemcpyDeviceToDevice = 3 };
using cudaStream_t = void*;
constexpr cudaStream_t cudaStreamPerThread = nullptr;

struct cudaDeviceProp {
  char name[256];
  std::size_t totalGlobalMem;
  int multiProcessorCount, major, minor;
};

cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device);
cudaError_t cudaMallocBytes(void** pointer, std::size_t bytes);
template <class T>
cudaError_t cudaMalloc(T** pointer, std::size_t bytes) {
  return cudaMallocBytes(reinterpret_cast<void**>(pointer), bytes);
}
cudaError_t cudaFree(void* pointer);
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t cudaMemsetAsync(void* to, int byte, std::size_t bytes, cudaStream_t stream);
cudaError_t cudaStreamCreate(cudaStream_t* stream);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaGetLastError();
/// For a failed launch, what the emulator saw: kernel, block, thread and cause.
const char* cudaGetErrorString(cudaError_t error);

// ---- what a thread may call ----------------------------------------------------------------------------------------------

namespace credence::emulator {

/// Runs body once for every thread of every block. Blocks and threads go in a shuffled order; a thread runs until it must
/// wait, so a missing barrier shows as a wrong result. Errors: see cudaGetLastError.
void launch(const char* name, dim3 grid, dim3 block, std::size_t sharedBytes, const std::function<void()>& body);

/// The order of the following launches.
void seed(std::uint64_t value);

/// Dynamic shared memory of the running block: as long as the launch asked for, filled with 0xff bytes when a block starts.
unsigned char* sharedMemory();

void synchronizeThreads(int line);
/// Every lane of `mask` gives `bytes` and gets those of lane `from`; lanes outside the mask give nothing.
void exchange(unsigned mask, const void* give, void* take, std::size_t bytes, int from);

int lane();

}  // namespace credence::emulator

#define __syncthreads() ::credence::emulator::synchronizeThreads(__LINE__)

template <class T>
T __shfl_sync(unsigned mask, T value, int from) {
  T taken;
  credence::emulator::exchange(mask, &value, &taken, sizeof(T), from & 31);
  return taken;
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta) {
  const int lane = credence::emulator::lane(), from = lane + int(delta);
  return __shfl_sync(mask, value, from < 32 ? from : lane);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int with) {
  return __shfl_sync(mask, value, credence::emulator::lane() ^ with);
}
inline void __syncwarp(unsigned mask = 0xffffffffu) {
  __shfl_sync(mask, 0, credence::emulator::lane());
}

// One thread runs at a time, so plain operations are atomic.
template <class T>
T atomicAdd(T* address, T value) {
  const T old = *address;
  *address = old + value;
  return old;
}
template <class T>
T atomicMax(T* address, T value) {
  const T old = *address;
  if (value > old) *address = value;
  return old;
}
template <class T>
T atomicCAS(T* address, T expected, T value) {
  const T old = *address;
  if (old == expected) *address = value;
  return old;
}
