// The loops that exist once per instruction set, and the plain structures they read. An instruction is prepared once, in
// portable code (cluster_prepare.cpp, ...), and executed many times by these. No standard library: a template instantiated
// here with AVX-512 must never become the one copy that the linker keeps for everybody.
#pragma once

#include <credence/type.hpp>
#include <cstdint>

namespace credence::cpu {

/// Elements a step handles at a time; tiles are padded to a multiple of it.
inline constexpr int64_t granule = 16;
inline constexpr int64_t tileMax = 1024;
/// Where there is one step or chain, whose value needs no place in L1.
inline constexpr int64_t chainTileMax = 4096;
/// Elements that a chain of steps handles at a time, at most.
inline constexpr int64_t chainGranule = 128;

/// dst[0, n) = op(a[0, n), b[0, n), c[0, n)); n is a multiple of the granule. dst may be a, b or c.
using StepFunction = void (*)(void* dst, const void* a, const void* b, const void* c, int64_t n);

/// A strided view over the iteration space of a cluster. Bytes throughout.
struct ClusterView {
  uint32_t slot;
  uint32_t elementBytes;
  int64_t offset;
  int64_t strides[rankMax];
};

enum class SourceKind : uint8_t { view, iota, constant };

/// A value that is there before the first step: loaded, counted or constant.
struct ClusterSource {
  SourceKind kind;
  bool invariant;   // the same in every tile: filled once per call
  bool contiguous;  // a tile is one run of memory, used where it lies
  bool single;      // one number, of which a vector is enough
  bool streams;     // out of memory rather than a cache: what comes is asked for while this tile is computed
  uint16_t value;
  Type type;
  uint32_t dim;     // iota
  double number;    // constant
  ClusterView view;
};

/// A step, or where `run` is null a chain of them: links[firstLink, firstLink + linkCount) from value a to value dst.
struct ClusterStep {
  StepFunction run;
  uint16_t dst, a, b, c;  // values
  uint32_t firstLink, linkCount;
  uint32_t elementBytes;  // of a chain
};

/// How a step of a chain takes its operands: the value alone, op(value, other), op(other, value), and the same where other is one number, or one
/// that is known not to be NaN.
enum class LinkForm : uint8_t { alone, left, right, leftOfOne, rightOfOne, leftOfNumber };

/// A step of a chain. Its functions have a signature of their own, which depends on the instruction set; both null: it is not joined.
using LinkFunction = void (*)();
struct ChainLink {
  LinkFunction wide, narrow;
  uint16_t other;  // value
  bool takesOne;   // the first vector of it alone
};

struct ClusterSink {
  uint16_t value;
  bool contiguous;
  bool direct;  // the last step writes memory itself, where the tile is contiguous and whole
  ClusterView view;
};

/// Loops over dims[0, tiled) pick a tile; a tile is up to `tileRows` indices of dims[tiled] times all later dims.
/// Value v has its tile at scratch + buffers[v].
struct ClusterProgram {
  uint32_t rank;
  uint32_t tiled;
  int64_t dims[rankMax];
  int64_t innerCount;  // elements per index of dims[tiled]
  int64_t tileRows;
  uint32_t sourceCount, stepCount, sinkCount, valueCount;
  const ClusterSource* sources;
  const ClusterStep* steps;
  const ChainLink* links;
  const ClusterSink* sinks;
  const uint32_t* buffers;
  int64_t unitsPerPart;  // indices of dims[0] in one part
};

inline constexpr uint32_t valueMax = accessMax + stepMax;

/// out[kept] = monoid of in[kept, reduced], dims merged where memory allows, the densest reduced dimension last.
struct ReduceProgram {
  Monoid monoid;
  Type type;
  uint32_t rankKept, rankReduced;
  int64_t dimsKept[rankMax], dimsReduced[rankMax];
  int64_t stridesKept[rankMax], stridesReduced[rankMax];  // elements
  uint32_t inSlot, outSlot;
  int64_t inOffset, outOffset;  // elements
  int64_t unitsPerPart;
};

/// C[m, n] = activation(A[m, k] B[k, n] + bias[n]), or C += A B. Strides in elements; the column stride of C is 1.
struct Product {
  int64_t m, n, k;
  const void* a;
  int64_t aRow, aCol;
  const void* b;
  int64_t bRow, bCol;
  void* c;
  int64_t cRow;
  bool accumulate;
  const void* bias;         // null: none
  bool rectify;             // C = max(C, 0), while it is in registers
  StepFunction activation;  // null: none
};

/// The loops of one instruction set.
struct Kernels {
  const char* name;
  void (*cluster)(const ClusterProgram&, uint8_t* const* slots, int64_t begin, int64_t end, uint8_t* scratch);
  void (*reduce)(const ReduceProgram&, uint8_t* const* slots, int64_t begin, int64_t end, uint8_t* scratch);
  void (*productF32)(const Product&, uint8_t* scratch);
  void (*productF64)(const Product&, uint8_t* scratch);
  /// The loop of a step (not constant or iota); for cast `target` is the result type. Null where the step is not defined.
  StepFunction (*step)(uint32_t opcode, Type type, Type target);
  /// A step as a link of a chain.
  ChainLink (*link)(uint32_t opcode, LinkForm form, Type type);
};

/// Bytes of scratch that reduce needs, and that a product needs.
inline constexpr int64_t reduceScratchBytes = 16 << 10;
inline constexpr int64_t productScratchBytes = 1 << 20;

}  // namespace credence::cpu
