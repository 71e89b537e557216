// Damaged plans: each is refused, or runs without touching memory that is not its own (the address sanitizer watches).
#include <gtest/gtest.h>

#include <credence/rows.hpp>
#include <random>

#include "bounded_run.hpp"
#include "plan_builder.hpp"

namespace credence::test {
namespace {

constexpr Type f32 = Type::f32;

uint32_t rowCode(std::string_view name) {
  int count = 0;
  const RowOp* const* ops = rowOps(&count);
  for (int i = 0; i < count; ++i)
    if (name == ops[i]->name) return static_cast<uint32_t>(i + 1);
  throw std::invalid_argument("no row operation named " + std::string(name));
}

/// Every kind of instruction once.
Words wholePlan() {
  PlanBuilder plan;
  const auto x = plan.input(240 * 4), out = plan.output(240 * 4), index = plan.output(12 * 4);
  const auto a = plan.arena(240 * 4), b = plan.arena(240 * 4), flag = plan.arena(1), count = plan.arena(4);
  const auto w = plan.constants(ramp<float>(120)), picks = plan.constants(std::vector<int32_t>{3, 1, 2, 0});
  const auto slice = plan.sliced(a, 0, 20 * 4, 80), back = plan.sliced(out, 1, 20 * 4, 80, true);
  plan.add(cluster({{12, 20}, {{0, f32, x, {20, 1}}, {1, f32, w, {0, 1}}}, {{"add", f32, 2, 0, 1}, {"tanh", f32, 3, 2}, {"iota", f32, 4, 1}, {"mul", f32, 3, 3, 4}}, {{3, f32, a, {20, 1}}}, 4}));
  plan.add(barrier());
  plan.add(matmul({f32, 1, 12, 6, 20, {a, 0, 20}, {w, 0, 6}, {b, 0, 6}, w, "relu", false, 3}));
  plan.add(matmul({f32, 2, 3, 4, 5, {x, 15, 5}, {w, 20, 4}, {out, 12, 4}, noSlot, "", false, 2}));
  plan.add(reduce({Monoid::sum, f32, {20}, {12}, a, {1}, {20}, out, 4}));
  plan.add(reduce({Monoid::argmax, f32, {12}, {20}, a, {20}, {1}, index, 3}));
  plan.add(instruction(Kind::rows, {2, rowCode("gather"), 2, 3, 2, 0, a, word(f32), 0, 40, 40, picks, word(Type::i32), 0, 0, 4, out, word(f32), 0, 40, 40, 4, 10}));
  plan.add(instruction(Kind::rows, {1, rowCode("cumsum"), 3, 2, 1, 0, x, word(f32), 0, 20, 20, b, word(f32), 100, 20, 20, 1}));
  plan.add(barrier());
  Words inner = cluster({{20}, {{0, f32, slice, {1}}}, {{"square", f32, 1, 0}}, {{1, f32, back, {-1}, 19}}, 5});
  append(inner, cond(flag, cluster({{1}, {}, {constant(Type::boolean, 0, 0)}, {{0, Type::boolean, flag, {1}}}}), barrier()));
  plan.add(repeat(4, repeat(3, inner)));
  Words predicate = cluster({{1}, {{0, Type::i32, count, {1}}}, {constant(Type::i32, 1, 5), {"lt", Type::i32, 2, 0, 1}}, {{2, Type::boolean, flag, {1}}}});
  plan.add(whileLoop(7, flag, predicate, cluster({{1}, {{0, Type::i32, count, {1}}}, {constant(Type::i32, 1, 1), {"add", Type::i32, 2, 0, 1}}, {{2, Type::i32, count, {1}}}})));
  return plan.words();
}

void runAsItIs(const Plan& plan, int threads) {
  const std::vector<float> values = ramp<float>(1000);
  runBounded(plan, cpu::kernels(), threads, nullptr, [&](const ExactBytes& input) {
    std::memcpy(input.data(), values.data(), static_cast<std::size_t>(std::min<int64_t>(input.count(), 4000)));
  });
}

TEST(DamagedPlan, IsRefusedOrRunsInsideItsOwnMemory) {
  const Words good = wholePlan();
  runAsItIs(decode(good), 2);
  std::mt19937 random(20261120);
  const std::vector<uint32_t> telling{0, 1, 2, 3, 4, 5, 7, 8, 16, 64, 255, 256, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
  int accepted = 0, refused = 0;
  for (int trial = 0; trial < 20000; ++trial) {
    Words words = good;
    for (uint32_t changes = 1 + random() % 3; changes > 0; --changes) {
      uint32_t& word = words[random() % words.size()];
      switch (random() % 4) {
        case 0: word = telling[random() % telling.size()]; break;
        case 1: word += random() % 2 ? 1 : 0xffffffff; break;
        case 2: word ^= 1u << random() % 32; break;
        default: word = words[random() % words.size()];
      }
    }
    if (random() % 16 == 0) words.resize(random() % words.size());
    Plan plan;
    try {
      plan = decode(words);
    } catch (const PlanError&) {
      ++refused;
      continue;
    }
    ++accepted;
    if (isBounded(plan)) runAsItIs(plan, trial % 8 == 0 ? 2 : 1);
  }
  // Damage to the pool, to constants and to opcodes of one shape is harmless, so both outcomes must have been seen.
  EXPECT_GT(accepted, 1000);
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace credence::test
