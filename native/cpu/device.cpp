// The CPU as a device.
#include <credence/device.hpp>
#include <cstring>
#include <fstream>
#include <new>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif
#include <unistd.h>

#include "executor.hpp"

namespace credence {
namespace cpu {
namespace {

class CpuBuffer final : public Buffer {
 public:
  CpuBuffer(const Device& device, int64_t bytes) : Buffer(device, bytes), memory_(bytes) {}
  void write(int64_t offset, const void* from, int64_t count) override {
    if (count > 0) std::memcpy(data() + offset, from, static_cast<std::size_t>(count));
  }
  void read(int64_t offset, void* to, int64_t count) const override {
    if (count > 0) std::memcpy(to, data() + offset, static_cast<std::size_t>(count));
  }
  uint8_t* data() const { return memory_.data(); }

 private:
  AlignedBytes memory_;
};

class CpuProgram final : public Program {
 public:
  CpuProgram(const Device& device, Plan plan) : Program(device), executable_(std::move(plan)) {}
  const Plan& plan() const override { return executable_.plan(); }
  void run(const std::vector<Buffer*>& inputs, const std::vector<Buffer*>& outputs, int threads, Control* control,
           Status& status) override {
    executable_.run(addresses(inputs), addresses(outputs), threads, control, status);
  }

 private:
  static std::vector<void*> addresses(const std::vector<Buffer*>& buffers) {
    std::vector<void*> result;
    result.reserve(buffers.size());
    for (Buffer* buffer : buffers) result.push_back(static_cast<CpuBuffer*>(buffer)->data());
    return result;
  }
  Executable executable_;
};

std::string modelName() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "CPU";
}

// Cores this process may use.
int availableCores() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  const unsigned count = std::thread::hardware_concurrency();
  return count > 0 ? static_cast<int>(count) : 1;
}

class CpuDevice final : public Device {
 public:
  const DeviceDescription& description() const override { return description_; }
  std::unique_ptr<Buffer> allocate(int64_t bytes) const override {
    checkFits(bytes);
    return std::make_unique<CpuBuffer>(*this, bytes);
  }
  std::unique_ptr<Program> compile(Plan plan) const override {
    checkFits(plan.arenaBytes + plan.ownBytes);
    return std::make_unique<CpuProgram>(*this, std::move(plan));
  }

 private:
  /// The system promises more memory than there is, and kills a process that believes it.
  void checkFits(int64_t bytes) const {
    if (bytes > description_.memoryBytes) throw std::bad_alloc();
  }

  DeviceDescription description_{"cpu", "cpu", modelName(), kernels().name, availableCores(),
                                 int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE)};
};

}  // namespace
}  // namespace cpu

const Device& cpuDevice() {
  static const Device& device = *new cpu::CpuDevice;  // outlives every buffer
  return device;
}

}  // namespace credence
