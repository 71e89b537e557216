#include <gtest/gtest.h>
#include <sys/time.h>

#include <csignal>
#include <cstring>

#include "plan_builder.hpp"

namespace credence::test {
namespace {

volatile sig_atomic_t handled = 0;

// Uses the stack as a profiler's handler does.
void scribble(int) {
  volatile char frame[8192];
  std::memset(const_cast<char*>(frame), 0xab, sizeof frame);
  handled = handled + 1;
}

TEST(Signals, AHandlerThatFiresAllTheTimeDoesNotHarmProducts) {
  struct sigaction action {}, before {};
  action.sa_handler = scribble;
  action.sa_flags = SA_RESTART;
  sigaction(SIGPROF, &action, &before);
  const itimerval often{{0, 200}, {0, 200}}, never{};
  setitimer(ITIMER_PROF, &often, nullptr);

  PlanBuilder plan;
  const uint32_t m = 50, n = 50, k = 200;
  const auto a = plan.input(m * k * 4), b = plan.input(k * n * 4), c = plan.output(m * n * 4);
  plan.add(matmul({Type::f32, 1, m, n, k, {a, int32_t(m * k), 1, int32_t(m)}, {b, int32_t(k * n), int32_t(n), 1}, {c, int32_t(m * n), int32_t(n)}}));
  const std::vector<float> as(m * k, 1), bs(k * n, 1);
  for (int round = 0; round < 3000; ++round) {
    const auto got = run(plan.words(), {as, bs}, 1)[0].as<float>();
    ASSERT_EQ(got, std::vector<float>(m * n, float(k)));
  }
  setitimer(ITIMER_PROF, &never, nullptr);
  sigaction(SIGPROF, &before, nullptr);
  EXPECT_GT(handled, 0);
}

}  // namespace
}  // namespace credence::test
