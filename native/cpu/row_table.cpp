// What each row operation demands of a call, and the table that joins it to the loop this machine runs.
#include <credence/row_ops.hpp>
#include <credence/rows.hpp>

#include <array>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <limits>

#include "row_loops.hpp"

namespace credence {
namespace {

constexpr int64_t anyLength = -1;
constexpr int32_t integerMax = std::numeric_limits<int32_t>::max();
constexpr int32_t sideMax = 46340;  // of a square matrix whose elements an i32 can count

// Collects the first thing wrong with a call.
class Demand {
 public:
  Demand(const char* op, const RowCall& call, int64_t rows, int inputs, int operands)
      : op_(op), call_(call), rows_(rows), inputs_(inputs) {
    if (call.operandCount != operands) refuse("takes %d operands, got %d", operands, call.operandCount);
  }

  bool ok() const { return problem_.empty(); }
  std::string problem() const { return problem_; }

  // Attributes come first: lengths depend on them.
  void attributes(int integers, int numbers) {
    if (call_.integerCount != integers) refuse("takes %d integers, got %d", integers, call_.integerCount);
    if (call_.numberCount != numbers) refuse("takes %d numbers, got %d", numbers, call_.numberCount);
  }
  int32_t integer(int i, const char* what, int32_t low, int32_t high) {
    if (!ok()) return low;
    const int32_t value = call_.integers[i];
    if (value >= low && value <= high) return value;
    refuse("%s must lie in [%d, %d], got %d", what, low, high, value);
    return low;  // lengths are computed from it all the same
  }
  double number(int i, const char* what, double low, double high) {  // low <= value < high
    if (!ok()) return low;
    const double value = call_.numbers[i];
    if (!(value >= low && value < high)) refuse("%s must lie in [%g, %g), got %g", what, low, high, value);
    return value;
  }

  void operand(int i, const char* what, Type type, int64_t length) { operandOf(i, what, 1u << int(type), nameOf(type), length); }
  // Of the real type of the first output.
  void real(int i, const char* what, int64_t length) {
    if (!ok()) return;
    const Type type = call_.operands[inputs_].type;
    if (type != Type::f32 && type != Type::f64) return refuse("works on f32 and f64, got %s", nameOf(type));
    operand(i, what, type, length);
  }
  void like(int i, const char* what, int other, int64_t length) {
    if (ok()) operand(i, what, call_.operands[other].type, length);
  }
  int64_t lengthOf(int i) const { return ok() ? call_.operands[i].rowLength : 0; }

  void require(bool condition, const char* format, ...) __attribute__((format(printf, 3, 4))) {
    if (condition) return;
    va_list arguments;
    va_start(arguments, format);
    refuseList(format, arguments);
    va_end(arguments);
  }

 private:
  void operandOf(int i, const char* what, uint32_t types, const char* typeName, int64_t length) {
    if (!ok()) return;
    const RowOperand& operand = call_.operands[i];
    if (!(types >> int(operand.type) & 1)) refuse("%s must be %s, got %s", what, typeName, nameOf(operand.type));
    else if (length != anyLength && operand.rowLength != length)
      refuse("%s must have rows of %lld, got %lld", what, (long long)length, (long long)operand.rowLength);
    else if (operand.rowLength > integerMax) refuse("%s has rows of %lld, more than an i32 counts", what, (long long)operand.rowLength);
    else if (i >= inputs_ && rows_ > 1 && std::abs(operand.rowStride) < operand.rowLength)
      refuse("rows of %s, %lld elements, overlap at stride %lld", what, (long long)operand.rowLength, (long long)operand.rowStride);
  }
  void refuse(const char* format, ...) __attribute__((format(printf, 2, 3))) {
    va_list arguments;
    va_start(arguments, format);
    refuseList(format, arguments);
    va_end(arguments);
  }
  void refuseList(const char* format, va_list arguments) {
    if (!ok()) return;
    char text[256];
    std::vsnprintf(text, sizeof text, format, arguments);
    problem_ = std::string(op_) + ": " + text;
  }

  const char* op_;
  const RowCall& call_;
  int64_t rows_;
  int inputs_;
  std::string problem_;
};

void keyAndPeriod(Demand& demand) {
  demand.attributes(1, 0);
  demand.integer(0, "period", 0, integerMax);
  demand.operand(0, "key", Type::u32, 2);
}

void demandRandomBits(Demand& demand) {
  keyAndPeriod(demand);
  demand.operand(1, "bits", Type::u32, 1);
}
void demandRandomUniform(Demand& demand) {
  keyAndPeriod(demand);
  demand.real(1, "result", 1);
}
constexpr auto demandRandomNormal = demandRandomUniform;
void demandRandomGamma(Demand& demand) {
  keyAndPeriod(demand);
  demand.real(1, "parameter", 1);
  demand.real(2, "result", 1);
}
constexpr auto demandRandomPoisson = demandRandomGamma;
void demandRandomBinomial(Demand& demand) {
  keyAndPeriod(demand);
  demand.real(1, "n", 1);
  demand.real(2, "p", 1);
  demand.real(3, "result", 1);
}
void demandRandomFold(Demand& demand) {
  demand.attributes(0, 0);
  demand.operand(0, "key", Type::u32, 2);
  demand.operand(1, "data", Type::u32, 1);
  demand.operand(2, "result", Type::u32, 2);
}
void demandPermutation(Demand& demand) {
  keyAndPeriod(demand);
  demand.operand(1, "result", Type::i32, anyLength);
}

int32_t splineAttributes(Demand& demand, int32_t inverseMax) {
  demand.attributes(2, 4);
  const int32_t bins = demand.integer(0, "the number of bins", 2, splineBinMax);
  demand.integer(1, "inverse", 0, inverseMax);
  const double bound = demand.number(0, "bound", 0, std::numeric_limits<double>::infinity());
  demand.require(bound > 0, "bound must be > 0, got %g", bound);
  demand.number(1, "minWidth", 0, 1.0 / bins);
  demand.number(2, "minHeight", 0, 1.0 / bins);
  demand.number(3, "minDerivative", 0, 1);
  return 3 * bins - 1;
}
void demandRationalQuadratic(Demand& demand) {
  const int32_t parameters = splineAttributes(demand, 1);
  demand.real(0, "x", 1);
  demand.real(1, "params", parameters);
  demand.real(2, "y", 1);
  demand.real(3, "logDerivative", 1);
}
void demandRationalQuadraticReverse(Demand& demand) {
  const int32_t parameters = splineAttributes(demand, 0);
  demand.real(0, "x", 1);
  demand.real(1, "params", parameters);
  demand.real(2, "yBar", 1);
  demand.real(3, "logDerivativeBar", 1);
  demand.real(4, "xBar", 1);
  demand.real(5, "paramsBar", parameters);
}

void demandCholesky(Demand& demand) {
  demand.attributes(1, 0);
  const int64_t n = demand.integer(0, "n", 0, sideMax);
  demand.real(0, "A", n * n);
  demand.real(1, "L", n * n);
}
void demandTriangularSolve(Demand& demand) {
  demand.attributes(3, 0);
  const int64_t n = demand.integer(0, "n", 0, sideMax), m = demand.integer(1, "m", 0, integerMax);
  demand.integer(2, "transpose", 0, 1);
  demand.real(0, "L", n * n);
  demand.real(1, "B", n * m);
  demand.real(2, "X", n * m);
}
void factored(Demand& demand, int64_t n) {
  demand.real(0, "A", n * n);
  demand.real(1, "LU", n * n);
  demand.operand(2, "pivots", Type::i32, n);
}
void demandLu(Demand& demand) {
  demand.attributes(1, 0);
  factored(demand, demand.integer(0, "n", 0, sideMax));
}
void demandLuSolve(Demand& demand) {
  demand.attributes(3, 0);
  const int64_t n = demand.integer(0, "n", 0, sideMax), m = demand.integer(1, "m", 0, integerMax);
  demand.integer(2, "transpose", 0, 1);
  factored(demand, n);
  demand.real(3, "B", n * m);
  demand.real(4, "X", n * m);
}
void demandLuLogDeterminant(Demand& demand) {
  demand.attributes(1, 0);
  factored(demand, demand.integer(0, "n", 0, sideMax));
  demand.real(3, "sign", 1);
  demand.real(4, "the logarithm", 1);
}
void demandEigenSymmetric(Demand& demand) {
  demand.attributes(1, 0);
  const int64_t n = demand.integer(0, "n", 0, sideMax);
  demand.real(0, "A", n * n);
  demand.real(1, "values", n);
  demand.real(2, "vectors", n * n);
  demand.real(3, "work", 2 * n);
}

// n and m of a transform; an even `real` one is a complex one of half the length.
std::array<int64_t, 2> fourierLengths(Demand& demand, bool real) {
  const int64_t n = demand.integer(0, "n", 1, integerMax), m = demand.integer(1, "m", 0, integerMax);
  const int64_t inner = real && n % 2 == 0 ? n / 2 : n;
  demand.require(isSmooth(m == 0 ? inner : m), "%s = %lld must have no prime factor above 5", m == 0 ? "the length" : "m",
                 (long long)(m == 0 ? inner : m));
  demand.require(m == 0 || m >= 2 * inner - 1, "m must be at least %lld, got %lld", (long long)(2 * inner - 1), (long long)m);
  return {n, m};
}
void demandFft(Demand& demand) {
  demand.attributes(4, 1);
  const auto [n, m] = fourierLengths(demand, false);
  demand.integer(2, "backwards", 0, 1);
  const int64_t columns = demand.integer(3, "the number of columns", 1, integerMax);
  demand.real(0, "re", n * columns);
  demand.real(1, "im", n * columns);
  demand.real(2, "table", fourierTable(n, m));
  demand.real(3, "re of the result", n * columns);
  demand.real(4, "im of the result", n * columns);
  demand.real(5, "work", fourierWork(n, m) * columns);
}
void demandRfft(Demand& demand) {
  demand.attributes(2, 2);
  const auto [n, m] = fourierLengths(demand, true);
  demand.real(0, "x", n);
  demand.real(1, "table", realTable(n, m));
  demand.real(2, "re", n / 2 + 1);
  demand.real(3, "im", n / 2 + 1);
  demand.real(4, "work", realWork(n, m));
}
void demandIrfft(Demand& demand) {
  demand.attributes(2, 2);
  const auto [n, m] = fourierLengths(demand, true);
  demand.real(0, "re", n / 2 + 1);
  demand.real(1, "im", n / 2 + 1);
  demand.real(2, "table", realTable(n, m));
  demand.real(3, "x", n);
  demand.real(4, "work", realWork(n, m));
}

// Lengths of the image and of its windows. Products are taken of checked factors, so that none overflows.
std::array<int64_t, 2> windowLengths(Demand& demand) {
  const char* names[] = {"height", "width", "window height", "window width", "stride down", "stride across",
                         "dilation down", "dilation across", "padding above", "padding on the left", "result height", "result width"};
  int64_t value[WindowShape::count];
  for (int i = 0; i < WindowShape::count; ++i) value[i] = demand.integer(i, names[i], i == 8 || i == 9 ? 0 : 1, integerMax);
  const auto product = [&](int64_t a, int64_t b) {
    demand.require(a * b <= integerMax, "more elements than an i32 counts");
    return demand.ok() ? a * b : 0;
  };
  return {product(value[0], value[1]), product(product(value[2], value[3]), product(value[10], value[11]))};
}
void demandWindows(Demand& demand) {
  demand.attributes(WindowShape::count, 1);
  const auto [image, windows] = windowLengths(demand);
  demand.real(0, "x", image);
  demand.real(1, "windows", windows);
}
void demandWindowsAdd(Demand& demand) {
  demand.attributes(WindowShape::count, 0);
  const auto [image, windows] = windowLengths(demand);
  demand.real(0, "windows", windows);
  demand.real(1, "x", image);
}

void demandSort(Demand& demand) {
  demand.attributes(0, 0);
  const int64_t n = demand.lengthOf(0);
  demand.real(0, "x", n);
  demand.real(1, "y", n);
  demand.operand(2, "index", Type::i32, n);
}
void demandCumsum(Demand& demand) {
  demand.attributes(1, 0);
  demand.integer(0, "reverse", 0, 1);
  const int64_t n = demand.lengthOf(0);
  demand.real(0, "x", n);
  demand.real(1, "y", n);
}

void demandLinearRecurrence(Demand& demand) {
  demand.attributes(1, 0);
  demand.integer(0, "reverse", 0, 1);
  const int64_t n = demand.lengthOf(0);
  demand.real(0, "a", n);
  demand.real(1, "b", n);
  demand.real(2, "h", n);
}

void demandGather(Demand& demand) {
  demand.attributes(2, 0);
  const int64_t n = demand.integer(0, "the number of slices", 0, integerMax), length = demand.integer(1, "the slice length", 0, integerMax);
  demand.like(0, "table", 2, n * length);
  demand.operand(1, "index", Type::i32, anyLength);
  demand.like(2, "result", 2, demand.lengthOf(1) * length);
}
void demandScatterAdd(Demand& demand) {
  demand.attributes(2, 0);
  const int64_t n = demand.integer(0, "the number of slices", 0, integerMax), length = demand.integer(1, "the slice length", 0, integerMax);
  demand.operand(0, "index", Type::i32, anyLength);
  demand.real(1, "x", demand.lengthOf(0) * length);
  demand.real(2, "result", n * length);
}

void demandBirthDeathStep(Demand& demand) {
  keyAndPeriod(demand);
  const char* names[] = {"n", "dt", "birth", "death", "immigration", "result"};
  for (int i = 0; i < 6; ++i) demand.real(i + 1, names[i], 1);
}
void demandBirthDeathEvents(Demand& demand) {
  demand.attributes(1, 1);
  demand.integer(0, "period", 0, integerMax);
  demand.number(0, "maxEvents", 0, 9007199254740992.0);
  demand.operand(0, "key", Type::u32, 2);
  demand.real(1, "n0", 1);
  demand.real(2, "times", anyLength);
  demand.real(3, "rates", 3);
  demand.real(4, "counts", demand.lengthOf(2));
  demand.real(5, "events", 1);
}
void demandBirthDeathLogTransition(Demand& demand) {
  demand.attributes(0, 0);
  const char* names[] = {"i", "j", "dt", "birth", "death", "immigration", "result"};
  for (int i = 0; i < 7; ++i) demand.real(i, names[i], 1);
}

// The derivative and its factor; places and planes are f64, whatever the type of the result.
void demandField(Demand& demand, int integers) {
  demand.attributes(integers, 1);
  demand.integer(0, "derivative", 0, fieldDerivativeCount - 1);
  demand.operand(0, "place", Type::f64, 3);
}
void demandPrismField(Demand& demand) {
  demandField(demand, 2);
  demand.integer(1, "plane", 0, 6);
  const int64_t n = demand.lengthOf(2);
  demand.operand(1, "prisms", Type::f64, 6 * n);
  demand.real(2, "field", n);
}
void demandMeshField(Demand& demand) {
  demandField(demand, 4);
  int64_t count[3], cells = 1;
  const char* counts[] = {"nx", "ny", "nz"};
  const char* planes[] = {"planes along x", "planes along y", "planes along z"};
  for (int axis = 0; axis < 3; ++axis) {
    count[axis] = demand.integer(1 + axis, counts[axis], 1, integerMax - 1);
    demand.require(cells * count[axis] <= integerMax, "more cells than an i32 counts");
    cells = demand.ok() ? cells * count[axis] : 0;
  }
  for (int axis = 0; axis < 3; ++axis) demand.operand(1 + axis, planes[axis], Type::f64, count[axis] + 1);
  demand.real(4, "field", cells);
}

void demandNutsLeaf(Demand& demand) {
  demand.attributes(3, 0);
  demand.integer(0, "period", 0, integerMax);
  const int64_t slots = demand.integer(1, "the number of slots", 1, 16), dimension = demand.lengthOf(3);
  demand.integer(2, "the number of doublings", 1, 16);
  demand.real(0, "state", NutsRow::length(dimension, slots));
  demand.operand(1, "key", Type::u32, 2);
  demand.operand(2, "goal", Type::i32, 1);
  demand.real(3, "position", dimension);
  demand.real(4, "momentum", dimension);
  demand.real(5, "force", dimension);
  demand.real(6, "log density", 1);
  demand.real(7, "state", NutsRow::length(dimension, slots));
}

#define CREDENCE_CHECK(name, Functor, form, inputs, outputs, typing)     \
  std::string check##Functor(const RowCall& call, int64_t rows) {        \
    Demand demand(#name, call, rows, inputs, inputs + outputs);          \
    if (demand.ok()) demand##Functor(demand);                            \
    return demand.problem();                                             \
  }
CREDENCE_ROW_OPS(CREDENCE_CHECK)
#undef CREDENCE_CHECK

const cpu::RowLoop* rowLoops() {
#define CREDENCE_PICK(isa) \
  if (!std::strcmp(cpu::kernels().name, #isa)) return cpu::rowLoops_##isa;
  CREDENCE_INSTRUCTION_SETS(CREDENCE_PICK)
#undef CREDENCE_PICK
  return nullptr;  // unreachable: kernels() is one of these
}

}  // namespace

const RowOp* const* rowOps(int* count) {
  static const cpu::RowLoop* const loops = rowLoops();
  static const RowOp ops[] = {
#define CREDENCE_ROW(name, Functor, form, inputs, outputs, typing) \
  {#name, inputs, outputs, check##Functor, loops[int(RowOpCode::Functor) - 1]},
      CREDENCE_ROW_OPS(CREDENCE_ROW)
#undef CREDENCE_ROW
  };
  static const RowOp* const* const pointers = [] {
    static const RowOp* list[rowOpCount];
    for (int i = 0; i < rowOpCount; ++i) list[i] = &ops[i];
    return list;
  }();
  *count = rowOpCount;
  return pointers;
}

}  // namespace credence
