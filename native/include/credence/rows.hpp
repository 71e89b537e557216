// Row operations, as the plan and its executor see them: a body applied to every row of its operands.
#pragma once

#include <credence/row_block.hpp>
#include <credence/status.hpp>

#include <string>

namespace credence {

/// Row r is the rowLength elements at data + r * rowStride.
struct RowOperand {
  void* data;
  Type type;
  int64_t rowStride;
  int64_t rowLength;
};

/// Operands: inputs first, then outputs.
struct RowCall {
  const RowOperand* operands;
  int operandCount;
  const int32_t* integers;
  int integerCount;
  const double* numbers;
  int numberCount;
  Status* status;
};

/// A row operation. `run` trusts what `check` accepted.
struct RowOp {
  const char* name;
  int inputs, outputs;
  /// What is wrong with the types, lengths, strides or attributes of a call on `rows` rows (data is not looked at); empty
  /// if nothing is.
  std::string (*check)(const RowCall& call, int64_t rows);
  /// Rows [begin, end). A failure that only data can show goes to call.status.
  void (*run)(const RowCall& call, int64_t begin, int64_t end);
};

/// All row operations, for the instruction set this machine runs; a plan's code is the index plus one.
const RowOp* const* rowOps(int* count);

}  // namespace credence
