// Every row operation, in both precisions where it has two, on the device against the CPU.
#include <credence/row_ops.hpp>
#include <credence/rows.hpp>

#include <numeric>
#include <set>

#include "fourier_table.hpp"
#include "parity.hpp"

namespace credence::test {
namespace {

struct Operand {
  Bytes data;  // of an output: ignored, but for its size
  Type type;
  uint32_t length;
  bool shared = false;  // one row for all
};

struct Call {
  std::string name;
  uint32_t rows;
  std::vector<Operand> inputs, outputs;
  std::vector<int32_t> integers = {};
  std::vector<double> numbers = {};
  double tolerance = 0;
};

uint32_t rowCode(const std::string& name, int* inputs = nullptr) {
  int count = 0;
  const RowOp* const* ops = rowOps(&count);
  for (int i = 0; i < count; ++i)
    if (name == ops[i]->name) {
      if (inputs) *inputs = ops[i]->inputs;
      return uint32_t(i + 1);
    }
  throw std::invalid_argument("no row operation named " + name);
}

Words planOf(const Call& call) {
  PlanBuilder plan;
  Words body{1, rowCode(call.name), call.rows, uint32_t(call.inputs.size() + call.outputs.size()), uint32_t(call.integers.size()), uint32_t(call.numbers.size())};
  const auto operand = [&](const Operand& o, uint32_t slot) {
    append(body, {slot, word(o.type), 0, o.shared ? 0 : o.length, o.length});
  };
  for (const Operand& input : call.inputs) operand(input, plan.input(input.data.count()));
  for (const Operand& output : call.outputs) operand(output, plan.output(int64_t{call.rows} * output.length * sizeOf(output.type)));
  for (const int32_t integer : call.integers) body.push_back(uint32_t(integer));
  for (const double number : call.numbers) {
    const auto [low, high] = halves(number);
    append(body, {low, high});
  }
  plan.add(instruction(Kind::rows, body));
  return plan.words();
}

std::set<std::string>& tried() {
  static std::set<std::string> names;
  return names;
}

void expectRows(const Call& call) {
  tried().insert(call.name);
  std::vector<Bytes> inputs;
  for (const Operand& input : call.inputs) inputs.push_back(input.data);
  const Words words = planOf(call);
  for (std::size_t i = 0; i < call.outputs.size(); ++i)
    dispatch(call.outputs[i].type, [&](auto zero) {
      expectParity<decltype(zero)>(words, inputs, call.tolerance, call.name + " output " + std::to_string(i) + " of " + nameOf(call.outputs[0].type), i);
    });
}

template <class T>
Operand in(std::vector<T> values, Type type, uint32_t length, bool shared = false) {
  return {Bytes(values), type, length, shared};
}
Operand out(Type type, uint32_t length) { return {Bytes(0), type, length}; }
Operand key() { return in<uint32_t>({12, 34}, Type::u32, 2, true); }

constexpr uint32_t rows = 150;  // more than a block, and not a multiple of a warp

// rows values from low to high.
template <class T>
std::vector<T> spread(double low, double high, uint32_t count = rows) {
  std::vector<T> values = ramp<T>(count);
  for (T& value : values) value = T(low + (high - low) * (double(value) + 1) / 2);
  return values;
}
template <class T>
std::vector<T> whole(double low, double high, uint32_t count = rows) {
  std::vector<T> values = spread<T>(low, high, count);
  for (T& value : values) value = std::floor(value);
  return values;
}

template <class T>
void expectReal(Type type) {
  const double near = 4 * roundings<T>;
  const auto real = [&](std::vector<T> values, uint32_t length = 1) { return in<T>(std::move(values), type, length); };
  const Operand one = out(type, 1);

  expectRows({"randomUniform", rows, {key()}, {one}, {0}});
  expectRows({"randomNormal", rows, {key()}, {one}, {40}, {}, near});
  // Rejection could in principle turn on a last bit; with this key no draw does.
  expectRows({"randomGamma", rows, {key(), real(spread<T>(0.05, 5))}, {one}, {0}, {}, 100 * near});
  expectRows({"randomPoisson", rows, {key(), real(spread<T>(0, 60))}, {one}, {0}});
  expectRows({"randomBinomial", rows, {key(), real(whole<T>(0, 90)), real(spread<T>(0, 1))}, {one}, {0}});

  const std::vector<double> spline = {3, 1e-3, 1e-3, 1e-3};
  for (const int32_t bins : {2, 10}) {
    const uint32_t parameters = uint32_t(3 * bins - 1);
    const Operand x = real(spread<T>(-3.5, 3.5)), p = real(ramp<T>(rows * parameters, 2), parameters);
    for (const int32_t inverse : {0, 1}) expectRows({"rationalQuadratic", rows, {x, p}, {one, one}, {bins, inverse}, spline, 100 * near});
    expectRows({"rationalQuadraticReverse", rows, {x, p, real(ramp<T>(rows)), real(ramp<T>(rows, 0.7))}, {one, out(type, parameters)}, {bins, 0}, spline, 2000 * near});
  }

  const uint32_t n = 6;
  std::vector<T> spd(rows * n * n);
  for (uint32_t r = 0; r < rows; ++r)
    for (uint32_t i = 0; i < n; ++i)
      for (uint32_t j = 0; j < n; ++j) spd[(r * n + i) * n + j] = T(i == j ? 3 + r % 5 : 1.0 / (1 + i + j));
  for (uint32_t i = 0; i < n; ++i) spd[i] = -1;  // the first is not positive definite
  expectRows({"cholesky", rows, {real(spd, n * n)}, {out(type, n * n)}, {int32_t(n)}, {}, near});
  for (const int32_t transpose : {0, 1})
    for (const uint32_t m : {1u, 3u})
      expectRows({"triangularSolve", rows, {real(spd, n * n), real(ramp<T>(rows * n * m), n * m)}, {out(type, n * m)}, {int32_t(n), int32_t(m), transpose}, {}, 10 * near});

  // The same matrices with the last row first, so that every step exchanges rows; the signs of the pivots are fixed by n.
  std::vector<T> general(spd);
  for (uint32_t r = 0; r < rows; ++r) std::rotate(general.begin() + r * n * n, general.begin() + (r * n + n - 1) * n, general.begin() + (r + 1) * n * n);
  const Operand matrix = real(general, n * n);
  expectRows({"lu", rows, {matrix}, {out(type, n * n), out(Type::i32, n)}, {int32_t(n)}, {}, near});
  const std::vector<int32_t> pivots = {5, 2, 3, 3, 5, 5};
  const Operand factors = real(spd, n * n), exchanges = in(pivots, Type::i32, n, true);
  for (const int32_t transpose : {0, 1})
    for (const uint32_t m : {1u, 3u})
      expectRows({"luSolve", rows, {matrix, factors, exchanges, real(ramp<T>(rows * n * m), n * m)}, {out(type, n * m)}, {int32_t(n), int32_t(m), transpose}, {}, 100 * near});
  expectRows({"luLogDeterminant", rows, {matrix, factors, exchanges}, {one, one}, {int32_t(n)}, {}, near});
  for (const uint32_t side : {5u, 12u}) {  // by rotations, and by reduction
    std::vector<T> symmetric(20 * side * side);
    for (uint32_t r = 0; r < 20; ++r)
      for (uint32_t i = 0; i < side; ++i)
        for (uint32_t j = 0; j < side; ++j) symmetric[(r * side + i) * side + j] = T(i == j ? i : 1.0 / (1 + i + j + r));
    expectRows({"eigenSymmetric", 20, {real(symmetric, side * side)}, {out(type, side), out(type, side * side), out(type, 2 * side)}, {int32_t(side)}, {}, 200 * near});
  }

  struct Lengths {
    uint32_t n, m;
  };
  for (const auto [n, m] : {Lengths{60, 0}, {16, 0}, {7, 16}}) {
    const Operand re = real(ramp<T>(20 * n), n), im = real(ramp<T>(20 * n, 2), n), table = in(fourierTableOf<T>(n, m), type, uint32_t(fourierTable(n, m)), true);
    for (const int32_t backwards : {0, 1})
      expectRows({"fft", 20, {re, im, table}, {out(type, n), out(type, n), out(type, uint32_t(fourierWork(n, m)))}, {int32_t(n), int32_t(m), backwards, 1}, {0.5}, 20 * near});
    const Operand columns = real(ramp<T>(20 * n), 4 * n), result = out(type, 4 * n);
    expectRows({"fft", 5, {columns, columns, table}, {result, result, out(type, uint32_t(4 * fourierWork(n, m)))}, {int32_t(n), int32_t(m), 0, 4}, {0.5}, 20 * near});
  }
  for (const auto [n, m] : {Lengths{60, 0}, {15, 0}, {14, 16}, {7, 16}}) {
    const uint32_t half = n / 2 + 1;
    const Operand table = in(realTableOf<T>(n, m), type, uint32_t(realTable(n, m)), true), work = out(type, uint32_t(realWork(n, m)));
    expectRows({"rfft", 20, {real(ramp<T>(20 * n), n), table}, {out(type, half), out(type, half), work}, {int32_t(n), int32_t(m)}, {1, 1}, 20 * near});
    expectRows({"irfft", 20, {real(ramp<T>(20 * half), half), real(ramp<T>(20 * half, 2), half), table}, {out(type, n), work}, {int32_t(n), int32_t(m)}, {1, 2}, 20 * near});
  }

  const std::vector<int32_t> windows = {5, 6, 3, 3, 2, 1, 1, 2, 1, 2, 3, 6};
  expectRows({"windows", 20, {real(ramp<T>(20 * 30), 30)}, {out(type, 9 * 18)}, windows, {-1}});
  expectRows({"windowsAdd", 20, {real(ramp<T>(20 * 9 * 18), 9 * 18)}, {out(type, 30)}, windows, {}, near});
  for (const int32_t reverse : {0, 1})
    expectRows({"linearRecurrence", 20, {real(ramp<T>(20 * 50), 50), real(ramp<T>(20 * 50, 2), 50)}, {out(type, 50)}, {reverse}, {}, near});

  expectRows({"sort", 5, {real(samples<T>(5 * 100), 100)}, {out(type, 100), out(Type::i32, 100)}});
  for (const int32_t reverse : {0, 1}) expectRows({"cumsum", 20, {real(ramp<T>(20 * 50), 50)}, {out(type, 50)}, {reverse}, {}, near});
  const std::vector<int32_t> index = {3, 0, 3, 6, 1};
  expectRows({"scatterAdd", 4, {in(index, Type::i32, 5, true), real(ramp<T>(4 * 10), 10)}, {out(type, 14)}, {7, 2}, {}, near});

  const Operand dt = real(spread<T>(0, 1.5)), birth = real(spread<T>(0, 1)), death = real(spread<T>(0.2, 0.9)), immigration = real(spread<T>(0, 2));
  expectRows({"birthDeathStep", rows, {key(), real(whole<T>(0, 40)), dt, birth, death, immigration}, {one}, {0}});
  std::vector<T> rates(3 * rows);
  for (uint32_t r = 0; r < rows; ++r) rates[3 * r] = T(0.3 + 0.001 * r), rates[3 * r + 1] = T(0.4), rates[3 * r + 2] = T(r % 3);
  expectRows({"birthDeathEvents", rows, {key(), real(whole<T>(0, 20)), in<T>({T(0.5), 1, 2, 4}, type, 4, true), real(rates, 3)}, {out(type, 4), one}, {0}, {60}});
  // A quarter of the chains is at rest; the others are at leaves 1 ... 5 of their trajectories.
  const uint32_t dimension = 5, length = uint32_t(NutsRow::length(dimension, 3));
  std::vector<T> chains = ramp<T>(rows * length, 1);
  for (uint32_t r = 0; r < rows; ++r) {
    T* chain = chains.data() + r * length;
    for (const int scalar : {NutsRow::count, NutsRow::depth, NutsRow::energy, NutsRow::ending}) chain[scalar] = 0;
    chain[NutsRow::direction] = T(r % 4 == 0 ? 0 : r % 2 == 0 ? 1 : -1);
    chain[NutsRow::leaf] = T(r % 5);
    chain[NutsRow::weight] = chain[NutsRow::candidateWeight] = T(1);
  }
  const auto vectors = [&](double phase) { return real(ramp<T>(rows * dimension, phase), dimension); };
  expectRows({"nutsLeaf", rows, {real(chains, length), key(), in<int32_t>({1}, Type::i32, 1, true), vectors(3), vectors(4), vectors(5), real(spread<T>(-3, 0))},
              {out(type, length)}, {0, 3, 4}, {}, 100 * near});
  std::vector<T> target = whole<T>(0, 60);
  std::reverse(target.begin(), target.end());
  expectRows({"birthDeathLogTransition", rows, {real(whole<T>(0, 40)), real(target), dt, birth, death, immigration}, {one}, {}, {}, 100 * near});

  // Places among the bodies, and on their corners, edges and faces. Tiles: none full, and more than one along both axes.
  std::vector<double> prisms = {0, 1, 0, 2, -1, 0, -2, -0.5, 1, 3, -2, 1};
  for (int32_t derivative = 0; derivative < fieldDerivativeCount; ++derivative) {
    for (const int32_t plane : {0, 4})
      expectRows({"prismField", 4, {in<double>({0.3, 0.1, 2, 0, 0, 0, 1, 0.5, -0.2, -3, 1, -1}, Type::f64, 3), in(prisms, Type::f64, 12, true)}, {out(type, 2)}, {derivative, plane}, {0.5}, near});
    struct Cells {
      int32_t nx, ny, nz;
    };
    for (const auto [nx, ny, nz] : {Cells{5, 3, 2}, {70, 15, 1}}) {
      const auto planes = [](int32_t n) {
        std::vector<double> at(std::size_t(n) + 1);
        std::iota(at.begin(), at.end(), -1.0);
        return in(at, Type::f64, uint32_t(n) + 1, true);
      };
      expectRows({"meshField", 2, {in<double>({1.3, 0.1, 2, 1, 1, 0}, Type::f64, 3), planes(nx), planes(ny), planes(nz)}, {out(type, uint32_t(nx * ny * nz))}, {derivative, nx, ny, nz}, {0.5}, 100 * near});
    }
  }
}

using RowsParity = CudaParity;

TEST_F(RowsParity, LongRowsAreSortedInTilesAndMerged) {
  for (const uint32_t n : {65u, 2048u, 2049u, 5000u, 9000u}) {
    std::vector<float> x = samples<float>(3 * n);
    for (uint32_t i = 0; i < 3 * n; i += 7) x[i] = float(i % 5);  // many equal ones: the sort is stable
    expectRows({"sort", 3, {in(x, Type::f32, n)}, {out(Type::f32, n), out(Type::i32, n)}});
  }
  expectRows({"sort", 2, {in(samples<double>(2 * 3000), Type::f64, 3000)}, {out(Type::f64, 3000), out(Type::i32, 3000)}});
}

TEST_F(RowsParity, SplinesOfManyBinsFitNoSharedMemoryAndAgree) {
  const std::vector<double> spline = {3, 1e-3, 1e-3, 1e-3};
  const Operand x = in(spread<double>(-3.5, 3.5), Type::f64, 1), p = in(ramp<double>(rows * 191, 2), Type::f64, 191);
  expectRows({"rationalQuadraticReverse", rows, {x, p, x, x}, {out(Type::f64, 1), out(Type::f64, 191)}, {64, 0}, spline, 1e-10});
  // One row of parameters for all rows.
  expectRows({"rationalQuadratic", rows, {x, in(ramp<double>(29, 2), Type::f64, 29, true)}, {out(Type::f64, 1), out(Type::f64, 1)}, {10, 0}, spline, 1e-12});
}

TEST_F(RowsParity, PathsDoNotDependOnTheThreadThatRunsThem) {
  const uint32_t many = 3000;
  std::vector<float> rates(3 * many);
  for (uint32_t r = 0; r < many; ++r) rates[3 * r] = 0.3f, rates[3 * r + 1] = 0.4f, rates[3 * r + 2] = float(r % 3);
  expectRows({"birthDeathEvents", many, {key(), in(whole<float>(0, 20, many), Type::f32, 1), in<float>({1, 2}, Type::f32, 2, true), in(rates, Type::f32, 3)},
              {out(Type::f32, 2), out(Type::f32, 1)}, {0}, {200}});
}

TEST_F(RowsParity, EveryRowOperationAgreesWithTheCpu) {
  expectReal<float>(Type::f32);
  expectReal<double>(Type::f64);
  expectRows({"randomBits", rows, {key()}, {out(Type::u32, 1)}, {0}});
  std::vector<uint32_t> data(rows);
  std::iota(data.begin(), data.end(), 5u);
  expectRows({"randomFold", rows, {key(), in(data, Type::u32, 1)}, {out(Type::u32, 2)}});
  expectRows({"permutation", 40, {key()}, {out(Type::i32, 17)}, {0}});
  const std::vector<int32_t> index = {3, 0, 3, 6};
  for (int type = 0; type < typeCount; ++type)
    dispatch(Type(type), [&](auto zero) {
      using T = decltype(zero);
      expectRows({"gather", 3, {in(samples<T>(3 * 14), Type(type), 14), in(index, Type::i32, 4, true)}, {out(Type(type), 8)}, {7, 2}});
    });

  int count = 0;
  const RowOp* const* ops = rowOps(&count);
  for (int i = 0; i < count; ++i) EXPECT_TRUE(tried().count(ops[i]->name)) << ops[i]->name << " is not compared";
}

TEST_F(RowsParity, AnIndexOutsideItsTableFailsTheRunAndNothingElse) {
  const Words words = planOf({"gather", 2, {in(ramp<float>(20), Type::f32, 10), in<int32_t>({1, 12, 3, 4}, Type::i32, 2)}, {out(Type::f32, 2)}, {10, 1}});
  const std::vector<Bytes> inputs = {Bytes(ramp<float>(20)), Bytes(std::vector<int32_t>{1, 12, 3, 4})};
  EXPECT_EQ(runOnCuda(words, inputs).failure, "gather: index 12 is outside [0, 10)");
  EXPECT_EQ(runOnCuda(words, {inputs[0], Bytes(std::vector<int32_t>{1, 2, 3, 4})}).failure, "");
}

}  // namespace
}  // namespace credence::test
