// Fused elementwise loops: a tile at a time in L1, a step at a time over the tile. Compiled once per instruction set.
#include "named.hpp"

#include <credence/elementwise.hpp>

namespace credence {

namespace cpu {
void CREDENCE_NAMED(chain)(const ClusterStep&, const ChainLink*, const uint8_t* const* values, uint8_t* dst, int64_t n);
}

inline namespace CREDENCE_ISA {
namespace {

using namespace cpu;

// ---- one step over a tile -------------------------------------------------------------------------------------------

// The vector a step works in: one register, but never more lanes than a granule (booleans).
template <class T>
using Lanes = Vec<T, (nativeLanes<T> < int(granule) ? nativeLanes<T> : int(granule))>;

template <class T>
using BoolLanes = Vec<uint8_t, lanesOf<Lanes<T>>>;

template <class T>
CREDENCE_HD BoolLanes<T> toBytes(Mask<Lanes<T>> mask) {
  return convert<BoolLanes<T>>(mask) & uint8_t(1);
}

template <class Op, class T, Result result>
void unaryStep(void* dst, const void* a, const void*, const void*, int64_t n) {
  using V = Lanes<T>;
  const T* x = static_cast<const T*>(a);
#pragma GCC unroll 2
  for (int64_t i = 0; i < n; i += lanesOf<V>) {
    if constexpr (result == Result::boolean)
      store(static_cast<uint8_t*>(dst) + i, toBytes<T>(Op::apply(load<V>(x + i))));
    else
      store(static_cast<T*>(dst) + i, Op::apply(load<V>(x + i)));
  }
}

template <class Op, class T, Result result>
void binaryStep(void* dst, const void* a, const void* b, const void*, int64_t n) {
  using V = Lanes<T>;
  const T* x = static_cast<const T*>(a);
  const T* y = static_cast<const T*>(b);
#pragma GCC unroll 2
  for (int64_t i = 0; i < n; i += lanesOf<V>) {
    if constexpr (result == Result::boolean)
      store(static_cast<uint8_t*>(dst) + i, toBytes<T>(Op::apply(load<V>(x + i), load<V>(y + i))));
    else
      store(static_cast<T*>(dst) + i, Op::apply(load<V>(x + i), load<V>(y + i)));
  }
}

// Plain loops, which the compiler vectorises better than a conversion between vectors of different widths.
template <class T>
void whereStep(void* dst, const void* a, const void* b, const void* c, int64_t n) {
  const uint8_t* mask = static_cast<const uint8_t*>(a);
  const T* x = static_cast<const T*>(b);
  const T* y = static_cast<const T*>(c);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) static_cast<T*>(dst)[i] = mask[i] ? x[i] : y[i];
}

template <class To, class From>
void castStep(void* dst, const void* a, const void*, const void*, int64_t n) {
  const From* x = static_cast<const From*>(a);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) static_cast<To*>(dst)[i] = Cast::apply<To, From>(x[i]);
}

// One row of the table: a function per operand type, null where the step is not defined for it.
struct StepRow {
  StepFunction byType[typeCount];
};

template <class Op, Arity arity, Result result, class T, bool defined>
constexpr StepFunction stepOf() {
  if constexpr (!defined) return nullptr;
  else if constexpr (arity == Arity::unary) return unaryStep<Op, T, result>;
  else if constexpr (arity == Arity::binary) return binaryStep<Op, T, result>;
  else if constexpr (arity == Arity::select) return whereStep<T>;
  else return nullptr;
}

template <class Op, Arity arity, Result result, uint32_t types>
constexpr StepRow stepRow() {
  constexpr auto on = [](Type type) { return (types & typeMask(type)) != 0; };
  return {{stepOf<Op, arity, result, float, on(Type::f32)>(), stepOf<Op, arity, result, double, on(Type::f64)>(),
           stepOf<Op, arity, result, int32_t, on(Type::i32)>(), stepOf<Op, arity, result, uint32_t, on(Type::u32)>(),
           stepOf<Op, arity, result, uint8_t, on(Type::boolean)>()}};
}

constexpr StepRow stepTable[] = {
#define CREDENCE_ROW(name, Functor, arity, types, result) stepRow<Functor, Arity::arity, Result::result, (types)>(),
    CREDENCE_STEP_OPS(CREDENCE_ROW)
#undef CREDENCE_ROW
};

template <class From>
constexpr StepRow castRow() {
  return {{castStep<float, From>, castStep<double, From>, castStep<int32_t, From>, castStep<uint32_t, From>,
           castStep<uint8_t, From>}};
}

constexpr StepRow castTable[] = {castRow<float>(), castRow<double>(), castRow<int32_t>(), castRow<uint32_t>(), castRow<uint8_t>()};

// ---- sources and sinks of a tile ------------------------------------------------------------------------------------

/// A tile: `rows` indices of dims[tiled] from `start`, at outer[0, tiled) of the dimensions before it.
struct Tile {
  int64_t outer[rankMax];
  int64_t start, rows, count;
};

template <class T>
CREDENCE_HD void copyEnds(uint8_t* to, const uint8_t* from, int64_t bytes) {
  T first, last;
  memcpy(&first, from, sizeof(T));
  memcpy(&last, from + bytes - sizeof(T), sizeof(T));
  memcpy(to, &first, sizeof(T));
  memcpy(to + bytes - sizeof(T), &last, sizeof(T));
}

// A call of memcpy costs more than most runs are long.
CREDENCE_HD void copyRun(uint8_t* to, const uint8_t* from, int64_t bytes) {
  if (bytes > 32) memcpy(to, from, size_t(bytes));
  else if (bytes >= 16) copyEnds<Vec<uint64_t, 2>>(to, from, bytes);
  else if (bytes >= 8) copyEnds<uint64_t>(to, from, bytes);
  else if (bytes >= 4) copyEnds<uint32_t>(to, from, bytes);
  else
    for (int64_t i = 0; i < bytes; ++i) to[i] = from[i];
}

// n elements from one stride to another.
template <class T>
CREDENCE_HD void copyRow(uint8_t* to, int64_t toStride, const uint8_t* from, int64_t fromStride, int64_t n) {
  constexpr int64_t dense = sizeof(T);
  if (toStride == dense && fromStride == dense && n >= 8) return copyRun(to, from, n * dense);
  for (int64_t i = 0; i < n; ++i) {
    T element;
    memcpy(&element, from + i * fromStride, sizeof(T));
    memcpy(to + i * toStride, &element, sizeof(T));
  }
}

int64_t tileOffset(const ClusterProgram& program, const ClusterView& view, const Tile& tile) {
  int64_t offset = view.offset + tile.start * view.strides[program.tiled];
  for (uint32_t d = 0; d < program.tiled; ++d) offset += tile.outer[d] * view.strides[d];
  return offset;
}

/// Calls row(position in the tile, memory offset) for every run along the last dimension.
template <class Row>
CREDENCE_HD void forEachRow(const ClusterProgram& program, const ClusterView& view, const Tile& tile, Row row) {
  const uint32_t last = program.rank - 1;
  if (program.tiled == last) {
    row(int64_t{0}, int64_t{0}, tile.rows);
    return;
  }
  int64_t index[rankMax] = {};
  int64_t offset = 0;
  for (int64_t position = 0; position < tile.count; position += program.dims[last]) {
    row(position, offset, program.dims[last]);
    for (uint32_t d = last; d-- > program.tiled;) {
      offset += view.strides[d];
      const int64_t extent = d == program.tiled ? tile.rows : program.dims[d];
      if (++index[d] < extent) break;
      offset -= extent * view.strides[d];
      index[d] = 0;
    }
  }
}

template <class T>
void gatherAs(const ClusterProgram& program, const ClusterView& view, const Tile& tile, const uint8_t* memory, uint8_t* buffer) {
  const int64_t stride = view.strides[program.rank - 1];
  forEachRow(program, view, tile, [&](int64_t position, int64_t offset, int64_t n) {
    copyRow<T>(buffer + position * int64_t(sizeof(T)), sizeof(T), memory + offset, stride, n);
  });
}

template <class T>
void scatterAs(const ClusterProgram& program, const ClusterView& view, const Tile& tile, const uint8_t* buffer, uint8_t* memory) {
  const int64_t stride = view.strides[program.rank - 1];
  forEachRow(program, view, tile, [&](int64_t position, int64_t offset, int64_t n) {
    copyRow<T>(memory + offset, stride, buffer + position * int64_t(sizeof(T)), sizeof(T), n);
  });
}

void gatherTile(const ClusterProgram& program, const ClusterView& view, const Tile& tile, const uint8_t* memory, uint8_t* buffer) {
  Tile first = tile;  // where all rows of the tile are alike, one is gathered and doubled
  if (view.strides[program.tiled] == 0 && program.tiled + 1 < program.rank) first.rows = 1, first.count = program.innerCount;
  switch (view.elementBytes) {
    case 4: gatherAs<uint32_t>(program, view, first, memory, buffer); break;
    case 8: gatherAs<uint64_t>(program, view, first, memory, buffer); break;
    default: gatherAs<uint8_t>(program, view, first, memory, buffer);
  }
  const int64_t bytes = tile.count * view.elementBytes;
  for (int64_t done = first.count * view.elementBytes; done < bytes; done *= 2)
    memcpy(buffer + done, buffer, size_t(bytes - done < done ? bytes - done : done));
}

void scatterTile(const ClusterProgram& program, const ClusterView& view, const Tile& tile, const uint8_t* buffer, uint8_t* memory) {
  switch (view.elementBytes) {
    case 4: return scatterAs<uint32_t>(program, view, tile, buffer, memory);
    case 8: return scatterAs<uint64_t>(program, view, tile, buffer, memory);
    default: return scatterAs<uint8_t>(program, view, tile, buffer, memory);
  }
}

template <class T>
void fill(uint8_t* buffer, double number, int64_t n) {
  const T value = Cast::apply<T, double>(number);
  for (int64_t i = 0; i < n; ++i) reinterpret_cast<T*>(buffer)[i] = value;
}

template <class T>
void count(const ClusterProgram& program, uint32_t dim, const Tile& tile, uint8_t* buffer) {
  T* out = reinterpret_cast<T*>(buffer);
  if (dim < program.tiled) {
    for (int64_t i = 0; i < tile.count; ++i) out[i] = T(tile.outer[dim]);
    return;
  }
  int64_t run = 1;  // elements for which the index stays
  for (uint32_t d = dim + 1; d < program.rank; ++d) run *= program.dims[d];
  int64_t index = dim == program.tiled ? tile.start : 0;
  for (int64_t i = 0; i < tile.count; i += run) {
    for (int64_t j = 0; j < run; ++j) out[i + j] = T(index);
    if (++index == program.dims[dim]) index = 0;
  }
}

void fillSource(const ClusterProgram& program, const ClusterSource& source, const Tile& tile, const uint8_t* memory, uint8_t* buffer) {
  switch (source.kind) {
    case SourceKind::view: return gatherTile(program, source.view, tile, memory, buffer);
    case SourceKind::iota:
      switch (source.type) {
        case Type::f32: return count<float>(program, source.dim, tile, buffer);
        case Type::f64: return count<double>(program, source.dim, tile, buffer);
        default: return count<uint32_t>(program, source.dim, tile, buffer);
      }
    case SourceKind::constant:
      switch (source.type) {
        case Type::f32: return fill<float>(buffer, source.number, tile.count);
        case Type::f64: return fill<double>(buffer, source.number, tile.count);
        case Type::i32: return fill<int32_t>(buffer, source.number, tile.count);
        case Type::u32: return fill<uint32_t>(buffer, source.number, tile.count);
        case Type::boolean: return fill<uint8_t>(buffer, source.number, tile.count);
      }
  }
}

// A vector of one number, constant or in memory.
void fillVector(const ClusterSource& source, const uint8_t* memory, uint8_t* buffer) {
  ClusterProgram line{};
  line.rank = 1;
  Tile tile{};
  tile.rows = tile.count = granule;
  fillSource(line, source, tile, memory, buffer);
}

// ---- the loop over tiles --------------------------------------------------------------------------------------------

/// The bytes of a source that the tile after the next will read.
struct Ahead {
  const uint8_t* memory;
  int64_t bytes;
};

// The share of step `step` in bringing them from memory: all at once would be more than a core can wait for.
CREDENCE_HD void ask(const Ahead& ahead, uint32_t step, uint32_t steps) {
  constexpr int64_t line = 64;
  const int64_t lines = (ahead.bytes + line - 1) / line;
  for (int64_t i = lines * step / steps; i < lines * (step + 1) / steps; ++i) __builtin_prefetch(ahead.memory + i * line, 0, 2);
}

void runTile(const ClusterProgram& program, uint8_t* const* slots, const Tile& tile, uint8_t* scratch, uint8_t** values) {
  const bool whole = tile.count % granule == 0;
  Ahead ahead[accessMax];
  int streams = 0;
  for (uint32_t i = 0; i < program.sourceCount; ++i) {
    const ClusterSource& source = program.sources[i];
    if (source.invariant) continue;
    const uint8_t* memory = nullptr;
    if (source.kind == SourceKind::view) memory = slots[source.view.slot] + tileOffset(program, source.view, tile);
    if (source.streams) ahead[streams++] = {memory + 2 * tile.count * source.view.elementBytes, tile.count * source.view.elementBytes};
    uint8_t* buffer = scratch + program.buffers[source.value];
    if (source.contiguous && whole) {
      values[source.value] = const_cast<uint8_t*>(memory);  // sources are only read
    } else if (source.contiguous) {
      values[source.value] = buffer;
      copyRun(buffer, memory, tile.count * source.view.elementBytes);
    } else {
      fillSource(program, source, tile, memory, buffer);
    }
  }
  uint8_t* targets[accessMax];
  for (uint32_t i = 0; i < program.sinkCount; ++i) {
    const ClusterSink& sink = program.sinks[i];
    targets[i] = slots[sink.view.slot] + tileOffset(program, sink.view, tile);
    if (sink.direct) values[sink.value] = whole ? targets[i] : scratch + program.buffers[sink.value];
  }
  const int64_t padded = (tile.count + granule - 1) / granule * granule;
  for (uint32_t i = 0; i < program.stepCount; ++i) {
    const ClusterStep& step = program.steps[i];
    for (int s = 0; s < streams; ++s) ask(ahead[s], i, program.stepCount);
    if (!step.run) CREDENCE_NAMED(chain)(step, program.links, values, values[step.dst], padded);
    else step.run(values[step.dst], values[step.a], values[step.b], values[step.c], padded);
  }
  for (uint32_t i = 0; i < program.sinkCount; ++i) {
    const ClusterSink& sink = program.sinks[i];
    if (sink.direct && whole) continue;
    if (sink.contiguous) copyRun(targets[i], values[sink.value], tile.count * sink.view.elementBytes);
    else scatterTile(program, sink.view, tile, values[sink.value], targets[i]);
  }
}

}  // namespace
}  // namespace CREDENCE_ISA

namespace cpu {

StepFunction CREDENCE_NAMED(step)(uint32_t opcode, Type type, Type target) {
  if (opcode == uint32_t(StepOp::Cast)) return castTable[uint32_t(type)].byType[uint32_t(target)];
  return stepTable[opcode - 1].byType[uint32_t(type)];
}

void CREDENCE_NAMED(cluster)(const ClusterProgram& program, uint8_t* const* slots, int64_t begin, int64_t end, uint8_t* scratch) {
  uint8_t* values[valueMax];
  for (uint32_t i = 0; i < program.valueCount; ++i) values[i] = scratch + program.buffers[i];

  const uint32_t q = program.tiled;
  Tile tile{};
  tile.rows = program.tileRows;
  tile.count = program.tileRows * program.innerCount;
  for (uint32_t i = 0; i < program.sourceCount; ++i) {
    const ClusterSource& source = program.sources[i];
    if (!source.invariant) continue;
    const uint8_t* memory = source.kind == SourceKind::view ? slots[source.view.slot] + source.view.offset : nullptr;
    if (source.single) fillVector(source, memory, values[source.value]);
    else fillSource(program, source, tile, memory, values[source.value]);
  }

  const int64_t first = begin * program.unitsPerPart, last = end * program.unitsPerPart;
  const int64_t rowBegin = q == 0 ? first : 0;
  const int64_t rowEnd = q == 0 ? last : program.dims[q];
  if (q > 0) tile.outer[0] = first;
  while (q == 0 || tile.outer[0] < last) {
    for (tile.start = rowBegin; tile.start < rowEnd; tile.start += tile.rows) {
      tile.rows = rowEnd - tile.start < program.tileRows ? rowEnd - tile.start : program.tileRows;
      if (program.innerCount == 1 && tile.rows >= 8 * granule) tile.rows -= tile.rows % granule;  // the rest: a tile of its own
      tile.count = tile.rows * program.innerCount;
      runTile(program, slots, tile, scratch, values);
    }
    if (q == 0) break;
    uint32_t d = q - 1;
    while (++tile.outer[d] == program.dims[d] && d > 0) tile.outer[d--] = 0;
  }
}

}  // namespace cpu
}  // namespace credence
