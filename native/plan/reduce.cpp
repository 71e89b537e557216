// Reads and checks the reduction instruction.
#include <credence/elementwise.hpp>

#include "reader.hpp"

namespace credence {
namespace {

uint32_t typesOf(Monoid monoid) {
  return monoid == Monoid::logicalAnd || monoid == Monoid::logicalOr ? booleans : numbers;
}

bool isIndex(Monoid monoid) { return monoid == Monoid::argmax || monoid == Monoid::argmin; }

}  // namespace

Reduce readReduce(Cursor& cursor, const Scope& scope) {
  Reduce reduce;
  reduce.parts = cursor.next();
  const uint32_t monoid = cursor.next();
  if (monoid > static_cast<uint32_t>(Monoid::argmin)) refuse("monoid %u is unknown", monoid);
  reduce.monoid = static_cast<Monoid>(monoid);
  reduce.type = readType(cursor.next(), "input");
  if (!(typesOf(reduce.monoid) & typeMask(reduce.type))) refuse("monoid %u is not defined for %s", monoid, nameOf(reduce.type));
  const uint32_t rankKept = cursor.next();
  const uint32_t rankReduced = cursor.next();
  if (rankKept < 1 || rankKept > rankMax) refuse("kept rank must be 1 to %u, got %u", rankMax, rankKept);
  if (rankReduced < 1 || rankReduced > rankMax) refuse("reduced rank must be 1 to %u, got %u", rankMax, rankReduced);
  if (isIndex(reduce.monoid) && rankReduced != 1) refuse("argmax and argmin reduce one dimension, got %u", rankReduced);
  reduce.dimsKept = cursor.dims(rankKept);
  reduce.dimsReduced = cursor.dims(rankReduced);
  reduce.inSlot = cursor.next();
  reduce.inOffset = cursor.next();
  reduce.stridesKept = cursor.strides(rankKept);
  reduce.stridesReduced = cursor.strides(rankReduced);
  reduce.outSlot = cursor.next();
  reduce.outOffset = cursor.next();
  checkParts(reduce.parts, reduce.dimsKept[0], "the first kept dimension");

  std::vector<uint32_t> dims = reduce.dimsKept;
  dims.insert(dims.end(), reduce.dimsReduced.begin(), reduce.dimsReduced.end());
  std::vector<int32_t> strides = reduce.stridesKept;
  strides.insert(strides.end(), reduce.stridesReduced.begin(), reduce.stridesReduced.end());
  checkCount(dims);
  if (isIndex(reduce.monoid) && (reduce.dimsReduced[0] == 0 || reduce.dimsReduced[0] > 0x7fffffffu))
    refuse("argmax and argmin need 1 to 2^31 - 1 elements, got %u", reduce.dimsReduced[0]);
  checkView(scope, "input", reduce.inSlot, reduce.type, reduce.inOffset, dims, strides, false);

  const int64_t outputs = checkCount(reduce.dimsKept);
  if (outputs > 0xffffffffLL) refuse("more than 2^32 - 1 results");
  checkView(scope, "output", reduce.outSlot, isIndex(reduce.monoid) ? Type::i32 : reduce.type, reduce.outOffset,
            {static_cast<uint32_t>(outputs)}, {1}, true);
  return reduce;
}

}  // namespace credence
