// Owners of what the CUDA runtime gives out, for host code.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <new>
#include <stdexcept>
#include <string>

namespace credence::cuda {

inline void check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  if (error == cudaErrorMemoryAllocation) throw std::bad_alloc();
  throw std::runtime_error(std::string("CUDA, ") + what + ": " + cudaGetErrorString(error));
}

class Stream {
 public:
  Stream() { check(cudaStreamCreate(&stream_), "creating a stream"); }
  ~Stream() { cudaStreamDestroy(stream_); }
  Stream(const Stream&) = delete;
  operator cudaStream_t() const { return stream_; }
  void synchronize() const { check(cudaStreamSynchronize(stream_), "waiting for the device"); }

 private:
  cudaStream_t stream_;
};

/// Device memory; empty if of no bytes.
class Memory {
 public:
  explicit Memory(int64_t bytes) : bytes_(bytes) {
    if (bytes > 0) check(cudaMalloc(&data_, std::size_t(bytes)), "allocating");
  }
  ~Memory() { cudaFree(data_); }
  Memory(const Memory&) = delete;
  Memory(Memory&& other) noexcept : data_(other.data_), bytes_(other.bytes_) { other.data_ = nullptr; }

  uint8_t* data() const { return data_; }
  int64_t bytes() const { return bytes_; }

  void zero(cudaStream_t stream) {
    if (bytes_ > 0) check(cudaMemsetAsync(data_, 0, std::size_t(bytes_), stream), "clearing memory");
  }
  void write(int64_t offset, const void* from, int64_t count, cudaStream_t stream) {
    if (count > 0) check(cudaMemcpyAsync(data_ + offset, from, std::size_t(count), cudaMemcpyHostToDevice, stream), "writing to the device");
  }
  void read(int64_t offset, void* to, int64_t count, cudaStream_t stream) const {
    if (count > 0) check(cudaMemcpyAsync(to, data_ + offset, std::size_t(count), cudaMemcpyDeviceToHost, stream), "reading from the device");
  }

 private:
  uint8_t* data_ = nullptr;
  int64_t bytes_;
};

}  // namespace credence::cuda
