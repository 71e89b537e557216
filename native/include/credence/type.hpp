// The vocabulary of the plan: kinds, monoids, limits. The element types themselves are in portable.hpp. No standard
// library here: the instruction-set specific translation units and the CUDA sources include it.
#pragma once

#include <credence/portable.hpp>
#include <cstdint>

namespace credence {

/// Bytes of one element. A bool is one byte holding 0 or 1.
CREDENCE_HD constexpr int64_t sizeOf(Type type) {
  return type == Type::boolean ? 1 : type == Type::f64 ? 8 : 4;
}

CREDENCE_HD constexpr const char* nameOf(Type type) {
  return type == Type::f32   ? "f32"
         : type == Type::f64 ? "f64"
         : type == Type::i32 ? "i32"
         : type == Type::u32 ? "u32"
                             : "bool";
}

enum class Kind : uint32_t { barrier = 1, cluster = 2, reduce = 3, matmul = 4, rows = 5, loop = 6, cond = 7 };

/// (kind, code, name): the names TypeScript looks codes up by.
#define CREDENCE_KINDS(X) \
  X(barrier, 1)           \
  X(cluster, 2)           \
  X(reduce, 3)            \
  X(matmul, 4)            \
  X(rows, 5)              \
  X(loop, 6)              \
  X(cond, 7)

enum class Monoid : uint32_t { sum = 0, prod = 1, max = 2, min = 3, logicalAnd = 4, logicalOr = 5, argmax = 6, argmin = 7 };

/// (enumerator, code, name)
#define CREDENCE_MONOIDS(X)   \
  X(sum, 0, "sum")            \
  X(prod, 1, "prod")          \
  X(max, 2, "max")            \
  X(min, 3, "min")            \
  X(logicalAnd, 4, "and")     \
  X(logicalOr, 5, "or")       \
  X(argmax, 6, "argmax")      \
  X(argmin, 7, "argmin")

enum class SlotKind : uint32_t { arena = 0, input = 1, output = 2, constant = 3, sliced = 4, own = 5 };

enum class LoopKind : uint32_t { repeat = 0, whileTrue = 1, each = 2 };

inline constexpr uint32_t rankMax = 8;
inline constexpr uint32_t registerMax = 64;
inline constexpr uint32_t stepMax = 256;
inline constexpr uint32_t accessMax = 256;  // loads, and stores, of one cluster
inline constexpr uint32_t loopDepthMax = 8;
inline constexpr uint32_t noSlot = 0xffffffffu;
inline constexpr uint32_t unlimitedTrips = 0xffffffffu;

/// Parts of an instruction that thread `thread` of `threads` executes: [partBegin(t), partBegin(t + 1)).
CREDENCE_HD constexpr int64_t partBegin(int64_t parts, int64_t thread, int64_t threads) {
  return parts * thread / threads;
}

}  // namespace credence
