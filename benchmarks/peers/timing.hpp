// Times a call in samples of at least a millisecond, for a budget of seconds; prints what the harness reads: one JSON line.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

namespace peer {

template <class Call>
double secondsOf(Call call, long count) {
  const auto start = std::chrono::steady_clock::now();
  for (long i = 0; i < count; ++i) call();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Seconds of one call, each a mean over a sample; five samples at least.
template <class Call>
std::vector<double> timesOf(Call call, double budget) {
  long count = 1;
  while (secondsOf(call, count) < 1e-3) count *= 2;  // and it is warm by then
  std::vector<double> taken;
  for (double total = 0; total < budget || taken.size() < 5;) {
    const double seconds = secondsOf(call, count);
    total += seconds;
    taken.push_back(seconds / static_cast<double>(count));
  }
  std::sort(taken.begin(), taken.end());
  return taken;
}

inline void report(const std::vector<double>& sorted, const char* version) {
  const std::size_t middle = sorted.size() / 2;
  const double median = sorted.size() % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  std::printf("{\"seconds\": {\"min\": %.9g, \"median\": %.9g, \"max\": %.9g}, \"version\": \"%s\"}\n", sorted.front(), median, sorted.back(), version);
}

}  // namespace peer
