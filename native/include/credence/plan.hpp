// A plan: what TypeScript hands to native code, decoded and validated once. Every backend executes this form.
// Offsets and strides are in elements unless a name says bytes. C++17, because CUDA sources include it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include <credence/type.hpp>

namespace credence {

inline constexpr uint32_t planMagic = 0x4e445243;  // "CRDN"
inline constexpr uint32_t planVersion = 2;
inline constexpr uint32_t headerWords = 16;
inline constexpr uint32_t slotWords = 8;

/// The plan is not well formed; the message names the instruction, its kind and the violated rule.
struct PlanError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Where an array lives. `index` and `offset` mean, by kind:
/// arena: offset in the arena; own: offset in the memory that every thread has for itself, see Loop; input, output: index of the bound buffer, of at least `bytes`; constant: offset in the pool;
/// sliced: base slot `index`, moving by `strideBytes` per trip of the enclosing loop at depth `offset` (0 = outermost),
/// from the last slice backwards when `reversed`; `bytes` is one slice.
struct Slot {
  SlotKind kind;
  uint32_t index;
  int64_t offset;
  int64_t bytes;
  int32_t strideBytes;
  bool reversed;
};

/// One register of a cluster, loaded from or stored to a strided view.
struct Access {
  uint32_t reg;
  Type type;
  uint32_t slot;
  uint32_t offset;
  std::vector<int32_t> strides;
};

/// registers[dst] = opcode(registers[a], registers[b], registers[c]); `type` is the operand type.
/// cast: b is the target type. constant: b, c are the low and high word of an f64. iota: a is the dimension.
struct Step {
  uint32_t opcode;
  Type type;
  uint32_t dst, a, b, c;
};

struct Barrier {};

/// A fused elementwise loop nest over `dims`, row-major; a part is dims[0] / parts consecutive indices of dimension 0.
struct Cluster {
  uint32_t parts;
  uint32_t registers;
  std::vector<uint32_t> dims;
  std::vector<Access> loads;
  std::vector<Step> steps;
  std::vector<Access> stores;
};

/// out[kept] = monoid over the reduced dimensions of in[kept, reduced]; `out` is contiguous over the kept dimensions.
struct Reduce {
  uint32_t parts;
  Monoid monoid;
  Type type;
  std::vector<uint32_t> dimsKept, dimsReduced;
  uint32_t inSlot, inOffset;
  std::vector<int32_t> stridesKept, stridesReduced;
  uint32_t outSlot, outOffset;
};

/// A strided matrix per batch element.
struct Matrix {
  uint32_t slot, offset;
  int32_t batchStride, rowStride, colStride;
};

/// C[b,m,n] = activation(sum_k A[b,m,k] B[b,k,n] + bias[n]), or C += A B when `accumulate`.
struct Matmul {
  uint32_t parts;
  Type type;
  uint32_t batch, m, n, k;
  Matrix a, b, c;  // c.colStride = 1
  uint32_t biasSlot, biasOffset;
  uint32_t activation;  // 0: none, else the code of a unary step
  bool accumulate;
};

struct RowsOperand {
  uint32_t slot;
  Type type;
  uint32_t offset;
  int32_t rowStride;
  uint32_t rowLength;
};

/// One row operation over `rows` rows; operands are inputs, then outputs.
struct Rows {
  uint32_t parts;
  uint32_t opcode;  // index into rowOps() + 1
  uint32_t rows;
  std::vector<RowsOperand> operands;
  std::vector<int32_t> integers;
  std::vector<double> numbers;
};

struct Instruction;
using Block = std::vector<Instruction>;

/// each: the trips do not depend on one another. A thread takes whole ones, in any order, and works in slots of kind own: what it
/// leaves there is gone after the trip. The others: all threads share every instruction of every trip.
struct Loop {
  LoopKind kind;
  uint32_t trips;  // of a while: the most, or unlimitedTrips
  uint32_t depth;  // 0 = outermost
  uint32_t predicateSlot;
  Block predicate;
  Block body;

  bool isWhile() const { return kind == LoopKind::whileTrue; }
};

struct Cond {
  uint32_t predicateSlot;
  Block then;
  Block otherwise;
};

struct Instruction {
  uint32_t index;  // position in the plan, counting nested instructions, for messages
  std::variant<Barrier, Cluster, Reduce, Matmul, Rows, Loop, Cond> body;
};

struct Plan {
  std::vector<Slot> slots;
  int64_t arenaBytes = 0;
  int64_t ownBytes = 0;  // for each thread
  std::vector<int64_t> inputBytes;   // least size of each bound buffer
  std::vector<int64_t> outputBytes;
  std::vector<uint32_t> constants;   // the pool, whole words
  Block code;
};

/// Decodes and validates. Afterwards no instruction can read or write outside the arena, the pool, or buffers of at least
/// inputBytes and outputBytes, whatever the words were.
/// @throws PlanError
Plan decodePlan(const uint32_t* words, std::size_t count);

}  // namespace credence
