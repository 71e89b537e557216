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

// Each thread takes its neighbour's value; without the barrier, perhaps after the neighbour has.
__global__ void rotate(float* data, bool barrier) {
  float* held = sharedArray<float>();
  held[threadIdx.x] = data[threadIdx.x];
  __syncthreads();
  const float next = held[(threadIdx.x + 1) % blockDim.x];
  if (barrier) __syncthreads();
  held[threadIdx.x] = next;
  __syncthreads();
  data[threadIdx.x] = held[threadIdx.x];
}

__global__ void writeTogether(float* out) { out[0] = float(blockIdx.x); }

// The sum of all blocks' numbers, added up by whichever block comes last; `inOrder` or as the blocks happen to come.
__global__ void sumOfBlocks(float* partial, float* out, uint32_t* ticket, bool inOrder) {
  if (threadIdx.x == 0) {
    partial[blockIdx.x] = 1.0f / float(1 + blockIdx.x);
    if (!inOrder) atomicAdd(out, partial[blockIdx.x]);
  }
  if (!lastToArrive(ticket, gridDim.x) || threadIdx.x != 0 || !inOrder) return;
  float sum = 0;
  for (unsigned i = 0; i < gridDim.x; ++i) sum += readShared(&partial[i]);
  out[0] = sum;
}

// A kernel at once: a graph of one node.
template <class... Parameters, class... Arguments>
void run(const char* name, void (*kernel)(Parameters...), dim3 grid, dim3 block, std::size_t sharedBytes, Arguments... arguments) {
  auto graph = std::make_unique<Graph>();
  int64_t nodes = 0;
  Recorder recorder(*graph, nodes);
  launch(recorder, name, kernel, grid, block, sharedBytes, arguments...);
  Replay(std::move(graph)).launch(nullptr);
  check(cudaStreamSynchronize(nullptr), name);
}

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
  run("sumBlock", sumBlock, 4, 64, 64 * sizeof(float), reinterpret_cast<float*>(device.data()),
         reinterpret_cast<float*>(result.data()), barriers);
  result.read(0, out.data(), 16, stream());
  return out;
}

TEST(Emulator, AMissingBarrierInAReductionIsARaceInEveryOrder) {
  std::vector<float> expected;
  for (int block = 0; block < 4; ++block) expected.push_back(64 * 64 * float(block) + 64 * 65 / 2);
  for (unsigned seed = 1; seed <= 20; ++seed) {
    EXPECT_EQ(runSum(true, seed), expected);
    const std::string failure = failureOf([&] { runSum(false, seed); });
    EXPECT_NE(failure.find("sumBlock: a race"), std::string::npos) << "seed " << seed << ": " << failure;
  }
}

TEST(Emulator, AWriteThatOvertakesAReadIsARace) {
  Memory data(256);
  data.fill(0, stream());
  std::vector<float> values(64);
  std::iota(values.begin(), values.end(), 0.0f);
  data.write(0, values.data(), 256, stream());
  const auto rotated = [&](bool barrier) { return failureOf([&] { run("rotate", rotate, 1, 64, 256, data.as<float>(), barrier); }); };
  EXPECT_EQ(rotated(true), "");
  EXPECT_NE(rotated(false).find("rotate: a race"), std::string::npos);
}

TEST(Emulator, BlocksThatWriteTheSameBytesAreARace) {
  Memory out(4);
  EXPECT_NE(failureOf([&] { run("writeTogether", writeTogether, 4, 1, 0, out.as<float>()); }).find("writeTogether: a race"), std::string::npos);
}

TEST(Emulator, ASumOfBlocksHasOneOrderOrIsARace) {
  Memory partial(400), out(4), ticket(4);
  out.fill(0, stream());
  ticket.fill(0, stream());
  const auto sum = [&](bool inOrder) {
    return failureOf([&] { run("sumOfBlocks", sumOfBlocks, 100, 32, 0, partial.as<float>(), out.as<float>(), ticket.as<uint32_t>(), inOrder); });
  };
  EXPECT_EQ(sum(true), "");
  float total = 0, expected = 0;
  out.read(0, &total, 4, stream());
  for (int i = 0; i < 100; ++i) expected += 1.0f / float(1 + i);
  EXPECT_EQ(total, expected);
  EXPECT_NE(sum(false).find("a race"), std::string::npos);
}

TEST(Emulator, AWriteOutsideItsBufferIsCaught) {
  Memory before(400), buffer(400), after(400);
  const auto shift = [&](int64_t offset) {
    return failureOf([&] { run("shiftBy", shiftBy, 4, 32, 0, reinterpret_cast<float*>(buffer.data()), int64_t{100}, offset); });
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
      run("readPast", readPast, 1, 32, 0, reinterpret_cast<float*>(in.data()), reinterpret_cast<float*>(out.data()), index);
    });
  };
  EXPECT_EQ(read(7), "");
  EXPECT_NE(read(8).find("accesses byte 32 of a buffer of 32 bytes"), std::string::npos);
}

TEST(Emulator, SharedMemoryEndsWhereTheLaunchSaidItWould) {
  const auto write = [&](int64_t index) { return failureOf([&] { run("writeShared", writeShared, 1, 1, 64, index); }); };
  EXPECT_EQ(write(15), "");
  EXPECT_NE(write(16).find("byte 64 of 64 bytes of shared memory"), std::string::npos) << write(16);
}

TEST(Emulator, ABarrierThatSomeThreadsMissIsCaught) {
  Memory out(256);
  float* data = reinterpret_cast<float*>(out.data());
  EXPECT_NE(failureOf([&] { run("halfBarrier", halfBarrier, 1, 64, 0, data); }).find("only 32 of 64 threads of block 0 reach the barrier"),
            std::string::npos);
  EXPECT_NE(failureOf([&] { run("twoBarriers", twoBarriers, 1, 64, 0, data); }).find("wait at different barriers"), std::string::npos);
  EXPECT_NE(failureOf([&] { run("halfShuffle", halfShuffle, 1, 64, 0, data); }).find("waits for lanes that never come"),
            std::string::npos);
}

TEST(Emulator, ShufflesAndAtomicsWork) {
  std::vector<int> in(64), out(64);
  std::iota(in.begin(), in.end(), 0);
  Memory device(256), result(256), counter(4);
  device.write(0, in.data(), 256, stream());
  run("warpSums", warpSums, 1, 64, 0, reinterpret_cast<int*>(device.data()), reinterpret_cast<int*>(result.data()));
  result.read(0, out.data(), 256, stream());
  for (int i = 0; i < 64; ++i) EXPECT_EQ(out[std::size_t(i)], i < 32 ? 496 : 1520);
  counter.fill(0, stream());
  run("countUp", countUp, 10, 100, 0, reinterpret_cast<int*>(counter.data()));
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
  EXPECT_NE(failureOf([&] { run("countUp", countUp, 1, 1025, 0, reinterpret_cast<int*>(out.data())); }).find("cannot be launched"),
            std::string::npos);
}

// ---- graphs -------------------------------------------------------------------------------------------------------------

__global__ void addAndDecide(int* value, int add, int until, cudaGraphConditionalHandle handle) {
  *value += add;
  cudaGraphSetConditional(handle, *value < until);
}
__global__ void scale(int* value, int by) { *value *= by; }

int intIn(const Memory& memory) {
  int value = 0;
  memory.read(0, &value, 4, stream());
  return value;
}

TEST(Emulator, AGraphLoopsAndBranchesAsItsKernelsDecide) {
  Memory value(4);
  value.fill(0, stream());
  auto graph = std::make_unique<Graph>();
  int64_t nodes = 0;
  Recorder recorder(*graph, nodes);
  const auto again = recorder.condition(), small = recorder.condition();
  launch(recorder, "addAndDecide", addAndDecide, 1, 1, 0, value.as<int>(), 1, 10, again);
  Recorder body = recorder.repeatWhile(again);
  launch(body, "addAndDecide", addAndDecide, 1, 1, 0, value.as<int>(), 2, 10, again);
  launch(recorder, "addAndDecide", addAndDecide, 1, 1, 0, value.as<int>(), 0, 12, small);
  Recorder::Branches branches = recorder.branch(small);
  launch(branches.then, "scale", scale, 1, 1, 0, value.as<int>(), 3);
  launch(branches.otherwise, "scale", scale, 1, 1, 0, value.as<int>(), -1);
  EXPECT_EQ(nodes, 7);
  const Replay replay(std::move(graph));
  replay.launch(nullptr);
  EXPECT_EQ(intIn(value), 33);  // 1, 3, ..., 11, times 3
  replay.launch(nullptr);
  EXPECT_EQ(intIn(value), -34);
}

TEST(Emulator, AConditionThatNobodySetsIsCaught) {
  Memory value(4);
  auto graph = std::make_unique<Graph>();
  int64_t nodes = 0;
  Recorder recorder(*graph, nodes);
  recorder.branch(recorder.condition());
  const Replay replay(std::move(graph));
  replay.launch(nullptr);
  EXPECT_NE(failureOf([] { check(cudaStreamSynchronize(nullptr), "running"); }).find("a condition that no kernel has set"), std::string::npos);
}

TEST(Emulator, NodesWithoutAnEdgeRunInAnyOrder) {
  Memory value(4);
  bool differed = false;
  for (int i = 0; i < 50 && !differed; ++i) {
    auto graph = std::make_unique<Graph>();
    int64_t nodes = 0;
    Recorder one(*graph, nodes), other(*graph, nodes);  // neither knows of the other's nodes
    launch(one, "scale", scale, 1, 1, 0, value.as<int>(), 10);
    const auto unused = other.condition();
    launch(other, "addAndDecide", addAndDecide, 1, 1, 0, value.as<int>(), 1, 0, unused);
    value.fill(0, stream());
    Replay(std::move(graph)).launch(nullptr);
    differed = intIn(value) == 10;
  }
  EXPECT_TRUE(differed);
}

}  // namespace
}  // namespace credence::cuda
