// Reductions: a thread or a warp per result where results are many; where they are few, blocks of threads, several to a
// result where it is long. The order of combination depends on the shape alone, never on which block comes first.
#include <cub/block/block_reduce.cuh>

#include <credence/monoid.hpp>

#include <algorithm>
#include <cstdlib>

#include "kernels.hpp"
#include "launch.hpp"

namespace credence::cuda {
namespace {

constexpr int threads = 256;
constexpr int64_t manyResults = 4096;     // enough of them to fill a device with one thread or warp each
constexpr int64_t shortReduction = 32;
constexpr int64_t elementsPerThread = 8;  // of a chunk, at least
constexpr int64_t blocksWanted = 512;
constexpr int64_t chunksMax = 256;
static_assert(manyResults <= ticketsMax);

// ---- what is combined: values, or values with their indices -------------------------------------------------------------

template <class M, class T>
struct Values {
  using State = typename M::Wide;
  using Out = T;
  __device__ static State identity() { return State(M::identity()); }
  __device__ static State of(T value, int64_t) { return State(value); }
  __device__ static State combine(State a, State b) { return M::Op::apply(a, b); }
  __device__ static Out finish(State state) { return Out(state); }
  using Stored = State;
  __device__ static Stored pack(State state) { return state; }
  __device__ static State unpack(Stored stored) { return stored; }
};

template <class M, class T>
struct Indices {
  using State = Indexed<T>;
  using Out = int32_t;
  __device__ static State identity() { return {M::identity(), 0x7fffffff}; }
  __device__ static State of(T value, int64_t index) { return {value, int32_t(index)}; }
  __device__ static State combine(State a, State b) { return extremeOf<M>(a, b); }
  __device__ static Out finish(State state) { return state.index; }
  struct Stored {  // without a gap, whose bytes nobody would write
    T value;
    IntOf<T> index;
  };
  __device__ static Stored pack(State state) { return {state.value, IntOf<T>(state.index)}; }
  __device__ static State unpack(Stored stored) { return {stored.value, int32_t(stored.index)}; }
};

__device__ int64_t placeOf(int64_t number, uint32_t rank, const uint32_t* dims, const int32_t* strides) {
  int64_t place = 0;
  for (uint32_t d = rank; d-- > 1;) {
    place += number % dims[d] * strides[d];
    number /= dims[d];
  }
  return place + number * strides[0];
}

// Combines elements first, first + step, ... below last of one result.
template <class R, class T>
__device__ typename R::State fold(const ReduceProgram& p, const T* in, int64_t first, int64_t last, int64_t step) {
  typename R::State state = R::identity();
  for (int64_t i = first; i < last; i += step)
    state = R::combine(state, R::of(in[placeOf(i, p.rankReduced, p.dimsReduced, p.stridesReduced)], i));
  return state;
}

template <class R>
struct Combine {
  using State = typename R::State;
  __device__ State operator()(State a, State b) const { return R::combine(a, b); }
};

// ---- many results -----------------------------------------------------------------------------------------------------

template <class R, class T>
__global__ void threadPerResult(ReduceProgram p, uint8_t* const* slots) {
  const T* in = reinterpret_cast<const T*>(addressOf(p.in, slots));
  auto* out = reinterpret_cast<typename R::Out*>(addressOf(p.out, slots));
  for (int64_t i = threadNumber(); i < p.results; i += threadCount())
    out[i] = R::finish(fold<R>(p, in + placeOf(i, p.rankKept, p.dimsKept, p.stridesKept), 0, p.reduced, 1));
}

// Lanes take neighbouring elements of one result.
template <class R, class T>
__global__ void warpPerResult(ReduceProgram p, uint8_t* const* slots) {
  const T* in = reinterpret_cast<const T*>(addressOf(p.in, slots));
  auto* out = reinterpret_cast<typename R::Out*>(addressOf(p.out, slots));
  const int lane = int(threadIdx.x % 32);
  for (int64_t i = threadNumber() / 32; i < p.results; i += threadCount() / 32) {
    auto state = fold<R>(p, in + placeOf(i, p.rankKept, p.dimsKept, p.stridesKept), lane, p.reduced, 32);
    for (unsigned delta = 16; delta > 0; delta /= 2) state = R::combine(state, shuffleDown(state, delta));
    if (lane == 0) out[i] = R::finish(state);
  }
}

// ---- few results --------------------------------------------------------------------------------------------------------

// A block takes one chunk of `width` neighbouring results: one, whose elements lie together, or a warp of them, which do.
template <class R, int width>
struct Team {
  using State = typename R::State;
  using Block = cub::BlockReduce<State, threads>;
  static constexpr int depth = threads / width;
  static constexpr std::size_t sharedBytes = width == 1 ? sizeof(typename Block::TempStorage) : threads * sizeof(State);

  // The states of the `depth` threads that share a result, combined; the first of them has it.
  __device__ static State combine(State state) {
    if constexpr (width == 1) {
      return Block(*sharedArray<typename Block::TempStorage>()).Reduce(state, Combine<R>());
    } else {
      State* states = sharedArray<State>();
      states[threadIdx.x] = state;
      for (int half = depth / 2; half > 0; half /= 2) {
        __syncthreads();
        if (int(threadIdx.x) < half * width) states[threadIdx.x] = R::combine(states[threadIdx.x], states[threadIdx.x + half * width]);
      }
      return states[threadIdx.x];
    }
  }
};

// Block (group, chunk). With several chunks, the last block of a group combines what all have left in `partial`.
template <class R, class T, int width>
__global__ void chunkPerBlock(ReduceProgram p, int64_t chunks, uint8_t* const* slots, typename R::Stored* partial, uint32_t* tickets) {
  using Team = Team<R, width>;
  const T* in = reinterpret_cast<const T*>(addressOf(p.in, slots));
  auto* out = reinterpret_cast<typename R::Out*>(addressOf(p.out, slots));
  const int64_t group = blockIdx.x / chunks, chunk = blockIdx.x % chunks, chunkElements = (p.reduced + chunks - 1) / chunks;
  const int64_t result = group * width + threadIdx.x % width, first = chunk * chunkElements, last = first + chunkElements;
  const int lane = int(threadIdx.x) / width;
  typename R::State state = R::identity();
  if (result < p.results)
    state = fold<R>(p, in + placeOf(result, p.rankKept, p.dimsKept, p.stridesKept), first + lane, last < p.reduced ? last : p.reduced,
                    Team::depth);
  state = Team::combine(state);
  if (chunks > 1) {
    if (lane == 0) partial[blockIdx.x * width + threadIdx.x] = R::pack(state);
    if (!lastToArrive(&tickets[group], uint32_t(chunks))) return;
    state = R::identity();
    for (int64_t i = lane; i < chunks; i += Team::depth)
      state = R::combine(state, R::unpack(readShared(&partial[(group * chunks + i) * width + threadIdx.x % width])));
    state = Team::combine(state);
  }
  if (lane == 0 && result < p.results) out[result] = R::finish(state);
}

// ---- which of them ------------------------------------------------------------------------------------------------------

// Whether neighbouring results lie closer together than neighbouring elements of a result.
bool goesAcross(const ReduceProgram& p) {
  if (p.rankKept == 0 || p.rankReduced == 0 || p.results < 8) return false;
  return std::abs(p.stridesKept[p.rankKept - 1]) < std::abs(p.stridesReduced[p.rankReduced - 1]);
}

int64_t widthOf(const ReduceProgram& p) { return goesAcross(p) ? 32 : 1; }
int64_t groupsOf(const ReduceProgram& p) { return (p.results + widthOf(p) - 1) / widthOf(p); }

bool isWide(const ReduceProgram& p) { return p.results >= manyResults || p.reduced < shortReduction; }

int64_t chunksOf(const ReduceProgram& p) {
  const int64_t atMost = p.reduced / (threads / widthOf(p) * elementsPerThread);
  return std::max<int64_t>(1, std::min({atMost, blocksWanted / groupsOf(p), chunksMax}));
}

template <class R, class T, int width>
void launchChunks(const ReduceProgram& p, const RunMemory& memory, Recorder& recorder) {
  const int64_t chunks = chunksOf(p);
  launch(recorder, "reduce, chunks of a result to a block", chunkPerBlock<R, T, width>, unsigned(groupsOf(p) * chunks), threads,
         Team<R, width>::sharedBytes, p, chunks, memory.slots, reinterpret_cast<typename R::Stored*>(memory.scratch), memory.tickets);
}

template <class R, class T>
void reduceWith(const ReduceProgram& p, const RunMemory& memory, Recorder& recorder) {
  if (!isWide(p)) return goesAcross(p) ? launchChunks<R, T, 32>(p, memory, recorder) : launchChunks<R, T, 1>(p, memory, recorder);
  if (p.reduced < shortReduction || goesAcross(p))
    launch(recorder, "reduce, a thread to a result", threadPerResult<R, T>, blocksFor(p.results), blockThreads, 0, p, memory.slots);
  else
    launch(recorder, "reduce, a warp to a result", warpPerResult<R, T>, blocksFor(p.results, threads / 32), threads, 0, p, memory.slots);
}

template <class T>
void reduceNumbers(const ReduceProgram& p, const RunMemory& memory, Recorder& recorder) {
  switch (p.monoid) {
    case Monoid::sum: return reduceWith<Values<SumOf<T>, T>, T>(p, memory, recorder);
    case Monoid::prod: return reduceWith<Values<ProdOf<T>, T>, T>(p, memory, recorder);
    case Monoid::max: return reduceWith<Values<MaxOf<T>, T>, T>(p, memory, recorder);
    case Monoid::min: return reduceWith<Values<MinOf<T>, T>, T>(p, memory, recorder);
    case Monoid::argmax: return reduceWith<Indices<MaxOf<T>, T>, T>(p, memory, recorder);
    case Monoid::argmin: return reduceWith<Indices<MinOf<T>, T>, T>(p, memory, recorder);
    default: return;  // no number is a boolean: the plan was checked
  }
}

}  // namespace

int64_t reduceScratchBytes(const ReduceProgram& program) {
  constexpr int64_t stateBytesMax = 16;
  if (isWide(program) || program.results == 0) return 0;
  return groupsOf(program) * widthOf(program) * chunksOf(program) * stateBytesMax;
}

void launchReduce(const ReduceProgram& program, const RunMemory& memory, Recorder& recorder) {
  if (program.results == 0) return;
  switch (program.type) {
    case Type::f32: return reduceNumbers<float>(program, memory, recorder);
    case Type::f64: return reduceNumbers<double>(program, memory, recorder);
    case Type::i32: return reduceNumbers<int32_t>(program, memory, recorder);
    case Type::u32: return reduceNumbers<uint32_t>(program, memory, recorder);
    case Type::boolean:
      if (program.monoid == Monoid::logicalAnd)
        return reduceWith<Values<AllOf<uint8_t>, uint8_t>, uint8_t>(program, memory, recorder);
      return reduceWith<Values<AnyOf<uint8_t>, uint8_t>, uint8_t>(program, memory, recorder);
  }
}

}  // namespace credence::cuda
