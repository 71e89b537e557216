// Reads a plan's words and refuses what does not fit. Nothing is trusted: every count is met by reading that many words.
#pragma once

#include <credence/plan.hpp>
#include <vector>

namespace credence {

/// Words [at, end) of a plan.
class Cursor {
 public:
  Cursor(const uint32_t* words, std::size_t at, std::size_t end) : words_(words), at_(at), end_(end) {}

  uint32_t next() {
    if (at_ >= end_) throw PlanError("its words end before its fields do");
    return words_[at_++];
  }
  int32_t nextSigned() { return static_cast<int32_t>(next()); }
  int64_t nextWide() {
    const uint64_t low = next();
    return static_cast<int64_t>(low | (uint64_t{next()} << 32));
  }
  double nextNumber();

  std::vector<uint32_t> dims(uint32_t rank);
  std::vector<int32_t> strides(uint32_t rank);

  /// The next `count` words as a cursor of their own.
  Cursor split(std::size_t count);

  bool done() const { return at_ == end_; }
  std::size_t remaining() const { return end_ - at_; }
  const uint32_t* words() const { return words_; }

 private:
  const uint32_t* words_;
  std::size_t at_, end_;
};

struct LoopFrame {
  bool isWhile;
  uint32_t trips;
};

/// What an instruction may refer to: the slots, and the loops around it.
struct Scope {
  const std::vector<Slot>& slots;
  std::vector<LoopFrame> loops;  // outermost first
};

/// Refuses a condition that does not hold, in a message printf would write.
[[noreturn]] __attribute__((format(printf, 1, 2))) void refuse(const char* format, ...);

Type readType(uint32_t word, const char* what);

/// Refuses a strided view that leaves its slot, whatever the counters of the enclosing loops, or that a plan may not write.
/// `what` names the view in the message.
void checkView(const Scope& scope, const char* what, uint32_t slot, Type type, uint32_t offset,
               const std::vector<uint32_t>& dims, const std::vector<int32_t>& strides, bool written);

/// Refuses parts that do not divide `extent`.
void checkParts(uint32_t parts, uint32_t extent, const char* what);

/// The number of index tuples; refuses one above 2^62.
int64_t checkCount(const std::vector<uint32_t>& dims);

Cluster readCluster(Cursor& cursor, const Scope& scope);
Reduce readReduce(Cursor& cursor, const Scope& scope);
Matmul readMatmul(Cursor& cursor, const Scope& scope);
Rows readRows(Cursor& cursor, const Scope& scope);

}  // namespace credence
