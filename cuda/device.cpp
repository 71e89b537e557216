#include "device.hpp"

#include <cstdlib>
#include <cstring>

#include "program.hpp"
#include "runtime.hpp"

namespace credence::cuda {
namespace {

// CREDENCE_CUDA_TF32=1: products of f32 on tensor cores, for programs compiled from now on.
bool tensorCoresWanted() {
  const char* wanted = std::getenv("CREDENCE_CUDA_TF32");
  return wanted && std::strcmp(wanted, "1") == 0;
}

// Copies go through the calling thread's own stream, beside the runs in flight.
class CudaBuffer final : public Buffer {
 public:
  CudaBuffer(const Device& device, int64_t bytes) : Buffer(device, bytes), memory_(bytes) {
    memory_.fill(0, cudaStreamPerThread);
    synchronize();
  }
  void write(int64_t offset, const void* from, int64_t count) override {
    memory_.write(offset, from, count, cudaStreamPerThread);
    synchronize();
  }
  void read(int64_t offset, void* to, int64_t count) const override {
    memory_.read(offset, to, count, cudaStreamPerThread);
    synchronize();
  }
  uint8_t* data() const { return memory_.data(); }

 private:
  static void synchronize() { check(cudaStreamSynchronize(cudaStreamPerThread), "waiting for a copy"); }
  Memory memory_;
};

class CudaProgram final : public Program {
 public:
  CudaProgram(const Device& device, int number, Plan plan) : Program(device), number_(number), executable_(std::move(plan), tensorCoresWanted()) {}
  const Plan& plan() const override { return executable_.plan(); }
  void run(const std::vector<Buffer*>& inputs, const std::vector<Buffer*>& outputs, int, Control* control, Status& status) override {
    const cudaError_t error = cudaSetDevice(number_);  // of the calling thread
    if (error != cudaSuccess) return status.fail("CUDA: %s", cudaGetErrorString(error));
    executable_.run(addresses(inputs), addresses(outputs), control, status);
  }

 private:
  static std::vector<uint8_t*> addresses(const std::vector<Buffer*>& buffers) {
    std::vector<uint8_t*> result;
    for (Buffer* buffer : buffers) result.push_back(static_cast<CudaBuffer*>(buffer)->data());
    return result;
  }
  const int number_;
  Executable executable_;
};

class CudaDevice final : public Device {
 public:
  explicit CudaDevice(int number) : number_(number) {
    cudaDeviceProp properties;
    check(cudaGetDeviceProperties(&properties, number), "describing a device");
    description_ = {"cuda:" + std::to_string(number), "cuda", properties.name,
                    "sm_" + std::to_string(properties.major) + std::to_string(properties.minor), properties.multiProcessorCount,
                    int64_t(properties.totalGlobalMem)};
  }
  const DeviceDescription& description() const override { return description_; }
  std::unique_ptr<Buffer> allocate(int64_t bytes) const override {
    select();
    return std::make_unique<CudaBuffer>(*this, bytes);
  }
  std::unique_ptr<Program> compile(Plan plan) const override {
    select();
    return std::make_unique<CudaProgram>(*this, number_, std::move(plan));
  }

 private:
  void select() const { check(cudaSetDevice(number_), "selecting a device"); }
  const int number_;
  DeviceDescription description_;
};

}  // namespace

const std::vector<const Device*>& devices() {
  static const std::vector<std::unique_ptr<CudaDevice>> found = [] {
    std::vector<std::unique_ptr<CudaDevice>> list;
    int count = 0;
    if (cudaGetDeviceCount(&count) != cudaSuccess) {
      cudaGetLastError();  // no driver, or none that this build can use: no devices, and no error for later calls
      return list;
    }
    for (int i = 0; i < count; ++i) list.push_back(std::make_unique<CudaDevice>(i));
    return list;
  }();
  static const std::vector<const Device*> pointers = [] {
    std::vector<const Device*> list;
    for (const auto& device : found) list.push_back(device.get());
    return list;
  }();
  return pointers;
}

}  // namespace credence::cuda
