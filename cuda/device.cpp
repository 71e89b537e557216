#include "device.hpp"

#include <cstdlib>
#include <cstring>

#include "program.hpp"
#include "runtime.hpp"

namespace credence::cuda {
namespace {

constexpr int oldestMajor = 8;  // of the architectures in CMakeLists.txt

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
    if (properties.major < oldestMajor)
      throw std::runtime_error("cuda:" + std::to_string(number) + " (" + properties.name + ") is sm_" + std::to_string(properties.major) +
                               std::to_string(properties.minor) + ", and this build has code for sm_80 and later");
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

// What an answer to "which devices are there" means. Versions as CUDA numbers them: 12040 is 12.4; of a driver that is not there, 0.
std::string absence(cudaError_t error, int driverVersion) {
  const auto version = [](int number) { return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10); };
  if (driverVersion == 0) return "no NVIDIA driver is installed";
  if (error == cudaErrorInsufficientDriver)
    return "the NVIDIA driver supports CUDA " + version(driverVersion) + ", this build needs " + version(CUDART_VERSION) + ": update the driver";
  if (error == cudaErrorNoDevice) return "the NVIDIA driver finds no GPU (is CUDA_VISIBLE_DEVICES set?)";
  return cudaGetErrorString(error);
}

}  // namespace

Found findDevices() {
  Found found;
  int count = 0, driverVersion = 0;
  if (const cudaError_t error = cudaGetDeviceCount(&count); error != cudaSuccess) {
    cudaGetLastError();  // no error for later calls
    cudaDriverGetVersion(&driverVersion);
    found.missing = absence(error, driverVersion);
    return found;
  }
  for (int i = 0; i < count; ++i) {
    try {
      found.devices.push_back(std::make_unique<CudaDevice>(i));
    } catch (const std::runtime_error& error) {
      found.missing += (found.missing.empty() ? "" : "; ") + std::string(error.what());
    }
  }
  return found;
}

namespace {

const Found& foundOnce() {
  static const Found found = findDevices();
  return found;
}

}  // namespace

const std::vector<const Device*>& devices() {
  static const std::vector<const Device*> pointers = [] {
    std::vector<const Device*> list;
    for (const auto& device : foundOnce().devices) list.push_back(device.get());
    return list;
  }();
  return pointers;
}

const std::string& whyNoDevices() { return foundOnce().missing; }

}  // namespace credence::cuda
