// Times of runs on a device, and the lines of JSON they are reported in.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace credence::bench {

struct Seconds {
  double min, median, max;
};

struct Effort {
  int samples;
  double sampleSeconds;  // calls are gathered until a sample takes about that long
};

/// Seconds of one call, which waits for the device, after a warm-up.
template <class Call>
Seconds time(const Effort& effort, Call&& call) {
  using Clock = std::chrono::steady_clock;
  const auto secondsOf = [&](int64_t calls) {
    const auto start = Clock::now();
    for (int64_t i = 0; i < calls; ++i) call();
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  secondsOf(1);
  const double once = secondsOf(1);
  const int64_t calls = std::clamp<int64_t>(int64_t(effort.sampleSeconds / std::max(once, 1e-9)), 1, 100'000);
  std::vector<double> taken;
  for (int i = 0; i < effort.samples; ++i) taken.push_back(secondsOf(calls) / double(calls));
  std::sort(taken.begin(), taken.end());
  return {taken.front(), taken[taken.size() / 2], taken.back()};
}

/// One line: `units` of work (trips, steps) in each call, and figures of one unit, such as bytes moved.
inline void report(const std::string& name, const std::string& size, const Seconds& seconds, double units,
                   const std::vector<std::pair<const char*, double>>& figures = {}) {
  std::printf("{\"name\": \"%s\", \"size\": \"%s\", \"seconds\": {\"min\": %.9g, \"median\": %.9g, \"max\": %.9g}", name.c_str(), size.c_str(),
              seconds.min / units, seconds.median / units, seconds.max / units);
  for (const auto& [figure, value] : figures) std::printf(", \"%s\": %.9g", figure, value);
  std::printf("}\n");
  std::fflush(stdout);
}

}  // namespace credence::bench
