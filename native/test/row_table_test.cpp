// What holds for every row operation of the table: it refuses calls that do not fit, gives the same bits however its rows are
// shared out, and writes nowhere but into its results, whatever the data. An operation needs a sample call here.
#include <credence/fft.hpp>
#include <credence/row_ops.hpp>
#include <credence/rows.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace credence::test {
namespace {

enum class Kind { real, f64, u32, i32 };  // real: of the type under test

struct Sample {
  const char* name;
  struct Operand {
    Kind kind;
    std::int64_t length;
    bool anyLength = false;
  };
  std::vector<Operand> operands;
  std::vector<std::int32_t> integers = {};
  std::vector<double> numbers = {};
};

const Sample::Operand key{Kind::u32, 2}, one{Kind::real, 1}, index{Kind::i32, 3};
Sample::Operand real(std::int64_t length) { return {Kind::real, length}; }
Sample::Operand i32(std::int64_t length) { return {Kind::i32, length}; }
Sample::Operand f64(std::int64_t length) { return {Kind::f64, length}; }

const std::vector<std::int32_t> windowShape = {5, 6, 3, 2, 2, 1, 1, 2, 1, 1, 3, 6};

const std::vector<Sample>& samples() {
  static const std::vector<Sample> list = {
      {"randomBits", {key, {Kind::u32, 1}}, {0}},
      {"randomUniform", {key, one}, {0}},
      {"randomNormal", {key, one}, {7}},
      {"randomGamma", {key, one, one}, {0}},
      {"randomPoisson", {key, one, one}, {0}},
      {"randomBinomial", {key, one, one, one}, {0}},
      {"randomFold", {key, {Kind::u32, 1}, key}},
      {"permutation", {key, {Kind::i32, 9, true}}, {0}},
      {"rationalQuadratic", {one, real(14), one, one}, {5, 0}, {3, 1e-3, 1e-3, 1e-3}},
      {"rationalQuadraticReverse", {one, real(14), one, one, one, real(14)}, {5, 0}, {3, 1e-3, 1e-3, 1e-3}},
      {"cholesky", {real(16), real(16)}, {4}},
      {"triangularSolve", {real(16), real(12), real(12)}, {4, 3, 1}},
      {"lu", {real(16), real(16), i32(4)}, {4}},
      {"luSolve", {real(16), real(16), i32(4), real(12), real(12)}, {4, 3, 0}},
      {"luLogDeterminant", {real(16), real(16), i32(4), one, one}, {4}},
      {"eigenSymmetric", {real(100), real(10), real(100), real(20)}, {10}},
      {"eigenSymmetric", {real(16), real(4), real(16), real(8)}, {4}},
      {"fft", {real(30), real(30), real(fourierTable(30, 0)), real(30), real(30), real(fourierWork(30, 0))}, {30, 0, 0, 1}, {1}},
      {"fft", {real(28), real(28), real(fourierTable(7, 15)), real(28), real(28), real(4 * fourierWork(7, 15))}, {7, 15, 1, 4}, {0.5}},
      {"rfft", {real(24), real(realTable(24, 0)), real(13), real(13), real(realWork(24, 0))}, {24, 0}, {1, 1}},
      {"rfft", {real(7), real(realTable(7, 15)), real(4), real(4), real(realWork(7, 15))}, {7, 15}, {1, 1}},
      {"irfft", {real(8), real(8), real(realTable(14, 15)), real(14), real(realWork(14, 15))}, {14, 15}, {1, 2}},
      {"irfft", {real(8), real(8), real(realTable(15, 0)), real(15), real(realWork(15, 0))}, {15, 0}, {1, 2}},
      {"windows", {real(30), real(108)}, windowShape, {0}},
      {"windowsAdd", {real(108), real(30)}, windowShape},
      {"sort", {real(40), real(40), i32(40)}},
      {"cumsum", {real(9), real(9)}, {1}},
      {"linearRecurrence", {real(9), real(9), real(9)}, {0}},
      {"gather", {real(8), index, real(6)}, {4, 2}},
      {"scatterAdd", {index, real(6), real(8)}, {4, 2}},
      {"birthDeathStep", {key, one, one, one, one, one, one}, {0}},
      {"birthDeathEvents", {key, one, real(3), real(3), real(3), one}, {0}, {60}},
      {"birthDeathLogTransition", {one, one, one, one, one, one, one}},
      {"prismField", {f64(3), f64(6 * 11), real(11)}, {3, 0}, {2}},
      {"meshField", {f64(3), f64(6), f64(4), f64(3), real(30)}, {0, 5, 3, 2}, {2}},
      {"nutsLeaf", {real(NutsRow::length(9, 3)), key, i32(1), real(9), real(9), real(9), one, real(NutsRow::length(9, 3))}, {0, 3, 4}},
  };
  return list;
}

const RowOp& named(const char* name) {
  int count = 0;
  const RowOp* const* ops = rowOps(&count);
  for (int i = 0; i < count; ++i)
    if (!std::strcmp(ops[i]->name, name)) return *ops[i];
  throw std::invalid_argument(std::string("no row operation named ") + name);
}

TEST(RowTable, EveryOperationHasASampleHere) {
  int count = 0;
  const RowOp* const* ops = rowOps(&count);
  for (int i = 0; i < count; ++i) {
    bool found = false;
    for (const Sample& sample : samples()) found |= !std::strcmp(sample.name, ops[i]->name);
    EXPECT_TRUE(found) << ops[i]->name << " has no sample call in row_table_test.cpp";
  }
}

Type typeOf(Kind kind, Type realType) {
  return kind == Kind::real ? realType : kind == Kind::f64 ? Type::f64 : kind == Kind::u32 ? Type::u32 : Type::i32;
}
bool isReal(Kind kind) { return kind == Kind::real || kind == Kind::f64; }

std::string checked(const Sample& sample, const std::vector<RowOperand>& operands, const std::vector<std::int32_t>& integers, const std::vector<double>& numbers) {
  const RowCall call{operands.data(), int(operands.size()), integers.data(), int(integers.size()), numbers.data(), int(numbers.size()), nullptr};
  return named(sample.name).check(call, 5);
}

TEST(RowTable, CallsThatDoNotFitAreRefused) {
  for (const Sample& sample : samples())
    for (const Type type : {Type::f32, Type::f64}) {
      std::vector<RowOperand> good;
      for (const auto& [kind, length, any] : sample.operands) good.push_back({nullptr, typeOf(kind, type), length, length});
      const auto refused = [&](const std::vector<RowOperand>& operands, const std::string& what) {
        EXPECT_NE(checked(sample, operands, sample.integers, sample.numbers), "") << sample.name << ": " << what;
      };
      ASSERT_EQ(checked(sample, good, sample.integers, sample.numbers), "");
      for (std::size_t i = 0; i < good.size(); ++i) {
        std::vector<RowOperand> bad = good;
        bad[i].type = Type::boolean;
        refused(bad, "operand " + std::to_string(i) + " of bool");
        bad = good;
        ++bad[i].rowLength;
        ++bad[i].rowStride;
        if (!sample.operands[i].anyLength) refused(bad, "operand " + std::to_string(i) + " too long");
        if (i < std::size_t(named(sample.name).inputs)) continue;
        bad = good;
        --bad[i].rowStride;
        refused(bad, "overlapping rows of operand " + std::to_string(i));
      }
      std::vector<RowOperand> fewer = good;
      fewer.pop_back();
      refused(fewer, "an operand less");
      for (std::size_t i = 0; i < sample.integers.size(); ++i) {
        std::vector<std::int32_t> integers = sample.integers;
        integers[i] = -1;
        EXPECT_NE(checked(sample, good, integers, sample.numbers), "") << sample.name << ": integer " << i << " below 0";
      }
      std::vector<std::int32_t> integers = sample.integers;
      integers.push_back(0);
      EXPECT_NE(checked(sample, good, integers, sample.numbers), "") << sample.name << ": an integer more";
      std::vector<double> numbers = sample.numbers;
      numbers.push_back(0);
      EXPECT_NE(checked(sample, good, sample.integers, numbers), "") << sample.name << ": a number more";
    }
}

constexpr std::size_t guardBytes = 256;
constexpr unsigned char guard = 0xa5;

// Memory of one call on `rows` rows: operands between guards, inputs filled by `fill(kind)`.
class Memory {
 public:
  template <class F>
  Memory(const Sample& sample, Type type, std::int64_t rows, F fill) : sample_(sample) {
    const RowOp& op = named(sample.name);
    for (std::size_t i = 0; i < sample.operands.size(); ++i) {
      const auto& [kind, length, any] = sample.operands[i];
      const Type own = typeOf(kind, type);
      const std::size_t bytes = std::size_t(rows * length) * typeBytes[int(own)];
      buffers_.emplace_back(bytes + 2 * guardBytes, guard);
      unsigned char* data = buffers_.back().data() + guardBytes;
      if (i < std::size_t(op.inputs))
        for (std::int64_t k = 0; k < rows * length; ++k) {
          if (own == Type::f32) reinterpret_cast<float*>(data)[k] = float(fill(kind));
          else if (own == Type::f64) reinterpret_cast<double*>(data)[k] = fill(kind);
          else reinterpret_cast<std::int32_t*>(data)[k] = std::int32_t(fill(kind));
        }
      else std::memset(data, 0, bytes);
      operands_.push_back({data, own, length, length});
    }
  }

  void run(std::int64_t begin, std::int64_t end) {
    Status status;
    const RowCall call{operands_.data(), int(operands_.size()), sample_.integers.data(), int(sample_.integers.size()),
                       sample_.numbers.data(), int(sample_.numbers.size()), &status};
    named(sample_.name).run(call, begin, end);
  }

  bool operator==(const Memory& other) const { return buffers_ == other.buffers_; }
  bool guardsHold() const {
    for (const auto& buffer : buffers_)
      for (std::size_t i = 0; i < guardBytes; ++i)
        if (buffer[i] != guard || buffer[buffer.size() - 1 - i] != guard) return false;
    return true;
  }

 private:
  const Sample& sample_;
  std::vector<std::vector<unsigned char>> buffers_;
  std::vector<RowOperand> operands_;
};

TEST(RowTable, TheSameBitsHoweverRowsAreSharedOut) {
  const std::int64_t rows = 41;
  for (const Sample& sample : samples())
    for (const Type type : {Type::f32, Type::f64}) {
      const auto fill = [engine = std::mt19937(5)](Kind kind) mutable {
        return isReal(kind) ? std::uniform_real_distribution<>(0.1, 0.9)(engine) : double(engine() % 3);
      };
      Memory whole(sample, type, rows, fill), pieces(sample, type, rows, fill);
      whole.run(0, rows);
      for (std::int64_t begin = 0; begin < rows; begin += 6) pieces.run(begin, std::min(rows, begin + 6));
      EXPECT_TRUE(whole == pieces) << sample.name;
      EXPECT_TRUE(whole.guardsHold()) << sample.name;
    }
}

TEST(RowTable, NoDataMakesAnOperationWriteElsewhere) {
  const double telling[] = {0, -0.0, 1, -1, 2, 3, 7, 0.5, 1e-30, -4e4, 1e9, INFINITY, -INFINITY, NAN, std::numeric_limits<float>::denorm_min()};
  for (const Sample& sample : samples())
    for (const Type type : {Type::f32, Type::f64})
      for (unsigned seed = 0; seed < 20; ++seed) {
        Memory memory(sample, type, 19, [&, engine = std::mt19937(seed)](Kind kind) mutable {
          const double value = telling[engine() % std::size(telling)];
          return isReal(kind) ? value : std::isfinite(value) ? std::trunc(value) : 123456789.0;
        });
        memory.run(0, 19);
        ASSERT_TRUE(memory.guardsHold()) << sample.name;
      }
}

// Lengths that the check asks for, one after the other, until it accepts or asks for something else.
bool fitLengths(Sample& sample) {
  const auto problem = [&] {
    std::vector<RowOperand> operands;
    for (const auto& [kind, length, any] : sample.operands) operands.push_back({nullptr, typeOf(kind, Type::f32), length, length});
    return checked(sample, operands, sample.integers, sample.numbers);
  };
  for (std::size_t attempt = 0; attempt <= sample.operands.size(); ++attempt) {
    const std::string before = problem();
    if (before.empty()) return true;
    const std::size_t at = before.find("must have rows of ");
    if (at == std::string::npos) return false;
    const std::int64_t wanted = std::stoll(before.substr(at + 18));
    for (auto& operand : sample.operands) {
      const std::int64_t kept = operand.length;
      operand.length = wanted;
      if (problem() != before) break;
      operand.length = kept;
    }
  }
  return false;
}

TEST(RowTable, WhateverAttributesAreAcceptedStayInsideTheirOperands) {
  const std::int32_t telling[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 25, 31, 2147483647, -2147483647 - 1};
  std::mt19937 engine(20261120);
  int accepted = 0;
  for (int trial = 0; trial < 20000; ++trial) {
    Sample sample = samples()[engine() % samples().size()];
    for (std::int32_t& integer : sample.integers)
      if (engine() % 2) integer = telling[engine() % std::size(telling)];
    if (!fitLengths(sample)) continue;
    std::int64_t elements = 0;
    for (const auto& operand : sample.operands) elements += operand.length;
    if (elements > 20000) continue;
    ++accepted;
    Memory memory(sample, engine() % 2 ? Type::f32 : Type::f64, 3,
                  [&](Kind kind) { return isReal(kind) ? std::uniform_real_distribution<>(0.1, 0.9)(engine) : double(engine() % 3); });
    memory.run(0, 3);
    ASSERT_TRUE(memory.guardsHold()) << sample.name;
  }
  EXPECT_GT(accepted, 3000);
}

}  // namespace
}  // namespace credence::test
