// What a machine without a usable GPU, and a full one, answer. On the emulator alone: it can be told to be either.
#include <functional>

#include "../runtime.hpp"
#include "parity.hpp"

namespace credence::test {
namespace {

struct Driver {
  Driver(cudaError_t answer, int version) { emulator::setDriver(answer, version); }
  ~Driver() { emulator::setDriver(cudaSuccess, CUDART_VERSION); }
};

TEST(CudaErrors, AMachineWithoutADriverHasNoDevicesAndSaysWhy) {
  const Driver none(cudaErrorInsufficientDriver, 0);
  const cuda::Found found = cuda::findDevices();
  EXPECT_TRUE(found.devices.empty());
  EXPECT_EQ(found.missing, "no NVIDIA driver is installed");
}

TEST(CudaErrors, ADriverThatIsTooOldIsNamedWithWhatIsNeeded) {
  const Driver old(cudaErrorInsufficientDriver, 12040);
  EXPECT_EQ(cuda::findDevices().missing, "the NVIDIA driver supports CUDA 12.4, this build needs 13.0: update the driver");
}

TEST(CudaErrors, ADriverWithoutAGpuIsNamed) {
  const Driver idle(cudaErrorNoDevice, 13000);
  EXPECT_EQ(cuda::findDevices().missing, "the NVIDIA driver finds no GPU (is CUDA_VISIBLE_DEVICES set?)");
}

TEST(CudaErrors, AnErrorLeavesNothingBehind) {
  {
    const Driver none(cudaErrorNoDevice, 13000);
    cuda::findDevices();
  }
  EXPECT_EQ(cuda::findDevices().devices.size(), 1u);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

// A megabyte of memory, while it lives.
struct Megabyte {
  Megabyte() { emulator::limitMemory(1 << 20); }
  ~Megabyte() { emulator::limitMemory(std::size_t{4} << 30); }
};

std::string messageOf(const std::function<void()>& work) {
  try {
    work();
    return "";
  } catch (const std::bad_alloc& error) {
    return error.what();
  }
}

Words addOne(uint32_t count, uint32_t workspace) {
  PlanBuilder plan;
  const uint32_t x = plan.input(count * 4), y = plan.output(count * 4);
  plan.arena(workspace);
  plan.add(cluster({.dims = {count}, .loads = {{0, Type::f32, x, {1}}}, .steps = {constant(Type::f32, 1, 1), {"add", Type::f32, 2, 0, 1}}, .stores = {{2, Type::f32, y, {1}}}}));
  return plan.words();
}

TEST(CudaErrors, AFullDeviceSaysWhatWasAskedForAndWhatIsFreeAndGoesOn) {
  const Megabyte small;
  const Device& device = *cuda::devices().front();
  const auto held = device.allocate(1 << 19);
  EXPECT_EQ(messageOf([&] { device.allocate(1 << 20); }), "1048576 bytes were asked for, 524288 of the device's 1048576 are free");
  EXPECT_NE(messageOf([&] { device.compile(decode(addOne(4, 1 << 20))); }).find("1048576 bytes were asked for, "), std::string::npos);
  const Bytes x(std::vector<float>{1, 2, 3, 4});
  EXPECT_EQ(runOnCuda(addOne(4, 64), {x}).outputs[0].as<float>(), (std::vector<float>{2, 3, 4, 5}));
}

TEST(CudaErrors, AProgramThatIsCompiledRunsOnAFullDevice) {
  const Bytes x(std::vector<float>{1, 2, 3, 4});
  const auto program = compileForCuda(addOne(4, 1 << 16));
  const Megabyte small;
  std::vector<std::unique_ptr<Buffer>> held;
  EXPECT_NE(messageOf([&] {
              for (;;) held.push_back(cuda::devices().front()->allocate(1 << 16));
            }),
            "");
  EXPECT_NE(messageOf([] { compileForCuda(addOne(4, 1 << 16)); }), "");
  EXPECT_EQ(run(*program, {x}).outputs[0].as<float>(), (std::vector<float>{2, 3, 4, 5}));
}

}  // namespace
}  // namespace credence::test
