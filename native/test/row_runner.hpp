// Runs one row operation from vectors, through its check and the loop this machine would use.
#pragma once

#include <credence/rows.hpp>

#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

namespace credence::test {

template <class T>
constexpr Type typeOf = std::is_same_v<T, float>          ? Type::f32
                        : std::is_same_v<T, double>       ? Type::f64
                        : std::is_same_v<T, std::int32_t> ? Type::i32
                        : std::is_same_v<T, std::uint32_t> ? Type::u32
                                                           : Type::boolean;

inline const RowOp& rowOpNamed(const char* name) {
  int count = 0;
  const RowOp* const* ops = rowOps(&count);
  for (int i = 0; i < count; ++i)
    if (!std::strcmp(ops[i]->name, name)) return *ops[i];
  throw std::runtime_error(std::string("no row operation is called ") + name);
}

class RowRunner {
 public:
  explicit RowRunner(const char* name) : op_(rowOpNamed(name)) {}

  // An operand of rows of `length`, one after the other, or one row shared by all.
  template <class T>
  RowRunner& operand(std::vector<T>& values, std::int64_t length) {
    operands_.push_back({values.data(), typeOf<T>, length, length});
    return *this;
  }
  template <class T>
  RowRunner& shared(std::vector<T>& values) {
    operands_.push_back({values.data(), typeOf<T>, 0, std::int64_t(values.size())});
    return *this;
  }
  RowRunner& integers(std::vector<std::int32_t> values) { return integers_ = std::move(values), *this; }
  RowRunner& numbers(std::vector<double> values) { return numbers_ = std::move(values), *this; }

  std::string check(std::int64_t rows) const { return op_.check(call(nullptr), rows); }

  // Runs rows [0, rows) in consecutive pieces; the message of a failure, or nothing.
  std::string run(std::int64_t rows, std::int64_t piece = 1 << 30) const {
    EXPECT_EQ(check(rows), "");
    Status status;
    for (std::int64_t begin = 0; begin < rows; begin += piece) op_.run(call(&status), begin, std::min(rows, begin + piece));
    return status.ok() ? "" : status.message;
  }

 private:
  RowCall call(Status* status) const {
    return {operands_.data(), int(operands_.size()), integers_.data(), int(integers_.size()), numbers_.data(), int(numbers_.size()), status};
  }

  const RowOp& op_;
  std::vector<RowOperand> operands_;
  std::vector<std::int32_t> integers_;
  std::vector<double> numbers_;
};

// Pearson's statistic of `counts` against expected numbers, bins below 5 pooled, as a z-score: (X^2 - df) / sqrt(2 df).
// With df near 20 and more it exceeds 5 by chance less than once in a hundred thousand.
inline double chiSquareScore(const std::vector<double>& counts, const std::vector<double>& expected) {
  double statistic = 0, pooledCount = 0, pooledExpected = 0;
  int bins = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    pooledCount += counts[i];
    pooledExpected += expected[i];
    if (pooledExpected < 5 && i + 1 < counts.size()) continue;
    if (pooledExpected <= 0) continue;
    statistic += (pooledCount - pooledExpected) * (pooledCount - pooledExpected) / std::max(pooledExpected, 1e-9);
    ++bins;
    pooledCount = pooledExpected = 0;
  }
  const double freedom = std::max(1, bins - 1);
  return (statistic - freedom) / std::sqrt(2 * freedom);
}

}  // namespace credence::test
