#include "kernels.hpp"

#include <credence/gravity.hpp>
#include <credence/rows.hpp>

#include <cmath>

namespace credence::bench {
namespace {

using namespace test;

constexpr uint32_t trips = 20;

std::string times(std::initializer_list<uint32_t> sizes) {
  std::string text;
  for (const uint32_t size : sizes) text += (text.empty() ? "" : " x ") + std::to_string(size);
  return text;
}

template <class T>
std::vector<char> bytesOf(const std::vector<T>& values) {
  const char* first = reinterpret_cast<const char*>(values.data());
  return {first, first + values.size() * sizeof(T)};
}

// Steps on `loads` arrays of f32, stored in one.
Kernel elementwise(const std::string& name, uint32_t count, uint32_t loads, std::vector<StepWords> steps) {
  PlanBuilder plan;
  ClusterWords words{.dims = {count}, .loads = {}, .steps = steps, .stores = {}};
  for (uint32_t i = 0; i < loads; ++i) words.loads.push_back({i, Type::f32, plan.input(int64_t{count} * 4), {1}});
  words.stores = {{steps.back().dst, Type::f32, plan.output(int64_t{count} * 4), {1}}};
  plan.add(repeat(trips, cluster(words)));
  return {name, times({count}), plan.words(), trips, {{"bytes", 4.0 * count * (loads + 1)}}};
}

// relu(A B + bias); `transposed`: A is stored by columns, as for the gradient of weights.
Kernel product(uint32_t m, uint32_t n, uint32_t k, bool transposed = false) {
  PlanBuilder plan;
  const auto bytes = [](uint32_t rows, uint32_t cols) { return int64_t{rows} * cols * 4; };
  const uint32_t a = plan.input(bytes(m, k)), b = plan.input(bytes(k, n)), bias = plan.input(bytes(1, n)), c = plan.output(bytes(m, n));
  plan.add(repeat(trips, matmul({.type = Type::f32, .batch = 1, .m = m, .n = n, .k = k,
                                 .a = {a, 0, transposed ? 1 : int32_t(k), transposed ? int32_t(m) : 1}, .b = {b, 0, int32_t(n)},
                                 .c = {c, 0, int32_t(n)}, .bias = bias, .activation = "relu"})));
  return {transposed ? "matmul, A by columns" : "matmul", times({m, n, k}), plan.words(), trips, {{"flops", 2.0 * m * n * k}}};
}

Kernel sum(uint32_t kept, uint32_t reduced, bool columns) {
  PlanBuilder plan;
  const uint32_t in = plan.input(int64_t{kept} * reduced * 4), out = plan.output(int64_t{kept} * 4);
  plan.add(repeat(trips, reduce({Monoid::sum, Type::f32, {kept}, {reduced}, in, {columns ? 1 : int32_t(reduced)}, {columns ? int32_t(kept) : 1}, out})));
  return {columns ? "sum of columns" : "sum of rows", times({kept, reduced}), plan.words(), trips, {{"bytes", 4.0 * kept * reduced}}};
}

uint32_t rowCode(std::string_view name) {
  int count = 0;
  const RowOp* const* ops = rowOps(&count);
  for (int i = 0; i < count; ++i)
    if (name == ops[i]->name) return uint32_t(i + 1);
  throw std::invalid_argument("no row operation named " + std::string(name));
}

struct Operand {
  uint32_t slot;
  Type type;
  int32_t stride;
  uint32_t length;
};

Words rowsOf(std::string_view name, uint32_t rows, const std::vector<Operand>& operands, const std::vector<int32_t>& integers,
             const std::vector<double>& numbers) {
  Words body{1, rowCode(name), rows, uint32_t(operands.size()), uint32_t(integers.size()), uint32_t(numbers.size())};
  for (const Operand& o : operands) append(body, {o.slot, word(o.type), 0, uint32_t(o.stride), o.length});
  for (const int32_t integer : integers) body.push_back(uint32_t(integer));
  for (const double number : numbers) append(body, {halves(number).first, halves(number).second});
  return instruction(Kind::rows, body);
}

// Ten bins, as the flows that sbi trains by default.
Kernel spline(uint32_t rows, bool reverse) {
  constexpr int32_t parameters = 29;
  PlanBuilder plan;
  const auto array = [&](uint32_t slot, int32_t length) { return Operand{slot, Type::f32, length, uint32_t(length)}; };
  const auto in = [&](int32_t length) { return array(plan.input(int64_t{rows} * length * 4), length); };
  const auto out = [&](int32_t length) { return array(plan.output(int64_t{rows} * length * 4), length); };
  std::vector<Operand> operands = {in(1), in(parameters)};
  if (reverse) operands.insert(operands.end(), {in(1), in(1), out(1), out(parameters)});
  else operands.insert(operands.end(), {out(1), out(1)});
  plan.add(repeat(trips, rowsOf(reverse ? "rationalQuadraticReverse" : "rationalQuadratic", rows, operands, {10, 0}, {3, 1e-3, 1e-3, 1e-3})));
  double elements = 0;
  for (const Operand& o : operands) elements += double(rows) * o.length;
  return {reverse ? "spline, reverse" : "spline", times({rows}), plan.words(), trips, {{"bytes", 4 * elements}}};
}

Kernel sort(uint32_t rows, uint32_t length) {
  PlanBuilder plan;
  const int64_t count = int64_t{rows} * length;
  const uint32_t x = plan.input(count * 4), y = plan.output(count * 4), index = plan.output(count * 4);
  plan.add(repeat(trips, rowsOf("sort", rows, {{x, Type::f32, int32_t(length), length}, {y, Type::f32, int32_t(length), length}, {index, Type::i32, int32_t(length), length}}, {}, {})));
  return {"sort", times({rows, length}), plan.words(), trips, {{"elements", double(count)}}, {bytesOf(ramp<float>(std::size_t(count)))}};
}

// Gravity of n x n x n / 2 cells at each of `places` above them.
Kernel gravity(uint32_t places, uint32_t n) {
  PlanBuilder plan;
  const uint32_t height = (n + 1) / 2, cells = n * n * height;
  const uint32_t at = plan.input(int64_t{places} * 3 * 8), across = plan.input((n + 1) * 8), up = plan.input((height + 1) * 8);
  const uint32_t field = plan.output(int64_t{places} * cells * 8);
  plan.add(repeat(trips, rowsOf("meshField", places,
                                {{at, Type::f64, 3, 3}, {across, Type::f64, 0, n + 1}, {across, Type::f64, 0, n + 1}, {up, Type::f64, 0, height + 1}, {field, Type::f64, int32_t(cells), cells}},
                                {int32_t(FieldDerivative::z), int32_t(n), int32_t(n), int32_t(height)}, {1})));
  std::vector<double> where, planes, levels;
  for (uint32_t i = 0; i < places; ++i) where.insert(where.end(), {i % 7 * n / 7.0, i % 5 * n / 5.0, 0.1});
  for (uint32_t i = 0; i <= n; ++i) planes.push_back(i);
  for (uint32_t i = 0; i <= height; ++i) levels.push_back(double(i) - height);
  return {"gravity of cells", times({places, cells}), plan.words(), trips, {{"elements", double(places) * cells}}, {bytesOf(where), bytesOf(planes), bytesOf(levels)}};
}

}  // namespace

std::vector<Kernel> kernels(uint32_t scale) {
  const auto of = [&](uint32_t size) { return std::max(1u, size / scale); };
  const uint32_t many = of(1u << 26);
  const std::vector<StepWords> three = {{"mul", Type::f32, 2, 0, 1}, {"add", Type::f32, 3, 2, 0}, {"relu", Type::f32, 4, 3}};
  // An Adam step as it comes out of fusion: the moments' decay, their ratio, the step.
  const std::vector<StepWords> adam = {constant(Type::f32, 4, 0.9), {"mul", Type::f32, 5, 1, 4}, constant(Type::f32, 6, 0.1), {"mul", Type::f32, 7, 0, 6},
                                       {"add", Type::f32, 5, 5, 7}, {"square", Type::f32, 7, 0}, constant(Type::f32, 6, 0.001), {"mul", Type::f32, 7, 7, 6},
                                       constant(Type::f32, 6, 0.999), {"mul", Type::f32, 8, 2, 6}, {"add", Type::f32, 7, 7, 8}, {"sqrt", Type::f32, 7, 7},
                                       constant(Type::f32, 6, 1e-8), {"add", Type::f32, 7, 7, 6}, {"div", Type::f32, 5, 5, 7}, constant(Type::f32, 6, 5e-4),
                                       {"mul", Type::f32, 5, 5, 6}, {"sub", Type::f32, 5, 3, 5}};
  return {
      elementwise("copy by a cluster", many, 1, {{"neg", Type::f32, 1, 0}}),
      elementwise("cluster, 2 arrays, 3 steps", many, 2, three),
      elementwise("cluster, tanh", many, 1, {{"tanh", Type::f32, 1, 0}}),
      elementwise("cluster, Adam", many, 4, adam),
      product(200, 50, 50),
      product(of(16384), 50, 50),
      product(50, 50, of(16384), true),
      product(of(4096), of(4096), of(4096)),
      sum(1, many, false),
      sum(of(16384), of(1024), false),
      sum(50, of(16384), true),
      spline(of(1 << 20), false),
      spline(of(1 << 20), true),
      sort(of(1024), of(4096)),
      gravity(of(64), of(64)),
  };
}

Kernel eventSimulation(uint32_t paths) {
  PlanBuilder plan;
  const uint32_t key = plan.input(8), start = plan.input(int64_t{paths} * 4), when = plan.input(4), rates = plan.input(12);
  const uint32_t counts = plan.output(int64_t{paths} * 4), events = plan.output(int64_t{paths} * 4);
  plan.add(rowsOf("birthDeathEvents", paths,
                  {{key, Type::u32, 0, 2}, {start, Type::f32, 1, 1}, {when, Type::f32, 0, 1}, {rates, Type::f32, 0, 3}, {counts, Type::f32, 1, 1}, {events, Type::f32, 1, 1}},
                  {0}, {1e6}));
  return {"event simulation", times({paths}) + " paths", plan.words(), 1, {},
          {bytesOf<uint32_t>({12, 34}), bytesOf(std::vector<float>(paths, 100)), bytesOf<float>({10}), bytesOf<float>({0.9f, 1.0f, 0})}};
}

}  // namespace credence::bench
