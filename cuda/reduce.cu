// Reductions: a thread per result where results are many, a block per result where they are few, and several blocks per
// result, through scratch, where they are few and long. The order of combination depends on the shape alone.
#include <credence/monoid.hpp>

#include "kernels.hpp"
#include "launch.hpp"

namespace credence::cuda {
namespace {

constexpr int64_t threadsPerBlock = 256;
constexpr int64_t manyResults = 4096;    // enough threads to fill a device
constexpr int64_t elementsPerChunk = 8192;
constexpr int64_t chunksMax = 256;

// ---- what is combined: values, or values with their indices -------------------------------------------------------------

template <class M, class T>
struct Values {
  using State = typename M::Wide;
  using Out = T;
  __device__ static State identity() { return State(M::identity()); }
  __device__ static State of(T value, int64_t) { return State(value); }
  __device__ static State combine(State a, State b) { return M::Op::apply(a, b); }
  __device__ static Out finish(State state) { return Out(state); }
};

template <class M, class T>
struct Indices {
  using State = Indexed<T>;
  using Out = int32_t;
  __device__ static State identity() { return {M::identity(), 0x7fffffff}; }
  __device__ static State of(T value, int64_t index) { return {value, int32_t(index)}; }
  __device__ static State combine(State a, State b) { return extremeOf<M>(a, b); }
  __device__ static Out finish(State state) { return state.index; }
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

// Combines the states of a block; thread 0 has the result. Within warps by shuffles, across them in shared memory.
template <class R>
__device__ typename R::State foldBlock(typename R::State state) {
  using State = typename R::State;
  State* perWarp = sharedArray<State>();
  for (int delta = 16; delta > 0; delta /= 2) state = R::combine(state, shuffleDown(state, unsigned(delta)));
  if (threadIdx.x % 32 == 0) perWarp[threadIdx.x / 32] = state;
  __syncthreads();
  if (threadIdx.x == 0)
    for (unsigned w = 1; w < blockDim.x / 32; ++w) state = R::combine(state, perWarp[w]);
  __syncthreads();  // perWarp may be used again
  return state;
}

template <class R, class T>
__global__ void threadPerResult(ReduceProgram p, const T* in, typename R::Out* out) {
  for (int64_t i = threadNumber(); i < p.results; i += threadCount())
    out[i] = R::finish(fold<R>(p, in + placeOf(i, p.rankKept, p.dimsKept, p.stridesKept), 0, p.reduced, 1));
}

// Block (i, chunk) combines one chunk of result i into partial[i * chunks + chunk].
template <class R, class T>
__global__ void blockPerChunk(ReduceProgram p, const T* in, typename R::State* partial, int64_t chunks, int64_t chunkElements) {
  for (int64_t at = blockIdx.x; at < p.results * chunks; at += gridDim.x) {
    const int64_t first = at % chunks * chunkElements, last = first + chunkElements;
    const T* elements = in + placeOf(at / chunks, p.rankKept, p.dimsKept, p.stridesKept);
    const auto state = foldBlock<R>(fold<R>(p, elements, first + threadIdx.x, last < p.reduced ? last : p.reduced, blockDim.x));
    if (threadIdx.x == 0) partial[at] = state;
  }
}

template <class R>
__global__ void finishChunks(int64_t results, const typename R::State* partial, typename R::Out* out, int64_t chunks) {
  for (int64_t i = threadNumber(); i < results; i += threadCount()) {
    typename R::State state = partial[i * chunks];
    for (int64_t chunk = 1; chunk < chunks; ++chunk) state = R::combine(state, partial[i * chunks + chunk]);
    out[i] = R::finish(state);
  }
}

int64_t chunksOf(const ReduceProgram& p) {
  const int64_t chunks = (p.reduced + elementsPerChunk - 1) / elementsPerChunk;
  return chunks < 1 ? 1 : chunks > chunksMax ? chunksMax : chunks;
}

template <class R, class T>
void reduceWith(const ReduceProgram& p, const void* input, void* output, void* scratch, cudaStream_t stream) {
  const T* in = static_cast<const T*>(input);
  auto* out = static_cast<typename R::Out*>(output);
  if (p.results >= manyResults || p.reduced < 32) {
    launch("reduce, a thread per result", threadPerResult<R, T>, blocksFor(p.results), blockThreads, 0, stream, p, in, out);
    return;
  }
  using State = typename R::State;
  State* partial = static_cast<State*>(scratch);
  const int64_t chunks = chunksOf(p), chunkElements = (p.reduced + chunks - 1) / chunks;
  launch("reduce, a block per chunk", blockPerChunk<R, T>, blocksFor(p.results * chunks, 1), unsigned(threadsPerBlock),
         sizeof(State) * (threadsPerBlock / 32), stream, p, in, partial, chunks, chunkElements);
  launch("reduce, the chunks of a result", finishChunks<R>, blocksFor(p.results), blockThreads, 0, stream, p.results, partial, out, chunks);
}

template <class T>
void reduceNumbers(const ReduceProgram& p, const void* in, void* out, void* scratch, cudaStream_t stream) {
  switch (p.monoid) {
    case Monoid::sum: return reduceWith<Values<SumOf<T>, T>, T>(p, in, out, scratch, stream);
    case Monoid::prod: return reduceWith<Values<ProdOf<T>, T>, T>(p, in, out, scratch, stream);
    case Monoid::max: return reduceWith<Values<MaxOf<T>, T>, T>(p, in, out, scratch, stream);
    case Monoid::min: return reduceWith<Values<MinOf<T>, T>, T>(p, in, out, scratch, stream);
    case Monoid::argmax: return reduceWith<Indices<MaxOf<T>, T>, T>(p, in, out, scratch, stream);
    case Monoid::argmin: return reduceWith<Indices<MinOf<T>, T>, T>(p, in, out, scratch, stream);
    default: return;  // no number is a boolean: the plan was checked
  }
}

}  // namespace

int64_t reduceScratchBytes(const ReduceProgram& program) {
  constexpr int64_t stateBytesMax = 16;
  return program.results >= manyResults ? 0 : program.results * chunksOf(program) * stateBytesMax;
}

void launchReduce(const ReduceProgram& program, const void* in, void* out, void* scratch, cudaStream_t stream) {
  if (program.results == 0) return;
  switch (program.type) {
    case Type::f32: return reduceNumbers<float>(program, in, out, scratch, stream);
    case Type::f64: return reduceNumbers<double>(program, in, out, scratch, stream);
    case Type::i32: return reduceNumbers<int32_t>(program, in, out, scratch, stream);
    case Type::u32: return reduceNumbers<uint32_t>(program, in, out, scratch, stream);
    case Type::boolean:
      if (program.monoid == Monoid::logicalAnd)
        return reduceWith<Values<AllOf<uint8_t>, uint8_t>, uint8_t>(program, in, out, scratch, stream);
      return reduceWith<Values<AnyOf<uint8_t>, uint8_t>, uint8_t>(program, in, out, scratch, stream);
  }
}

}  // namespace credence::cuda
