// Reads and checks the fused elementwise instruction.
#include <credence/elementwise.hpp>
#include <string>

#include "reader.hpp"

namespace credence {
namespace {

/// The types registers hold at one point of a cluster.
class Registers {
 public:
  explicit Registers(uint32_t count) : count_(count) {}

  void define(const char* what, uint32_t reg, Type type) {
    if (reg >= count_) refuse("%s: register %u is not below %u", what, reg, count_);
    defined_[reg] = true;
    types_[reg] = type;
  }

  void require(const char* what, uint32_t reg, Type type) const {
    if (reg >= count_) refuse("%s: register %u is not below %u", what, reg, count_);
    if (!defined_[reg]) refuse("%s: register %u is read before it is written", what, reg);
    if (types_[reg] != type)
      refuse("%s: register %u holds %s where %s is expected", what, reg, nameOf(types_[reg]), nameOf(type));
  }

 private:
  uint32_t count_;
  bool defined_[registerMax] = {};
  Type types_[registerMax] = {};
};

void checkStep(const Step& step, const char* what, std::size_t rank, Registers& registers) {
  if (step.opcode < 1 || step.opcode > static_cast<uint32_t>(stepOpCount)) refuse("%s: opcode %u is unknown", what, step.opcode);
  const StepOpRow& op = stepOps[step.opcode - 1];
  if (!(op.types & typeMask(step.type))) refuse("%s: %s is not defined for %s", what, op.name, nameOf(step.type));
  const auto unused = [&](uint32_t field, char name) {
    if (field != 0) refuse("%s: %s does not use field %c, which must be 0, got %u", what, op.name, name, field);
  };
  Type result = op.result == Result::boolean ? Type::boolean : step.type;
  switch (op.arity) {
    case Arity::unary:
      registers.require(what, step.a, step.type);
      unused(step.b, 'b');
      unused(step.c, 'c');
      break;
    case Arity::binary:
      registers.require(what, step.a, step.type);
      registers.require(what, step.b, step.type);
      unused(step.c, 'c');
      break;
    case Arity::select:
      registers.require(what, step.a, Type::boolean);
      registers.require(what, step.b, step.type);
      registers.require(what, step.c, step.type);
      break;
    case Arity::cast:
      registers.require(what, step.a, step.type);
      result = readType(step.b, what);
      unused(step.c, 'c');
      break;
    case Arity::constant:
      unused(step.a, 'a');
      break;
    case Arity::iota:
      if (step.a >= rank) refuse("%s: dimension %u is not below %zu", what, step.a, rank);
      unused(step.b, 'b');
      unused(step.c, 'c');
      break;
  }
  registers.define(what, step.dst, result);
}

Access readAccess(Cursor& cursor, const char* what, uint32_t rank) {
  Access access;
  access.reg = cursor.next();
  access.type = readType(cursor.next(), what);
  access.slot = cursor.next();
  access.offset = cursor.next();
  access.strides = cursor.strides(rank);
  return access;
}

}  // namespace

Cluster readCluster(Cursor& cursor, const Scope& scope) {
  Cluster cluster;
  cluster.parts = cursor.next();
  const uint32_t rank = cursor.next();
  const uint32_t loads = cursor.next();
  cluster.registers = cursor.next();
  const uint32_t steps = cursor.next();
  const uint32_t stores = cursor.next();
  if (rank < 1 || rank > rankMax) refuse("rank must be 1 to %u, got %u", rankMax, rank);
  if (cluster.registers > registerMax) refuse("at most %u registers, got %u", registerMax, cluster.registers);
  if (steps > stepMax) refuse("at most %u steps, got %u", stepMax, steps);
  if (loads > accessMax || stores > accessMax) refuse("at most %u loads and stores, got %u and %u", accessMax, loads, stores);
  if (stores == 0) refuse("it stores nothing");
  cluster.dims = cursor.dims(rank);
  checkCount(cluster.dims);
  checkParts(cluster.parts, cluster.dims[0], "the first dimension");

  Registers registers(cluster.registers);
  for (uint32_t i = 0; i < loads; ++i) {
    const std::string what = "load " + std::to_string(i);
    Access load = readAccess(cursor, what.c_str(), rank);
    checkView(scope, what.c_str(), load.slot, load.type, load.offset, cluster.dims, load.strides, false);
    registers.define(what.c_str(), load.reg, load.type);
    cluster.loads.push_back(std::move(load));
  }
  for (uint32_t i = 0; i < steps; ++i) {
    const std::string what = "step " + std::to_string(i);
    Step step;
    step.opcode = cursor.next();
    step.type = readType(cursor.next(), what.c_str());
    step.dst = cursor.next();
    step.a = cursor.next();
    step.b = cursor.next();
    step.c = cursor.next();
    checkStep(step, what.c_str(), rank, registers);
    cluster.steps.push_back(step);
  }
  for (uint32_t i = 0; i < stores; ++i) {
    const std::string what = "store " + std::to_string(i);
    Access store = readAccess(cursor, what.c_str(), rank);
    checkView(scope, what.c_str(), store.slot, store.type, store.offset, cluster.dims, store.strides, true);
    registers.require(what.c_str(), store.reg, store.type);
    cluster.stores.push_back(std::move(store));
  }
  return cluster;
}

}  // namespace credence
