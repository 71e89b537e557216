// Owners of what the CUDA runtime gives out, for host code.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <new>
#include <stdexcept>
#include <string>

namespace credence::cuda {

/// No room on the device; the message says how much was asked for and how much is free.
class OutOfMemory : public std::bad_alloc {
 public:
  explicit OutOfMemory(std::string message) : message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

inline void check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // an error that can be recovered from is not met again by the next call
  const std::string message = std::string("CUDA, ") + what + ": " + cudaGetErrorString(error);
  if (error == cudaErrorMemoryAllocation) throw OutOfMemory(message);
  throw std::runtime_error(message);
}

class Stream {
 public:
  Stream() { check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "creating a stream"); }
  ~Stream() { cudaStreamDestroy(stream_); }
  Stream(const Stream&) = delete;
  operator cudaStream_t() const { return stream_; }
  void synchronize() const { check(cudaStreamSynchronize(stream_), "waiting for the device"); }

 private:
  cudaStream_t stream_ = nullptr;
};

class Event {
 public:
  Event() { check(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), "creating an event"); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  void record(cudaStream_t stream) { check(cudaEventRecord(event_, stream), "recording an event"); }
  void synchronize() const { check(cudaEventSynchronize(event_), "waiting for the device"); }

 private:
  cudaEvent_t event_ = nullptr;
};

/// Device memory; empty if of no bytes.
class Memory {
 public:
  explicit Memory(int64_t bytes) : bytes_(bytes) {
    if (bytes > 0) allocate();
  }
  ~Memory() { cudaFree(data_); }
  Memory(const Memory&) = delete;
  Memory(Memory&& other) noexcept : data_(other.data_), bytes_(other.bytes_) { other.data_ = nullptr; }

  uint8_t* data() const { return data_; }
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data_);
  }
  int64_t bytes() const { return bytes_; }

  void fill(int byte, cudaStream_t stream) {
    if (bytes_ > 0) check(cudaMemsetAsync(data_, byte, std::size_t(bytes_), stream), "clearing memory");
  }
  void write(int64_t offset, const void* from, int64_t count, cudaStream_t stream) {
    if (count > 0) check(cudaMemcpyAsync(data_ + offset, from, std::size_t(count), cudaMemcpyHostToDevice, stream), "writing to the device");
  }
  void read(int64_t offset, void* to, int64_t count, cudaStream_t stream) const {
    if (count > 0) check(cudaMemcpyAsync(to, data_ + offset, std::size_t(count), cudaMemcpyDeviceToHost, stream), "reading from the device");
  }

 private:
  void allocate() {
    const cudaError_t error = cudaMalloc(&data_, std::size_t(bytes_));
    if (error != cudaErrorMemoryAllocation) return check(error, "allocating");
    cudaGetLastError();
    std::size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "asking how much memory is free");
    throw OutOfMemory(std::to_string(bytes_) + " bytes were asked for, " + std::to_string(free) + " of the device's " +
                      std::to_string(total) + " are free");
  }

  uint8_t* data_ = nullptr;
  int64_t bytes_;
};

/// A T on the host that the device can copy to while the host goes on.
template <class T>
class Pinned {
 public:
  Pinned() { check(cudaMallocHost(reinterpret_cast<void**>(&value_), sizeof(T)), "allocating host memory"); }
  ~Pinned() { cudaFreeHost(value_); }
  Pinned(const Pinned&) = delete;
  T* get() const { return value_; }
  T* operator->() const { return value_; }

 private:
  T* value_ = nullptr;
};

}  // namespace credence::cuda
