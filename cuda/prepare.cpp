#include "prepare.hpp"

#include <credence/elementwise.hpp>
#include <credence/rows.hpp>
#include <credence/type.hpp>

#include <algorithm>
#include <limits>
#include <numeric>

#include "step_form.hpp"

namespace credence::cuda {
namespace {

int64_t product(const std::vector<uint32_t>& dims) {
  return std::accumulate(dims.begin(), dims.end(), int64_t{1}, [](int64_t a, uint32_t b) { return a * b; });
}

template <class From, class To>
void copyTo(const std::vector<From>& from, To* to) {
  std::copy(from.begin(), from.end(), to);
}

Place placeOf(uint32_t slot, int64_t offset, Type type) { return {slot, offset * sizeOf(type)}; }

std::vector<ClusterAccess> accessesOf(const std::vector<Access>& accesses) {
  std::vector<ClusterAccess> out;
  for (const Access& access : accesses) {
    ClusterAccess made{access.reg, uint32_t(access.type), access.slot, access.offset, {}};
    copyTo(access.strides, made.strides);
    out.push_back(made);
  }
  return out;
}

// ---- clusters -----------------------------------------------------------------------------------------------------------

int operandsOf(const Step& step) {
  switch (stepOps[step.opcode - 1].arity) {
    case Arity::constant:
    case Arity::iota: return 0;
    case Arity::binary: return 2;
    case Arity::select: return 3;
    default: return 1;
  }
}

bool reads(const Step& step, uint32_t reg) {
  const uint32_t operands[] = {step.a, step.b, step.c};
  return std::count(operands, operands + operandsOf(step), reg) > 0;
}

// Whether anything but the next step reads the result of step i.
bool isKept(const Cluster& cluster, std::size_t i) {
  const uint32_t reg = cluster.steps[i].dst;
  for (std::size_t j = i + 1; j < cluster.steps.size(); ++j) {
    if (j > i + 1 && reads(cluster.steps[j], reg)) return true;
    if (cluster.steps[j].dst == reg) return false;
  }
  return std::any_of(cluster.stores.begin(), cluster.stores.end(), [&](const Access& store) { return store.reg == reg; });
}

// The bits of a constant, in the type it is used as.
template <class T>
uint64_t bitsOf(double number) {
  const T value = Cast::apply<T>(number);
  uint64_t bits = 0;
  memcpy(&bits, &value, sizeof value);
  return bits;
}
uint64_t bitsOf(Type type, double number) {
  switch (type) {
    case Type::f32: return bitsOf<float>(number);
    case Type::f64: return bitsOf<double>(number);
    case Type::i32: return bitsOf<int32_t>(number);
    case Type::u32: return bitsOf<uint32_t>(number);
    case Type::boolean: return bitsOf<uint8_t>(number);
  }
  return 0;
}

std::vector<Step> stepsOf(const Cluster& cluster) {
  std::vector<Step> steps = cluster.steps;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    Step& step = steps[i];
    if (stepOps[step.opcode - 1].arity == Arity::constant) {
      const uint64_t bits = bitsOf(step.type, bitCast<double>(uint64_t{step.b} | uint64_t{step.c} << 32));
      step.b = uint32_t(bits);
      step.c = uint32_t(bits >> 32);
    }
    uint32_t* const operands[] = {&step.a, &step.b, &step.c};
    for (int operand = 0; operand < operandsOf(step) && i > 0; ++operand)
      if (*operands[operand] == cluster.steps[i - 1].dst) *operands[operand] = previousResult;
    if (!isKept(cluster, i)) step.dst = notKept;
  }
  return steps;
}

bool isWide(const Cluster& cluster) {
  const auto wide = [](Type type) { return type == Type::f64; };
  return std::any_of(cluster.loads.begin(), cluster.loads.end(), [&](const Access& load) { return wide(load.type); }) ||
         std::any_of(cluster.stores.begin(), cluster.stores.end(), [&](const Access& store) { return wide(store.type); }) ||
         std::any_of(cluster.steps.begin(), cluster.steps.end(), [&](const Step& step) {
           return wide(step.type) || (stepOps[step.opcode - 1].arity == Arity::cast && wide(Type(step.b)));
         });
}

}  // namespace

Prepared::Prepared(Plan plan, bool tensorCores)
    : plan_(std::move(plan)), tensorCores_(tensorCores), constants_(int64_t(plan_.constants.size() * 4)) {
  constants_.write(0, plan_.constants.data(), constants_.bytes(), stream_);
  prepare(plan_.code);
  stream_.synchronize();
}

void Prepared::prepare(const Block& block) {
  for (const Instruction& instruction : block) {
    programs_.resize(std::max<std::size_t>(programs_.size(), instruction.index + 1));
    AnyProgram program = std::visit([&](const auto& body) { return prepare(body); }, instruction.body);
    programs_[instruction.index] = std::move(program);  // only now: the instructions within have grown the list
  }
}

template <class T>
const T* Prepared::upload(const std::vector<T>& values) {
  const int64_t bytes = int64_t(values.size() * sizeof(T));
  tables_.emplace_back(bytes);
  tables_.back().write(0, values.data(), bytes, stream_);
  stream_.synchronize();  // before `values` goes
  return tables_.back().template as<const T>();
}

Prepared::AnyProgram Prepared::prepare(const Cluster& cluster) {
  ClusterProgram program{};
  program.wide = isWide(cluster);
  program.registers = cluster.registers;
  program.rank = uint32_t(cluster.dims.size());
  program.loadCount = uint32_t(cluster.loads.size());
  program.stepCount = uint32_t(cluster.steps.size());
  program.storeCount = uint32_t(cluster.stores.size());
  copyTo(cluster.dims, program.dims);
  program.elements = product(cluster.dims);
  program.loads = upload(accessesOf(cluster.loads));
  program.steps = upload(stepsOf(cluster));
  program.stores = upload(accessesOf(cluster.stores));
  return program;
}

Prepared::AnyProgram Prepared::prepare(const Reduce& reduce) {
  const bool index = reduce.monoid == Monoid::argmax || reduce.monoid == Monoid::argmin;
  ReduceProgram program{};
  program.monoid = reduce.monoid;
  program.type = reduce.type;
  program.rankKept = uint32_t(reduce.dimsKept.size());
  program.rankReduced = uint32_t(reduce.dimsReduced.size());
  copyTo(reduce.dimsKept, program.dimsKept);
  copyTo(reduce.dimsReduced, program.dimsReduced);
  copyTo(reduce.stridesKept, program.stridesKept);
  copyTo(reduce.stridesReduced, program.stridesReduced);
  program.results = product(reduce.dimsKept);
  program.reduced = product(reduce.dimsReduced);
  program.in = placeOf(reduce.inSlot, reduce.inOffset, reduce.type);
  program.out = placeOf(reduce.outSlot, reduce.outOffset, index ? Type::i32 : reduce.type);
  scratchBytes_ = std::max(scratchBytes_, reduceScratchBytes(program));
  return program;
}

Prepared::AnyProgram Prepared::prepare(const Matmul& matmul) {
  const auto view = [&](const Matrix& m) {
    return MatrixView{placeOf(m.slot, m.offset, matmul.type), m.batchStride, m.rowStride, m.colStride};
  };
  MatmulProgram program{};
  program.type = matmul.type;
  program.batch = matmul.batch;
  program.m = matmul.m;
  program.n = matmul.n;
  program.k = matmul.k;
  program.a = view(matmul.a);
  program.b = view(matmul.b);
  program.c = view(matmul.c);
  program.hasBias = matmul.biasSlot != noSlot;
  if (program.hasBias) program.bias = placeOf(matmul.biasSlot, matmul.biasOffset, matmul.type);
  program.activation = matmul.activation;
  program.accumulate = matmul.accumulate;
  program.tensorCores = tensorCores_ && matmul.type == Type::f32;
  scratchBytes_ = std::max(scratchBytes_, matmulScratchBytes(program));
  return program;
}

Prepared::AnyProgram Prepared::prepare(const Rows& rows) {
  int count = 0;
  RowsProgram program{};
  program.opcode = rows.opcode;
  program.type = rows.operands[std::size_t(rowOps(&count)[rows.opcode - 1]->inputs)].type;
  program.rows = rows.rows;
  program.operandCount = uint32_t(rows.operands.size());
  for (std::size_t i = 0; i < rows.operands.size(); ++i) {
    const RowsOperand& operand = rows.operands[i];
    program.places[i] = placeOf(operand.slot, operand.offset, operand.type);
    program.block.operands[i] = {nullptr, operand.rowStride, operand.rowLength};
  }
  copyTo(rows.integers, program.block.integers);
  copyTo(rows.numbers, program.block.numbers);
  scratchBytes_ = std::max(scratchBytes_, rowsScratchBytes(program));
  return program;
}

Prepared::AnyProgram Prepared::prepare(const Loop& loop) {
  prepare(loop.predicate);
  prepare(loop.body);
  std::vector<Slice> slices;
  for (std::size_t i = 0; i < plan_.slots.size(); ++i) {
    const Slot& slot = plan_.slots[i];
    if (slot.kind == SlotKind::sliced && slot.offset == loop.depth) slices.push_back({uint32_t(i), slot.index, slot.strideBytes, slot.reversed});
  }
  const int64_t trips = loop.isWhile() && loop.trips == unlimitedTrips ? std::numeric_limits<int64_t>::max() : int64_t{loop.trips};
  return LoopProgram{nullptr, trips, upload(slices), uint32_t(slices.size())};
}

Prepared::AnyProgram Prepared::prepare(const Cond& cond) {
  prepare(cond.then);
  prepare(cond.otherwise);
  return {};
}

}  // namespace credence::cuda
