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
#define __noinline__
#define __grid_constant__

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
extern dim3 threadIdx, blockIdx, blockDim, gridDim;
constexpr int warpSize = 32;

// ---- runtime ------------------------------------------------------------------------------------------------------------

#define CUDART_VERSION 13000

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInsufficientDriver = 35,
  cudaErrorNoDevice = 100,
  cudaErrorLaunchFailure = 719
};
enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2, cudaMemcpyDeviceToDevice = 3 };
using cudaStream_t = void*;
using cudaEvent_t = void*;
constexpr cudaStream_t cudaStreamPerThread = nullptr;
constexpr unsigned cudaStreamNonBlocking = 1, cudaEventDisableTiming = 2;

struct cudaDeviceProp {
  char name[256];
  std::size_t totalGlobalMem;
  int multiProcessorCount, major, minor;
};

cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaDriverGetVersion(int* version);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device);
cudaError_t cudaMallocBytes(void** pointer, std::size_t bytes);
template <class T>
cudaError_t cudaMalloc(T** pointer, std::size_t bytes) {
  return cudaMallocBytes(reinterpret_cast<void**>(pointer), bytes);
}
cudaError_t cudaFree(void* pointer);
cudaError_t cudaMallocHost(void** pointer, std::size_t bytes);
cudaError_t cudaFreeHost(void* pointer);
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total);
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t cudaMemsetAsync(void* to, int byte, std::size_t bytes, cudaStream_t stream);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
cudaError_t cudaGetLastError();
/// For a failed launch, what the emulator saw: kernel, block, thread and cause.
const char* cudaGetErrorString(cudaError_t error);

// ---- graphs -------------------------------------------------------------------------------------------------------------

struct cudaGraph_st;
struct cudaGraphNode_st;
struct cudaGraphExec_st;
using cudaGraph_t = cudaGraph_st*;
using cudaGraphNode_t = cudaGraphNode_st*;
using cudaGraphExec_t = cudaGraphExec_st*;
using cudaGraphConditionalHandle = unsigned long long;
enum cudaGraphNodeType { cudaGraphNodeTypeConditional = 0x0d };
enum cudaGraphConditionalNodeType { cudaGraphCondTypeIf = 0, cudaGraphCondTypeWhile = 1 };
struct cudaConditionalNodeParams {
  cudaGraphConditionalHandle handle;
  cudaGraphConditionalNodeType type;
  unsigned size;
  cudaGraph_t* phGraph_out;
};
struct cudaGraphNodeParams {
  cudaGraphNodeType type;
  cudaConditionalNodeParams conditional;
};

cudaError_t cudaGraphCreate(cudaGraph_t* graph, unsigned flags);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);
cudaError_t cudaGraphConditionalHandleCreate(cudaGraphConditionalHandle* handle, cudaGraph_t graph, unsigned value, unsigned flags);
cudaError_t cudaGraphAddNode(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* after, const void* edges, std::size_t count,
                             cudaGraphNodeParams* parameters);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long flags);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable);
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream);

// ---- what a test may do to the device ------------------------------------------------------------------------------------

namespace credence::emulator {

/// The order of the following launches.
void seed(std::uint64_t value);

/// How much memory there is, until the next call: 4 GiB at first.
void limitMemory(std::size_t bytes);

/// What asking for devices and for the driver's version gives from now on.
void setDriver(cudaError_t answer, int version);

// ---- what a thread may call ----------------------------------------------------------------------------------------------

/// A node that runs `body` in every thread.
cudaError_t addKernel(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* after, const char* name, dim3 grid, dim3 block,
                      std::size_t sharedBytes, std::function<void()> body);

/// Dynamic shared memory of the running block: as long as the launch asked for, filled anew when a block starts.
unsigned char* sharedMemory();

/// Waits for all threads of the block; whether any of them voted.
bool synchronizeThreads(int line, bool vote = false);
/// Every lane of `mask` gives `bytes` and gets those of lane `from`; lanes outside the mask give nothing.
void exchange(unsigned mask, const void* give, void* take, std::size_t bytes, int from);

int lane();

}  // namespace credence::emulator

void cudaGraphSetConditional(cudaGraphConditionalHandle handle, unsigned value);

#define __syncthreads() (void)::credence::emulator::synchronizeThreads(__LINE__)
#define __syncthreads_or(vote) int(::credence::emulator::synchronizeThreads(__LINE__, vote))
inline void __threadfence() {}
template <class T>
T __ldcg(const T* address) {
  return *address;
}

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
