#include "reader.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace credence {

void refuse(const char* format, ...) {
  char message[256];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  throw PlanError(message);
}

double Cursor::nextNumber() {
  const int64_t bits = nextWide();
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

std::vector<uint32_t> Cursor::dims(uint32_t rank) {
  std::vector<uint32_t> result;
  for (uint32_t i = 0; i < rank; ++i) result.push_back(next());
  return result;
}

std::vector<int32_t> Cursor::strides(uint32_t rank) {
  std::vector<int32_t> result;
  for (uint32_t i = 0; i < rank; ++i) result.push_back(nextSigned());
  return result;
}

Cursor Cursor::split(std::size_t count) {
  if (count > remaining()) refuse("%zu words of code are announced where %zu are left", count, remaining());
  Cursor part(words_, at_, at_ + count);
  at_ += count;
  return part;
}

Type readType(uint32_t word, const char* what) {
  if (word >= typeCount) refuse("%s: type %u is unknown", what, word);
  return static_cast<Type>(word);
}

void checkParts(uint32_t parts, uint32_t extent, const char* what) {
  if (parts == 0) refuse("parts must be at least 1, got 0");
  if (extent % parts != 0) refuse("parts must divide %s = %u, got %u", what, extent, parts);
}

int64_t checkCount(const std::vector<uint32_t>& dims) {
  const bool empty = std::find(dims.begin(), dims.end(), 0u) != dims.end();
  __int128 count = empty ? 0 : 1;
  for (const uint32_t dim : dims) {
    count *= dim;
    if (count > (int64_t{1} << 62)) refuse("the product of its dimensions exceeds 2^62");
  }
  return static_cast<int64_t>(count);
}

namespace {

// A store must give every element at most once. Sufficient: ordered by stride, each dimension steps over all smaller ones.
void checkDistinct(const char* what, const std::vector<uint32_t>& dims, const std::vector<int32_t>& strides) {
  std::vector<std::pair<int64_t, int64_t>> steps;  // |stride|, extent
  for (std::size_t d = 0; d < dims.size(); ++d)
    if (dims[d] > 1) steps.emplace_back(std::abs(int64_t{strides[d]}), dims[d]);
  std::sort(steps.begin(), steps.end());
  __int128 span = 0;
  for (const auto& [stride, extent] : steps) {
    if (stride <= span) refuse("%s: its strides make elements overlap", what);
    span += __int128{stride} * (extent - 1);
  }
}

void checkSlice(const Scope& scope, const char* what, uint32_t index, const Slot& slot) {
  const Slot& base = scope.slots[slot.index];
  const std::size_t depth = static_cast<std::size_t>(slot.offset);
  if (depth >= scope.loops.size())
    refuse("%s: slot %u slides with loop depth %zu, but only %zu loops enclose it", what, index, depth, scope.loops.size());
  const LoopFrame& loop = scope.loops[depth];
  if (slot.reversed && loop.isWhile) refuse("%s: slot %u is reversed, but its loop has no fixed trip count", what, index);
  if (loop.trips == 0) return;
  const __int128 last = __int128{slot.strideBytes} * (int64_t{loop.trips} - 1);
  if (last < 0 || last + slot.bytes > base.bytes)
    refuse("%s: slot %u slides out of its base slot %u (%lld bytes): stride %d bytes, %u trips", what, index, slot.index,
           static_cast<long long>(base.bytes), slot.strideBytes, loop.trips);
}

}  // namespace

void checkView(const Scope& scope, const char* what, uint32_t index, Type type, uint32_t offset,
               const std::vector<uint32_t>& dims, const std::vector<int32_t>& strides, bool written) {
  if (index >= scope.slots.size()) refuse("%s: slot %u is not below %zu", what, index, scope.slots.size());
  const Slot& slot = scope.slots[index];
  const bool sliced = slot.kind == SlotKind::sliced;
  const Slot& base = sliced ? scope.slots[slot.index] : slot;
  if (written && (base.kind == SlotKind::input || base.kind == SlotKind::constant))
    refuse("%s: slot %u is %s and cannot be written", what, index, base.kind == SlotKind::input ? "an input" : "a constant");
  if (sliced) checkSlice(scope, what, index, slot);

  const int64_t size = sizeOf(type);
  const int64_t start = base.kind == SlotKind::input || base.kind == SlotKind::output ? 0 : base.offset;
  if (start % size != 0 || (sliced && slot.strideBytes % size != 0))
    refuse("%s: slot %u is not aligned to %s", what, index, nameOf(type));

  __int128 low = offset, high = offset;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (dims[d] == 0) return;  // nothing is read or written
    (strides[d] < 0 ? low : high) += __int128{strides[d]} * (int64_t{dims[d]} - 1);
  }
  if (low < 0) refuse("%s: it reaches below slot %u", what, index);
  if ((high + 1) * size > slot.bytes)
    refuse("%s: it reaches element %lld of slot %u, which holds %lld of type %s", what,
           static_cast<long long>(high), index, static_cast<long long>(slot.bytes / size), nameOf(type));
  if (written) checkDistinct(what, dims, strides);
}

}  // namespace credence
