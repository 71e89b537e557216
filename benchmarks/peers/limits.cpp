// What one core of this machine can do at most. Arguments: `copy` and a number of bytes: seconds of one copy; or `fma`: seconds
// of 2 * 10^6 f32 operations, multiplications and additions in registers. Then the seconds to measure for.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "timing.hpp"

namespace {

#if defined(__AVX512F__)
constexpr int vectorBytes = 64;
#elif defined(__AVX__)
constexpr int vectorBytes = 32;
#else
constexpr int vectorBytes = 16;
#endif
typedef float Vector __attribute__((vector_size(vectorBytes)));
constexpr int lanes = vectorBytes / 4, chains = 12;  // independent sums: latency times rate of every core so far

void multiplyAndAdd() {
  constexpr int rounds = 1000000 / (lanes * chains);
  Vector sums[chains]{}, factor = Vector{} + 1.0001f, term = Vector{} + 0.5f;
  asm volatile("" : "+x"(factor), "+x"(term));
  for (Vector& sum : sums) asm volatile("" : "+x"(sum));  // else they are all the same to the compiler
  for (int round = 0; round < rounds; ++round)
#pragma GCC unroll 12
    for (Vector& sum : sums) sum = sum * factor + term;
  for (Vector& sum : sums) asm volatile("" : : "x"(sum));
}

std::vector<double> copies(std::size_t bytes, double budget) {
  const std::unique_ptr<char[]> from(new char[bytes]), to(new char[bytes]);
  std::memset(from.get(), 1, bytes);
  std::memset(to.get(), 2, bytes);
  return peer::timesOf([&] { std::memcpy(to.get(), from.get(), bytes); asm volatile("" : : "r"(to.get()) : "memory"); }, budget);
}

}  // namespace

int main(int count, char** arguments) {
  const std::string what = count > 1 ? arguments[1] : "";
  if (what == "copy" && count == 4) {
    peer::report(copies(std::strtoull(arguments[2], nullptr, 10), std::atof(arguments[3])), "memcpy");
  } else if (what == "fma" && count == 3) {
    std::vector<double> times = peer::timesOf(multiplyAndAdd, std::atof(arguments[2]));
    for (double& time : times) time *= 1e6 / (1000000 / (lanes * chains) * lanes * chains);  // the rounds that a division dropped
    peer::report(times, "multiply and add");
  } else {
    return 2;
  }
}
