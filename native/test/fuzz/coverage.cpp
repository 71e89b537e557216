#include "coverage.hpp"

#include <credence/elementwise.hpp>
#include <credence/rows.hpp>

namespace credence::test {
namespace {

std::string named(const char* group, const char* name) { return std::string(group) + " " + name; }

const char* nameOf(Monoid monoid) {
  switch (monoid) {
#define CREDENCE_CASE(enumerator, code, name) \
  case Monoid::enumerator: return name;
    CREDENCE_MONOIDS(CREDENCE_CASE)
#undef CREDENCE_CASE
  }
  return "?";
}

const char* nameOf(LoopKind kind) {
  return kind == LoopKind::repeat ? "(repeat)" : kind == LoopKind::whileTrue ? "(while)" : "(each)";
}

const RowOp& rowOpOf(uint32_t opcode) {
  int count = 0;
  return *rowOps(&count)[opcode - 1];
}

}  // namespace

void Coverage::addBlock(const Block& block) {
  for (const Instruction& instruction : block) {
    const auto& body = instruction.body;
    if (std::holds_alternative<Barrier>(body)) seen_.insert("instruction barrier");
    if (const auto* cluster = std::get_if<Cluster>(&body)) {
      seen_.insert("instruction cluster");
      for (const Step& step : cluster->steps) seen_.insert(named("step", stepOps[step.opcode - 1].name));
    }
    if (const auto* reduce = std::get_if<Reduce>(&body)) {
      seen_.insert("instruction reduce");
      seen_.insert(named("monoid", nameOf(reduce->monoid)));
    }
    if (std::holds_alternative<Matmul>(body)) seen_.insert("instruction matmul");
    if (const auto* rows = std::get_if<Rows>(&body)) {
      seen_.insert("instruction rows");
      seen_.insert(named("row operation", rowOpOf(rows->opcode).name));
    }
    if (const auto* loop = std::get_if<Loop>(&body)) {
      seen_.insert(std::string("instruction loop ") + nameOf(loop->kind));
      addBlock(loop->predicate);
      addBlock(loop->body);
    }
    if (const auto* cond = std::get_if<Cond>(&body)) {
      seen_.insert("instruction cond");
      addBlock(cond->then);
      addBlock(cond->otherwise);
    }
  }
}

std::vector<std::string> Coverage::missing() const {
  std::vector<std::string> all{"instruction barrier", "instruction cluster", "instruction reduce", "instruction matmul", "instruction rows",
                               "instruction loop (repeat)", "instruction loop (while)", "instruction loop (each)", "instruction cond"};
  for (int i = 0; i < stepOpCount; ++i) all.push_back(named("step", stepOps[i].name));
#define CREDENCE_NAME(enumerator, code, name) all.push_back(named("monoid", name));
  CREDENCE_MONOIDS(CREDENCE_NAME)
#undef CREDENCE_NAME
  int count = 0;
  const RowOp* const* ops = rowOps(&count);
  for (int i = 0; i < count; ++i) all.push_back(named("row operation", ops[i]->name));

  std::vector<std::string> missing;
  for (const std::string& name : all)
    if (!seen_.count(name)) missing.push_back(name);
  return missing;
}

}  // namespace credence::test
