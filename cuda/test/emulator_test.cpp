// The emulator finds what it is for: kernels with one planted mistake each, and the same kernels without it.
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "../launch.hpp"
#include "../runtime.hpp"

namespace credence::cuda {
namespace {

// The sum of a block's inputs, a tree in shared memory; with `barriers` false, without waiting for the other threads.
__global__ void sumBlock(const float* in, float* out, bool barriers) {
  float* sums = sharedArray<float>();
  const unsigned t = threadIdx.x;
  sums[t] = in[blockIdx.x * blockDim.x + t];
  for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
    if (barriers) __syncthreads();
    if (t < half) sums[t] += sums[t + half];
  }
  if (t == 0) out[blockIdx.x] = sums[0];
}

__global__ void shiftBy(float* data, int64_t count, int64_t offset) {
  const int64_t i = threadNumber();
  if (i < count) data[i + offset] = 1;
}

__global__ void readPast(const float* in, float* out, int64_t index) {
  if (threadNumber() == 0) out[0] = in[index];
}

__global__ void writeShared(int64_t index) { sharedArray<float>()[index] = 1; }

__global__ void halfBarrier(float* out) {
  if (threadIdx.x % 2 == 0) __syncthreads();
  out[threadIdx.x] = 1;
}

__global__ void twoBarriers(float* out) {
  if (threadIdx.x % 2 == 0) {
    __syncthreads();
  } else {
    __syncthreads();
  }
  out[threadIdx.x] = 1;
}

__global__ void halfShuffle(float* out) {
  if (threadIdx.x % 2 == 0) out[threadIdx.x] = __shfl_xor_sync(0xffffffffu, 1.0f, 2);
}

__global__ void warpSums(const int* in, int* out) {
  int sum = in[threadIdx.x];
  for (int with = 16; with > 0; with /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, with);
  out[threadIdx.x] = sum;
}

__global__ void countUp(int* counter) { atomicAdd(counter, 1); }

// The message of a launch that failed, or nothing.
template <class Launch>
std::string failureOf(Launch launch) {
  try {
    launch();
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

const Stream& stream() {
  static const Stream stream;
  return stream;
}

std::vector<float> runSum(bool barriers, unsigned seed) {
  std::vector<float> in(4 * 64), out(4);
  std::iota(in.begin(), in.end(), 1.0f);
  Memory device(int64_t(in.size()) * 4), result(16);
  device.write(0, in.data(), device.bytes(), stream());
  emulator::seed(seed);
  launch("sumBlock", sumBlock, 4, 64, 64 * sizeof(float), stream(), reinterpret_cast<float*>(device.data()),
         reinterpret_cast<float*>(result.data()), barriers);
  result.read(0, out.data(), 16, stream());
  return out;
}

TEST(Emulator, AMissingBarrierGivesAWrongResultInEveryOrder) {
  std::vector<float> expected;
  for (int block = 0; block < 4; ++block) expected.push_back(64 * 64 * float(block) + 64 * 65 / 2);
  for (unsigned seed = 1; seed <= 20; ++seed) {
    EXPECT_EQ(runSum(true, seed), expected);
    EXPECT_NE(runSum(false, seed), expected) << "seed " << seed;
  }
}

TEST(Emulator, AWriteOutsideItsBufferIsCaught) {
  Memory before(400), buffer(400), after(400);
  const auto shift = [&](int64_t offset) {
    return failureOf([&] { launch("shiftBy", shiftBy, 4, 32, 0, stream(), reinterpret_cast<float*>(buffer.data()), int64_t{100}, offset); });
  };
  EXPECT_EQ(shift(0), "");
  EXPECT_NE(shift(1).find("shiftBy: thread 3 of block 3 accesses byte 400 of a buffer of 400 bytes"), std::string::npos) << shift(1);
  EXPECT_NE(shift(-1).find("shiftBy: it wrote next to a buffer of 400 bytes"), std::string::npos) << shift(-1);
  EXPECT_NE(shift(int64_t{1} << 40).find("is no device memory"), std::string::npos);
  EXPECT_EQ(shift(0), "") << "the next launch is good again";
}

TEST(Emulator, AReadPastTheEndIsCaught) {
  Memory in(32), out(4);
  const auto read = [&](int64_t index) {
    return failureOf([&] {
      launch("readPast", readPast, 1, 32, 0, stream(), reinterpret_cast<float*>(in.data()), reinterpret_cast<float*>(out.data()), index);
    });
  };
  EXPECT_EQ(read(7), "");
  EXPECT_NE(read(8).find("accesses byte 32 of a buffer of 32 bytes"), std::string::npos);
}

TEST(Emulator, SharedMemoryEndsWhereTheLaunchSaidItWould) {
  const auto write = [&](int64_t index) { return failureOf([&] { launch("writeShared", writeShared, 1, 1, 64, stream(), index); }); };
  EXPECT_EQ(write(15), "");
  EXPECT_NE(write(16).find("byte 64 of 64 bytes of shared memory"), std::string::npos) << write(16);
}

TEST(Emulator, ABarrierThatSomeThreadsMissIsCaught) {
  Memory out(256);
  float* data = reinterpret_cast<float*>(out.data());
  EXPECT_NE(failureOf([&] { launch("halfBarrier", halfBarrier, 1, 64, 0, stream(), data); }).find("only 32 of 64 threads of block 0 reach the barrier"),
            std::string::npos);
  EXPECT_NE(failureOf([&] { launch("twoBarriers", twoBarriers, 1, 64, 0, stream(), data); }).find("wait at different barriers"), std::string::npos);
  EXPECT_NE(failureOf([&] { launch("halfShuffle", halfShuffle, 1, 64, 0, stream(), data); }).find("waits for lanes that never come"),
            std::string::npos);
}

TEST(Emulator, ShufflesAndAtomicsWork) {
  std::vector<int> in(64), out(64);
  std::iota(in.begin(), in.end(), 0);
  Memory device(256), result(256), counter(4);
  device.write(0, in.data(), 256, stream());
  launch("warpSums", warpSums, 1, 64, 0, stream(), reinterpret_cast<int*>(device.data()), reinterpret_cast<int*>(result.data()));
  result.read(0, out.data(), 256, stream());
  for (int i = 0; i < 64; ++i) EXPECT_EQ(out[std::size_t(i)], i < 32 ? 496 : 1520);
  counter.zero(stream());
  launch("countUp", countUp, 10, 100, 0, stream(), reinterpret_cast<int*>(counter.data()));
  counter.read(0, out.data(), 4, stream());
  EXPECT_EQ(out[0], 1000);
}

TEST(Emulator, TheHostCannotReachDeviceMemory) {
  Memory buffer(64);
  EXPECT_DEATH(*buffer.data() = 1, "");
  std::vector<float> values(17);
  EXPECT_THROW(buffer.write(0, values.data(), 68, stream()), std::runtime_error);
}

TEST(Emulator, AnImpossibleLaunchIsRefused) {
  Memory out(4);
  EXPECT_NE(failureOf([&] { launch("countUp", countUp, 1, 1025, 0, stream(), reinterpret_cast<int*>(out.data())); }).find("cannot be launched"),
            std::string::npos);
}

}  // namespace
}  // namespace credence::cuda
