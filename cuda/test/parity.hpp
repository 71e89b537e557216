// Runs one plan on the CPU, the reference, and on a CUDA device (the emulator's, or a GPU), and compares their outputs.
#pragma once

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "../device.hpp"
#include "plan_builder.hpp"

namespace credence::test {

class CudaParity : public ::testing::Test {
 protected:
  void SetUp() override {
    if (cuda::devices().empty()) GTEST_SKIP() << "no CUDA device on this machine";
  }
};

struct DeviceRun {
  std::vector<Bytes> outputs;
  std::string failure;  // empty: none
};

/// Runs on fresh buffers.
inline DeviceRun run(Program& program, const std::vector<Bytes>& inputs, Control* control = nullptr) {
  std::vector<std::unique_ptr<Buffer>> owned;
  const auto buffer = [&](int64_t bytes) {
    owned.push_back(program.device.allocate(bytes));
    return owned.back().get();
  };
  std::vector<Buffer*> in, out;
  for (const Bytes& input : inputs) {
    in.push_back(buffer(input.count()));
    in.back()->write(0, input.data(), input.count());
  }
  for (const int64_t bytes : program.plan().outputBytes) out.push_back(buffer(bytes));
  Status status;
  program.run(in, out, 1, control, status);
  DeviceRun run;
  if (!status.ok()) run.failure = status.code == Status::cancelled ? "cancelled" : status.message;
  for (Buffer* output : out) {
    run.outputs.emplace_back(output->bytes);
    output->read(0, run.outputs.back().data(), output->bytes);
  }
  return run;
}

inline std::unique_ptr<Program> compileForCuda(const Words& words) { return cuda::devices().front()->compile(decode(words)); }

inline DeviceRun runOnCuda(const Words& words, const std::vector<Bytes>& inputs, Control* control = nullptr) {
  return run(*compileForCuda(words), inputs, control);
}

/// Differences in units of tolerance * (1 + |reference|); NaN equals NaN, infinities themselves.
template <class T>
void expectClose(const std::vector<T>& got, const std::vector<T>& reference, double tolerance, const std::string& what) {
  ASSERT_EQ(got.size(), reference.size()) << what;
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (got[i] == reference[i]) continue;
    const double a = double(got[i]), b = double(reference[i]);
    if (std::isnan(a) && std::isnan(b)) continue;
    ASSERT_LE(std::fabs(a - b), tolerance * (1 + std::fabs(b))) << what << ", element " << i << ": " << a << ", on the CPU " << b;
  }
}

/// Both devices agree on output `index`, of type T.
template <class T>
void expectParity(const Words& words, const std::vector<Bytes>& inputs, double tolerance, const std::string& what, std::size_t index = 0) {
  const DeviceRun device = runOnCuda(words, inputs);
  ASSERT_EQ(device.failure, "") << what;
  expectClose<T>(device.outputs[index].as<T>(), run(words, inputs)[index].as<T>(), tolerance, what);
}

/// Two f32 (f64) computations that round differently at each step, over a few steps.
template <class T>
constexpr double roundings = std::is_same_v<T, float> ? 1e-6 : std::is_same_v<T, double> ? 1e-14 : 0;

/// Calls f(T{}) for the C++ type of an element type.
template <class F>
void dispatch(Type type, F f) {
  switch (type) {
    case Type::f32: return f(float{});
    case Type::f64: return f(double{});
    case Type::i32: return f(int32_t{});
    case Type::u32: return f(uint32_t{});
    case Type::boolean: return f(uint8_t{});
  }
}

/// Values of T over its interesting range, the edges among them; `shift` gives another set.
template <class T>
std::vector<T> samples(std::size_t count, std::size_t shift = 0) {
  std::vector<T> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double x = static_cast<double>(((i + shift) * 7919 + 13) % 2003) / 1001.5 - 1;  // (-1, 1)
    if constexpr (std::is_same_v<T, uint8_t>) values[i] = x > 0;
    else if constexpr (std::is_unsigned_v<T>) values[i] = i % 3 ? static_cast<T>((x + 1) * 20) : static_cast<T>((x + 1) * 2e9);
    else if constexpr (std::is_integral_v<T>) values[i] = i % 3 ? static_cast<T>(x * 20) : static_cast<T>(x * 2e9);
    else values[i] = static_cast<T>(i % 4 == 0 ? x : i % 4 == 1 ? x * 10 : i % 4 == 2 ? x * 100 : x * x * x * 1e-3);
  }
  if constexpr (std::is_floating_point_v<T>) {
    const T edges[] = {0, T(-0.0), 1, -1, 0.5, 2, 3, 8, INFINITY, -INFINITY, NAN, std::numeric_limits<T>::denorm_min(), std::numeric_limits<T>::max()};
    for (std::size_t i = 0; i < std::size(edges) && i < count; ++i) values[(i + shift) % count] = edges[i];
  }
  return values;
}

}  // namespace credence::test
