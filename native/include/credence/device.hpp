// What a backend offers: memory, programs compiled from plans, and runs of them. The addon knows devices only through this.
#pragma once

#include <atomic>
#include <credence/plan.hpp>
#include <credence/status.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace credence {

/// What the outside may do to a run in flight: ask it to stop, and see how many outermost iterations it has done.
struct Control {
  std::atomic<bool> cancelled{false};
  std::atomic<uint64_t> progress{0};
};

class Device;

/// Device memory, zeroed, aligned to 64 bytes. A caller keeps ranges inside [0, bytes).
class Buffer {
 public:
  Buffer(const Device& device, int64_t bytes) : device(device), bytes(bytes) {}
  virtual ~Buffer() = default;
  virtual void write(int64_t offset, const void* from, int64_t count) = 0;
  virtual void read(int64_t offset, void* to, int64_t count) const = 0;

  const Device& device;
  const int64_t bytes;
};

/// A plan ready to run on its device. Several runs may be in flight.
class Program {
 public:
  explicit Program(const Device& device) : device(device) {}
  virtual ~Program() = default;
  virtual const Plan& plan() const = 0;

  /// Returns when the run has ended; `status` tells how. The buffers are on this device, as large as the plan asks, and
  /// no output is another buffer of the run. `threads` >= 1 matters to the CPU only.
  virtual void run(const std::vector<Buffer*>& inputs, const std::vector<Buffer*>& outputs, int threads, Control* control,
                   Status& status) = 0;

  const Device& device;
};

struct DeviceDescription {
  std::string name;  // "cpu", "cuda:0"
  std::string kind;  // "cpu", "cuda"
  std::string description;
  std::string instructionSet;
  int cores;
  int64_t memoryBytes;
};

class Device {
 public:
  virtual ~Device() = default;
  virtual const DeviceDescription& description() const = 0;
  /// @throws std::bad_alloc
  virtual std::unique_ptr<Buffer> allocate(int64_t bytes) const = 0;
  /// @throws std::bad_alloc where the arena does not fit
  virtual std::unique_ptr<Program> compile(Plan plan) const = 0;
};

/// The CPU: always there.
const Device& cpuDevice();

}  // namespace credence
