// The emulated device: its memory, its conditions, and the first thing that went wrong.
#pragma once

#include <cstdint>
#include <cstdio>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cuda_runtime.h"
#include "memory.hpp"

namespace credence::emulator {

struct Machine {
  std::recursive_mutex busy;
  std::list<GuardedMemory> buffers;
  std::size_t memoryLimit = std::size_t{4} << 30;
  std::vector<std::optional<unsigned>> conditions;  // by handle; empty: not set since the graph was launched
  cudaError_t driver = cudaSuccess;                 // what asking for devices gives
  int driverVersion = CUDART_VERSION;
  cudaError_t error = cudaSuccess;
  std::string message;

  GuardedMemory* bufferOf(const void* address, std::size_t bytes) {
    for (GuardedMemory& buffer : buffers)
      if (buffer.contains(address, bytes)) return &buffer;
    return nullptr;
  }
  /// Keeps the first error, until it is asked for.
  void fail(const std::string& what) {
    if (error != cudaSuccess) return;
    error = cudaErrorLaunchFailure;
    message = what;
  }
};

Machine& machine();

/// Runs body once for every thread of every block. Blocks and threads go in a shuffled order, a thread until it must wait;
/// then everything once more in the reverse order, which must leave the same bytes.
void launch(const char* name, dim3 grid, dim3 block, std::size_t sharedBytes, const std::function<void()>& body);

}  // namespace credence::emulator
