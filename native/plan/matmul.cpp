// Reads and checks the matrix product instruction.
#include <credence/elementwise.hpp>

#include "reader.hpp"

namespace credence {
namespace {

Matrix readFactor(Cursor& cursor, const char* what, uint32_t rows, uint32_t cols) {
  Matrix matrix;
  matrix.slot = cursor.next();
  matrix.offset = cursor.next();
  matrix.batchStride = cursor.nextSigned();
  matrix.rowStride = cursor.nextSigned();
  matrix.colStride = cursor.nextSigned();
  if (matrix.rowStride != 1 && matrix.colStride != 1 && rows > 1 && cols > 1)
    refuse("%s: its row stride or its column stride must be 1, got %d and %d", what, matrix.rowStride, matrix.colStride);
  return matrix;
}

void checkActivation(uint32_t opcode, Type type) {
  if (opcode == 0) return;
  if (opcode > static_cast<uint32_t>(stepOpCount)) refuse("activation: opcode %u is unknown", opcode);
  const StepOpRow& op = stepOps[opcode - 1];
  if (op.arity != Arity::unary || op.result != Result::same || !(op.types & typeMask(type)))
    refuse("activation: %s is not a unary step from %s to %s", op.name, nameOf(type), nameOf(type));
}

}  // namespace

Matmul readMatmul(Cursor& cursor, const Scope& scope) {
  Matmul matmul;
  matmul.parts = cursor.next();
  matmul.type = readType(cursor.next(), "matrix");
  if (!(floating & typeMask(matmul.type))) refuse("it is defined for f32 and f64, got %s", nameOf(matmul.type));
  matmul.batch = cursor.next();
  matmul.m = cursor.next();
  matmul.n = cursor.next();
  matmul.k = cursor.next();
  matmul.a = readFactor(cursor, "A", matmul.m, matmul.k);
  matmul.b = readFactor(cursor, "B", matmul.k, matmul.n);
  matmul.c.slot = cursor.next();
  matmul.c.offset = cursor.next();
  matmul.c.batchStride = cursor.nextSigned();
  matmul.c.rowStride = cursor.nextSigned();
  matmul.c.colStride = 1;
  matmul.biasSlot = cursor.next();
  matmul.biasOffset = cursor.next();
  matmul.activation = cursor.next();
  const uint32_t accumulate = cursor.next();
  if (accumulate > 1) refuse("accumulate must be 0 or 1, got %u", accumulate);
  matmul.accumulate = accumulate == 1;

  if (matmul.batch > 1) checkParts(matmul.parts, matmul.batch, "the batch");
  else checkParts(matmul.parts, matmul.m, "M");
  checkActivation(matmul.activation, matmul.type);
  if (matmul.accumulate && (matmul.biasSlot != noSlot || matmul.activation != 0))
    refuse("accumulate excludes bias and activation");

  const Matrix &a = matmul.a, &b = matmul.b, &c = matmul.c;
  checkCount({matmul.batch, matmul.m, matmul.n});
  checkView(scope, "A", a.slot, matmul.type, a.offset, {matmul.batch, matmul.m, matmul.k},
            {a.batchStride, a.rowStride, a.colStride}, false);
  checkView(scope, "B", b.slot, matmul.type, b.offset, {matmul.batch, matmul.k, matmul.n},
            {b.batchStride, b.rowStride, b.colStride}, false);
  checkView(scope, "C", c.slot, matmul.type, c.offset, {matmul.batch, matmul.m, matmul.n}, {c.batchStride, c.rowStride, 1}, true);
  if (matmul.biasSlot != noSlot) checkView(scope, "bias", matmul.biasSlot, matmul.type, matmul.biasOffset, {matmul.n}, {1}, false);
  return matmul;
}

}  // namespace credence
