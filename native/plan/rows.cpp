// Reads and checks a row operation; what is particular to one operation is in its own check.
#include <credence/rows.hpp>
#include <string>

#include "reader.hpp"

namespace credence {

Rows readRows(Cursor& cursor, const Scope& scope) {
  Rows rows;
  rows.parts = cursor.next();
  rows.opcode = cursor.next();
  rows.rows = cursor.next();
  const uint32_t operands = cursor.next();
  const uint32_t integers = cursor.next();
  const uint32_t numbers = cursor.next();

  int count = 0;
  const RowOp* const* ops = rowOps(&count);
  if (rows.opcode < 1 || rows.opcode > static_cast<uint32_t>(count)) refuse("row operation %u is unknown", rows.opcode);
  const RowOp& op = *ops[rows.opcode - 1];
  checkParts(rows.parts, rows.rows, "the rows");
  if (operands != static_cast<uint32_t>(op.inputs + op.outputs))
    refuse("%s takes %d inputs and %d outputs, got %u operands", op.name, op.inputs, op.outputs, operands);

  std::vector<RowOperand> views;
  for (uint32_t i = 0; i < operands; ++i) {
    const std::string what = op.name + std::string(" operand ") + std::to_string(i);
    RowsOperand operand;
    operand.slot = cursor.next();
    operand.type = readType(cursor.next(), what.c_str());
    operand.offset = cursor.next();
    operand.rowStride = cursor.nextSigned();
    operand.rowLength = cursor.next();
    checkView(scope, what.c_str(), operand.slot, operand.type, operand.offset, {rows.rows, operand.rowLength},
              {operand.rowStride, 1}, i >= static_cast<uint32_t>(op.inputs));
    rows.operands.push_back(operand);
    views.push_back({nullptr, operand.type, operand.rowStride, operand.rowLength});
  }
  for (uint32_t i = 0; i < integers; ++i) rows.integers.push_back(cursor.nextSigned());
  for (uint32_t i = 0; i < numbers; ++i) rows.numbers.push_back(cursor.nextNumber());

  RowCall call{};
  call.operands = views.data();
  call.operandCount = static_cast<int>(views.size());
  call.integers = rows.integers.data();
  call.integerCount = static_cast<int>(integers);
  call.numbers = rows.numbers.data();
  call.numberCount = static_cast<int>(numbers);
  const std::string problem = op.check(call, rows.rows);
  if (!problem.empty()) throw PlanError(problem);
  return rows;
}

}  // namespace credence
