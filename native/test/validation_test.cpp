#include <gtest/gtest.h>

#include <functional>

#include "plan_builder.hpp"

namespace credence::test {
namespace {

constexpr Type f32 = Type::f32;

void expectRefusal(const Words& words, const std::string& reason) {
  try {
    decode(words);
    ADD_FAILURE() << "accepted where '" << reason << "' is expected";
  } catch (const PlanError& error) {
    EXPECT_NE(std::string(error.what()).find(reason), std::string::npos) << error.what();
  }
}

/// A plan of one instruction on an input, an arena slot and an output of 400 bytes each (slots 0, 1, 2), then a constant (3).
void expectRefused(const Words& instruction, const std::string& reason) {
  PlanBuilder plan;
  plan.input(400), plan.arena(400), plan.output(400), plan.constants(std::vector<float>(100, 1));
  plan.add(instruction);
  expectRefusal(plan.words(), reason);
}

Words copyOf(ViewWords load, ViewWords store, std::vector<uint32_t> dims = {100}, uint32_t parts = 1) {
  return cluster({dims, {load}, {}, {store}, parts});
}

TEST(Validation, ChecksTheHeader) {
  PlanBuilder plan;
  plan.add(barrier());
  const Words good = plan.words();
  decode(good);
  const auto with = [&](std::size_t at, uint32_t value) {
    Words words = good;
    words[at] = value;
    return words;
  };
  expectRefusal({}, "words end");
  expectRefusal(Words(good.begin(), good.begin() + 10), "words end");
  expectRefusal(with(0, 1), "magic");
  expectRefusal(with(1, 1), "version 1 where 2 is expected");
  expectRefusal(with(2, 0xffffffff), "4294967295 slots");
  expectRefusal(with(3, 3), "words of code");
  expectRefusal(with(3, 1), "instruction 0 (barrier)");
  expectRefusal(with(5, 0x80000000), "arena");
  expectRefusal(with(8, 4), "bytes of constants");
  expectRefusal(with(9, 0xffffffff), "bytes of constants");
  expectRefusal(with(10, 9), "loop depth");
  expectRefusal(with(12, 0x80000000), "bytes for each thread");
  expectRefusal(with(15, 1), "header word 15");
  Words longer = good;
  longer.resize(good.size() + 16);
  expectRefusal(longer, "words in all");
}

TEST(Validation, ChecksSlots) {
  const auto refused = [](uint32_t at, uint32_t value, const std::string& reason) {
    PlanBuilder plan;
    plan.arena(64), plan.input(64), plan.constants(std::vector<float>(16));
    plan.sliced(0, 0, 4, 4), plan.own(64);
    Words words = plan.words();
    words[headerWords + at] = value;
    expectRefusal(words, reason);
  };
  refused(0, 9, "plan: slot 0: kind 9 is unknown");
  refused(2, 4, "outside the arena");
  refused(3, 1, "outside the arena");
  refused(4, 65, "outside the arena");
  refused(5, 0xffffffff, "out of range");
  refused(8 + 1, 1, "input 1 is not below 1");
  refused(8 + 2, 4, "offset of an input must be 0");
  refused(16 + 2, 4, "outside the constant pool");
  refused(24 + 1, 3, "base slot 3");
  refused(24 + 1, 5, "base slot 5");
  refused(24 + 2, 8, "loop depth");
  refused(24 + 4, 68, "larger than the slot");
  refused(24 + 7, 2, "flags");
  refused(32 + 4, 65, "outside the memory of a thread");
}

TEST(Validation, ChecksInstructions) {
  expectRefused({99, 2}, "instruction 0 (?): kind 99");
  expectRefused({1, 1}, "length must be at least 2");
  expectRefused({1, 3, 0}, "1 words are left over");
  expectRefused({1, 5}, "announced");
  expectRefused({2, 4, 1, 1}, "its words end");
}

TEST(Validation, ChecksTheViewsOfClusters) {
  const ViewWords load{0, f32, 0, {1}}, store{0, f32, 2, {1}};
  expectRefused(copyOf({0, f32, 0, {1}, 1}, store), "load 0: it reaches element 100 of slot 0, which holds 100");
  expectRefused(copyOf({0, f32, 0, {2}}, store), "load 0: it reaches element 198");
  expectRefused(copyOf({0, f32, 0, {-1}, 98}, store), "load 0: it reaches below");
  expectRefused(copyOf({0, f32, 0, {1}, 0xffffffff}, store), "it reaches element");
  expectRefused(copyOf({0, f32, 7, {1}}, store), "slot 7 is not below 4");
  expectRefused(copyOf(load, {0, f32, 0, {1}}), "slot 0 is an input and cannot be written");
  expectRefused(copyOf(load, {0, f32, 3, {1}}), "slot 3 is a constant and cannot be written");
  expectRefused(copyOf(load, {0, f32, 2, {0}}), "overlap");
  expectRefused(copyOf({0, f32, 0, {1, 1}}, {0, f32, 2, {3, 1}}, {5, 5}), "store 0: its strides make elements overlap");
  expectRefused(copyOf({0, static_cast<Type>(5), 0, {1}}, store), "type 5");
  expectRefused(copyOf(load, store, {100}, 0), "parts must be at least 1");
  expectRefused(copyOf(load, store, {100}, 3), "parts must divide the first dimension = 100, got 3");
  expectRefused(copyOf({0, f32, 0, {0, 0, 0}}, {0, f32, 2, {0, 0, 0}}, {0xffffffff, 0xffffffff, 0xffffffff}), "2^62");
  expectRefused(cluster({{}, {}, {}, {{0, f32, 2, {}}}}), "rank must be 1 to 8");
  expectRefused(cluster({{100}, {load}, {}, {}}), "stores nothing");
}

TEST(Validation, ChecksTheStepsOfClusters) {
  const auto refused = [](std::vector<StepWords> steps, const std::string& reason) {
    expectRefused(cluster({{100}, {{0, f32, 0, {1}}}, std::move(steps), {{0, f32, 2, {1}}}, 1, 4}), reason);
  };
  refused({{"neg", f32, 0, 1}}, "step 0: register 1 is read before it is written");
  refused({{"neg", f32, 4, 0}}, "step 0: register 4 is not below 4");
  refused({{"neg", f32, 1, 4}}, "step 0: register 4 is not below 4");
  refused({{"neg", Type::f64, 1, 0}}, "holds f32 where f64 is expected");
  refused({{"and", f32, 1, 0, 0}}, "and is not defined for f32");
  refused({{"neg", f32, 1, 0, 1}}, "does not use field b");
  refused({{"where", f32, 1, 0, 0, 0}}, "holds f32 where bool is expected");
  refused({{"cast", f32, 1, 0, 5}}, "type 5");
  refused({{"iota", f32, 1, 1}}, "dimension 1 is not below 1");
  refused({{"lt", f32, 0, 0, 0}}, "store 0: register 0 holds bool where f32 is expected");
  PlanBuilder plan;
  plan.input(4), plan.output(4);
  Words words = cluster({{1}, {{0, f32, 0, {1}}}, {{"neg", f32, 0, 0}}, {{0, f32, 1, {1}}}});
  words[14] = 200;  // the opcode
  ASSERT_EQ(words[2 + 7 + 5], 200u);
  plan.add(words);
  expectRefusal(plan.words(), "opcode 200 is unknown");
  expectRefused(cluster({{100}, {}, {}, {{0, f32, 2, {1}}}, 1, 65}), "at most 64 registers");
}

TEST(Validation, ChecksReductions) {
  const auto refused = [](const std::function<void(ReduceWords&)>& change, const std::string& reason) {
    ReduceWords words{Monoid::sum, f32, {10}, {10}, 0, {10}, {1}, 2};
    change(words);
    expectRefused(reduce(words), reason);
  };
  refused([](auto& r) { r.stridesKept = {11}; }, "input: it reaches element 108");
  refused([](auto& r) { r.stridesReduced = {-1}; }, "input: it reaches below");
  refused([](auto& r) { r.out = 0; }, "output: slot 0 is an input");
  refused([](auto& r) { r.kept = {1, 101}, r.stridesKept = {0, 0}; }, "output: it reaches element 100");
  refused([](auto& r) { r.parts = 4; }, "parts must divide");
  refused([](auto& r) { r.monoid = static_cast<Monoid>(8); }, "monoid 8 is unknown");
  refused([](auto& r) { r.monoid = Monoid::logicalAnd; }, "not defined for f32");
  refused([](auto& r) { r.monoid = Monoid::argmax, r.reduced = {2, 5}, r.stridesReduced = {5, 1}; }, "one dimension");
  refused([](auto& r) { r.monoid = Monoid::argmax, r.reduced = {0}; }, "need 1 to");
  refused([](auto& r) { r.kept = {}, r.stridesKept = {}; }, "kept rank must be 1 to 8");
}

TEST(Validation, ChecksMatrixProducts) {
  const auto refused = [](const std::function<void(MatmulWords&)>& change, const std::string& reason) {
    MatmulWords words{f32, 1, 5, 5, 5, {0, 0, 5}, {1, 0, 5}, {2, 0, 5}};
    change(words);
    expectRefused(matmul(words), reason);
  };
  refused([](auto& m) { m.type = Type::i32; }, "f32 and f64");
  refused([](auto& m) { m.a.rowStride = 50; }, "A: it reaches element 204");
  refused([](auto& m) { m.a.colStride = 2; }, "A: its row stride or its column stride must be 1");
  refused([](auto& m) { m.b.offset = 90; }, "B: it reaches");
  refused([](auto& m) { m.c.rowStride = 4; }, "C: its strides make elements overlap");
  refused([](auto& m) { m.c.slot = 3; }, "C: slot 3 is a constant");
  refused([](auto& m) { m.bias = 9; }, "bias: slot 9");
  refused([](auto& m) { m.activation = "add"; }, "activation: add is not a unary step");
  refused([](auto& m) { m.activation = "isFinite"; }, "activation: isFinite is not a unary step");
  refused([](auto& m) { m.activation = "tanh", m.accumulate = true; }, "accumulate excludes");
  refused([](auto& m) { m.parts = 2; }, "parts must divide M");
  refused([](auto& m) { m.batch = 3, m.parts = 2; }, "parts must divide the batch");
}

TEST(Validation, ChecksLoopsAndSlices) {
  const auto refused = [](const std::function<Words(uint32_t)>& code, int32_t stride, bool reversed, const std::string& reason) {
    PlanBuilder plan;
    plan.arena(400), plan.output(400);
    const auto slice = plan.sliced(0, 0, 40, stride, reversed);
    plan.add(code(slice));
    expectRefusal(plan.words(), reason);
  };
  const auto body = [](uint32_t slice) { return copyOf({0, f32, slice, {1}}, {0, f32, 1, {1}}, {10}); };
  refused([&](uint32_t s) { return repeat(11, body(s)); }, 40, false, "slides out of its base slot 0");
  refused([&](uint32_t s) { return repeat(2, body(s)); }, -40, false, "slides out");
  refused([&](uint32_t s) { return repeat(10, body(s)); }, 42, false, "slides out");
  refused([&](uint32_t s) { return repeat(9, body(s)); }, 42, false, "not aligned");
  refused([&](uint32_t s) { return body(s); }, 40, false, "only 0 loops enclose it");
  refused([&](uint32_t s) { return whileLoop(5, 0, {}, body(s)); }, 40, true, "no fixed trip count");
  refused([&](uint32_t s) { return whileLoop(unlimitedTrips, 0, {}, body(s)); }, 40, false, "slides out");
  refused([&](uint32_t s) { return repeat(2, copyOf({0, f32, s, {1}}, {0, f32, 1, {1}}, {11})); }, 40, false, "which holds 10");
  refused([](uint32_t) { return whileLoop(5, 9, {}, {}); }, 40, false, "predicate: slot 9");
  refused([](uint32_t) { return cond(9, {}, {}); }, 40, false, "predicate: slot 9");
  refused([](uint32_t) { return instruction(Kind::loop, {3, 1, 0, 0, 0}); }, 40, false, "loop kind");
  refused([](uint32_t) { return instruction(Kind::loop, {0, 1, 0, 5, 0}); }, 40, false, "only a while has predicate code");
  refused([](uint32_t) { return instruction(Kind::loop, {2, 1, 0, 5, 0}); }, 40, false, "only a while has predicate code");
  refused([](uint32_t) { return instruction(Kind::loop, {0, 1, 0, 0, 5}); }, 40, false, "announced");
  Words nested;
  for (int i = 0; i < 9; ++i) nested = repeat(1, nested);
  refused([&](uint32_t) { return nested; }, 40, false, "loops nest deeper than the header's 8");
  Words deep;
  for (int i = 0; i < 100; ++i) deep = cond(0, deep, {});
  refused([&](uint32_t) { return deep; }, 40, false, "nest deeper than 64");
}

TEST(Validation, NamesANestedInstruction) {
  PlanBuilder plan;
  plan.output(4);
  plan.add(barrier());
  plan.add(repeat(2, copyOf({0, f32, 5, {1}}, {0, f32, 0, {1}}, {1})));
  expectRefusal(plan.words(), "plan: instruction 2 (cluster): load 0: slot 5 is not below 1");
}

}  // namespace
}  // namespace credence::test
