// Reductions. The order of additions of one result never depends on how results are shared out, so neither do its bits.
// f32 sums run in f32 lanes over short blocks and in f64 across blocks. Compiled once per instruction set.
#include <credence/monoid.hpp>

#include "lanes.hpp"
#include "named.hpp"

namespace credence {
inline namespace CREDENCE_ISA {
namespace {

using namespace cpu;

constexpr int64_t rowBlock = 2048;    // elements of a contiguous row summed in T
constexpr int64_t columnBlock = 64;   // rows of a column sum summed in T

template <class M, class Wide>
CREDENCE_HD Wide combine(Wide a, Wide b) {
  return M::Op::apply(a, b);
}

// The last `rest` lanes of x, the others replaced by the identity.
template <class M, class T, int lanes>
CREDENCE_HD Vec<T, lanes> lastLanes(Vec<T, lanes> x, int64_t rest) {
  using Int = ScalarOf<Mask<Vec<T, lanes>>>;
  Mask<Vec<T, lanes>> index;
  for (int i = 0; i < lanes; ++i) index[i] = Int(i);
  return select(index >= Int(lanes - rest), x, broadcast<Vec<T, lanes>>(M::identity()));
}

// The monoid of x[0, n), contiguous.
template <class M, class T>
typename M::Wide foldRun(const T* x, int64_t n) {
  using Wide = typename M::Wide;
  constexpr int lanes = nativeLanes<T>;
  using V = Vec<T, lanes>;
  Wide total = Wide(M::identity());
  int64_t i = 0;
  if (n < lanes) {
    for (; i < n; ++i) total = combine<M>(total, Wide(x[i]));
    return total;
  }
  while (i < n) {
    const int64_t end = n - i > rowBlock ? i + rowBlock : n;
    V sums[4];
    for (V& sum : sums) sum = broadcast<V>(M::identity());
    for (; end - i >= 4 * lanes; i += 4 * lanes)
      for (int j = 0; j < 4; ++j) sums[j] = M::Op::apply(sums[j], load<V>(x + i + j * lanes));
    if (end - i >= 2 * lanes) {
      for (int j = 0; j < 2; ++j) sums[j] = M::Op::apply(sums[j], load<V>(x + i + j * lanes));
      i += 2 * lanes;
    }
    if (end - i >= lanes) {
      sums[2] = M::Op::apply(sums[2], load<V>(x + i));
      i += lanes;
    }
    if (end > i) sums[3] = M::Op::apply(sums[3], lastLanes<M, T, lanes>(load<V>(x + end - lanes), end - i));
    i = end;
    const V both = M::Op::apply(M::Op::apply(sums[0], sums[1]), M::Op::apply(sums[2], sums[3]));
    total = combine<M>(total, Wide(acrossLanes<typename M::Op>(both)));
  }
  return total;
}

// Calls run(offset) for every position of all reduced dimensions but the last.
template <class Run>
CREDENCE_HD void forEachRun(const ReduceProgram& program, Run run) {
  const uint32_t last = program.rankReduced - 1;
  int64_t index[rankMax] = {};
  int64_t offset = 0;
  for (;;) {
    run(offset);
    uint32_t d = last;
    for (;;) {
      if (d == 0) return;
      --d;
      offset += program.stridesReduced[d];
      if (++index[d] < program.dimsReduced[d]) break;
      offset -= program.dimsReduced[d] * program.stridesReduced[d];
      index[d] = 0;
    }
  }
}

// One result: its runs are contiguous, or gathered into `buffer` block by block.
template <class M, class T>
T foldElement(const ReduceProgram& program, const T* in, T* buffer) {
  using Wide = typename M::Wide;
  const int64_t n = program.dimsReduced[program.rankReduced - 1];
  const int64_t stride = program.stridesReduced[program.rankReduced - 1];
  Wide total = Wide(M::identity());
  forEachRun(program, [&](int64_t offset) {
    const T* x = in + offset;
    if (stride == 1 || n == 1) {
      total = combine<M>(total, foldRun<M>(x, n));
      return;
    }
    for (int64_t done = 0; done < n; done += rowBlock) {
      const int64_t count = n - done < rowBlock ? n - done : rowBlock;
      for (int64_t i = 0; i < count; ++i) buffer[i] = x[(done + i) * stride];
      total = combine<M>(total, foldRun<M>(buffer, count));
    }
  });
  return T(total);
}

// `vectors` vectors of neighbouring results at once, reading along the rows; vector j starts at column columns[j].
template <class M, class T, int lanes, int vectors>
void foldColumns(const ReduceProgram& program, const T* in, T* out, const int64_t* columns) {
  using Wide = typename M::Wide;
  using V = Vec<T, lanes>;
  using W = Vec<Wide, lanes>;
  const int64_t n = program.dimsReduced[program.rankReduced - 1];
  const int64_t stride = program.stridesReduced[program.rankReduced - 1];
  W totals[vectors];
  for (W& total : totals) total = broadcast<W>(Wide(M::identity()));
  forEachRun(program, [&](int64_t offset) {
    for (int64_t done = 0; done < n; done += columnBlock) {
      const int64_t end = n - done < columnBlock ? n : done + columnBlock;
      V sums[vectors];
      for (V& sum : sums) sum = broadcast<V>(M::identity());
      const T* x = in + offset + done * stride;
      for (int64_t i = done; i < end; ++i, x += stride)
        for (int j = 0; j < vectors; ++j) sums[j] = M::Op::apply(sums[j], load<V>(x + columns[j]));
      for (int j = 0; j < vectors; ++j) totals[j] = M::Op::apply(totals[j], convert<W>(sums[j]));
    }
  });
  for (int j = 0; j < vectors; ++j) store(out + columns[j], convert<V>(totals[j]));
}

// Results [0, n), contiguous in memory along the kept dimension. The last vectors may repeat columns: they give the same bits.
template <class M, class T, int lanes>
void foldPanel(const ReduceProgram& program, const T* in, T* out, int64_t n) {
  for (int64_t at = 0; at < n;) {
    const int64_t vectors = (n - at + lanes - 1) / lanes;
    int64_t columns[4];
    for (int j = 0; j < 4; ++j) columns[j] = at + (j + 1) * lanes <= n ? at + j * lanes : n - lanes;
    if (vectors >= 4) foldColumns<M, T, lanes, 4>(program, in, out, columns);
    else if (vectors == 3) foldColumns<M, T, lanes, 3>(program, in, out, columns);
    else if (vectors == 2) foldColumns<M, T, lanes, 2>(program, in, out, columns);
    else foldColumns<M, T, lanes, 1>(program, in, out, columns);
    at += 4 * lanes;
  }
}

template <class M, class T>
void foldRow(const ReduceProgram& program, const T* in, T* out, int64_t n, int64_t stride, T* buffer) {
  const int64_t along = program.stridesReduced[program.rankReduced - 1];
  constexpr int lanes = nativeLanes<T> < 16 ? nativeLanes<T> : 16;
  if (stride == 1 && along != 1 && program.dimsKept[program.rankKept - 1] >= 4) {  // all columns, not those of this share
    if (n >= lanes) return foldPanel<M, T, lanes>(program, in, out, n);
    if (n >= 4) return foldPanel<M, T, 4>(program, in, out, n);
    return foldPanel<M, T, 1>(program, in, out, n);
  }
  for (int64_t i = 0; i < n; ++i) out[i] = foldElement<M>(program, in + i * stride, buffer);
}

// The index of the first element equal to the extreme; where that is NaN, of the first NaN.
template <class M, class T>
int32_t indexOf(const T* x, int64_t n, int64_t stride) {
  using V = NativeVec<T>;
  T extreme = x[0];
  if (stride == 1) {
    extreme = T(foldRun<M>(x, n));
  } else {
    for (int64_t i = 1; i < n; ++i) extreme = M::Op::apply(extreme, x[i * stride]);
  }
  const auto matches = [&](T value) { return value == extreme || (value != value && extreme != extreme); };
  int64_t i = 0;
  if (stride == 1)
    for (; i + lanesOf<V> <= n; i += lanesOf<V>) {
      const V value = load<V>(x + i);
      if (any(Mask<V>((value == extreme) | (value != value)))) break;  // a NaN would have been the extreme
    }
  while (!matches(x[i * stride])) ++i;
  return int32_t(i);
}

template <class T>
void reduceRow(const ReduceProgram& program, const T* in, T* out, int64_t n, int64_t stride, T* buffer) {
  if constexpr (isFloating<T> || sizeof(T) == 4) {
    switch (program.monoid) {
      case Monoid::sum: return foldRow<SumOf<T>>(program, in, out, n, stride, buffer);
      case Monoid::prod: return foldRow<ProdOf<T>>(program, in, out, n, stride, buffer);
      case Monoid::max: return foldRow<MaxOf<T>>(program, in, out, n, stride, buffer);
      case Monoid::min: return foldRow<MinOf<T>>(program, in, out, n, stride, buffer);
      default: return;
    }
  } else {
    if (program.monoid == Monoid::logicalAnd) return foldRow<AllOf<T>>(program, in, out, n, stride, buffer);
    return foldRow<AnyOf<T>>(program, in, out, n, stride, buffer);
  }
}

template <class T>
T identityOf(Monoid monoid) {
  switch (monoid) {
    case Monoid::prod:
    case Monoid::logicalAnd: return 1;
    case Monoid::max: return lowestOf<T>();
    case Monoid::min: return highestOf<T>();
    default: return 0;
  }
}

template <class T>
void reduceAll(const ReduceProgram& program, uint8_t* const* slots, int64_t first, int64_t last, T* buffer) {
  const uint32_t inner = program.rankKept - 1;
  bool empty = false;
  for (uint32_t d = 0; d < program.rankReduced; ++d) empty |= program.dimsReduced[d] == 0;
  const bool index = program.monoid == Monoid::argmax || program.monoid == Monoid::argmin;

  // Rows of results: dimension `inner` of the kept dimensions, at every position of the ones before it.
  int64_t innerElements = 1;
  for (uint32_t d = 1; d < program.rankKept; ++d) innerElements *= program.dimsKept[d];
  const int64_t n = inner == 0 ? last - first : program.dimsKept[inner];
  const int64_t stride = program.stridesKept[inner];
  const T* in = reinterpret_cast<const T*>(slots[program.inSlot]) + program.inOffset + first * program.stridesKept[0];
  int64_t at = program.outOffset + first * innerElements;
  int64_t position[rankMax] = {};
  const int64_t rows = n == 0 ? 0 : (last - first) * innerElements / n;
  for (int64_t row = 0; row < rows; ++row, at += n) {
    T* out = reinterpret_cast<T*>(slots[program.outSlot]) + at;
    if (index) {
      int32_t* indices = reinterpret_cast<int32_t*>(slots[program.outSlot]) + at;
      for (int64_t i = 0; i < n; ++i)
        indices[i] = program.monoid == Monoid::argmax
                         ? indexOf<MaxOf<T>>(in + i * stride, program.dimsReduced[0], program.stridesReduced[0])
                         : indexOf<MinOf<T>>(in + i * stride, program.dimsReduced[0], program.stridesReduced[0]);
    } else if (empty) {
      for (int64_t i = 0; i < n; ++i) out[i] = identityOf<T>(program.monoid);
    } else {
      reduceRow<T>(program, in, out, n, stride, buffer);
    }
    for (uint32_t d = inner; d-- > 0;) {
      in += program.stridesKept[d];
      if (++position[d] < program.dimsKept[d] || d == 0) break;
      in -= program.dimsKept[d] * program.stridesKept[d];
      position[d] = 0;
    }
  }
}

}  // namespace
}  // namespace CREDENCE_ISA

namespace cpu {

void CREDENCE_NAMED(reduce)(const ReduceProgram& program, uint8_t* const* slots, int64_t begin, int64_t end, uint8_t* scratch) {
  const int64_t first = begin * program.unitsPerPart, last = end * program.unitsPerPart;
  switch (program.type) {
    case Type::f32: return reduceAll(program, slots, first, last, reinterpret_cast<float*>(scratch));
    case Type::f64: return reduceAll(program, slots, first, last, reinterpret_cast<double*>(scratch));
    case Type::i32: return reduceAll(program, slots, first, last, reinterpret_cast<int32_t*>(scratch));
    case Type::u32: return reduceAll(program, slots, first, last, reinterpret_cast<uint32_t*>(scratch));
    case Type::boolean: return reduceAll(program, slots, first, last, scratch);
  }
}

}  // namespace cpu
}  // namespace credence
