// Fused elementwise programs: a thread takes a few neighbouring elements, 16 bytes of each register, through all steps. The
// registers lie in shared memory, where steps can choose among them; the result of the last step stays in the thread.
#include "kernels.hpp"
#include "launch.hpp"
#include "step.cuh"

namespace credence::cuda {
namespace {

constexpr int64_t sharedBytesMax = 48 << 10;
constexpr int64_t manyGroups = 1 << 16;  // of elements: enough for large blocks on every multiprocessor

// The elements of one thread: the index of the first, and whether the others follow it along the last dimension.
struct Group {
  int64_t element;
  int count;
  bool inRow;
  uint32_t index[rankMax];

  __device__ Group(const ClusterProgram& p, int64_t element, int width)
      : element(element), count(int(p.elements - element < width ? p.elements - element : width)) {
    int64_t rest = element;
    for (uint32_t d = p.rank - 1; d > 0; --d) {
      if (rest <= 0xffffffff) {  // a division of half the width takes a quarter of the time
        index[d] = uint32_t(rest) % p.dims[d];
        rest = uint32_t(rest) / p.dims[d];
      } else {
        index[d] = uint32_t(rest % p.dims[d]);
        rest /= p.dims[d];
      }
    }
    index[0] = uint32_t(rest);
    inRow = int64_t(index[p.rank - 1]) + count <= p.dims[p.rank - 1];
  }

  __device__ uint32_t coordinate(const ClusterProgram& p, int lane, uint32_t dimension) const {
    if (inRow || lane == 0) return index[dimension] + (dimension == p.rank - 1 ? uint32_t(lane) : 0);
    int64_t rest = element + lane;
    for (uint32_t d = p.rank - 1; d > dimension; --d) rest /= p.dims[d];
    return uint32_t(dimension > 0 ? rest % p.dims[dimension] : rest);
  }
};

template <class T, int count>
struct alignas(sizeof(T) * count) Pack {
  T values[count];
};

// Calls whole(address) where the group's elements are one aligned stretch, else each(lane, address).
template <class T, int width, class Whole, class Each>
__device__ void visit(const ClusterProgram& p, const ClusterAccess& access, const Group& group, uint8_t* slot, Whole whole, Each each) {
  T* const base = reinterpret_cast<T*>(slot) + access.offset;
  const int64_t step = access.strides[p.rank - 1];
  int64_t first = group.element * step;  // along a single dimension
  if (p.rank > 1) {
    first = 0;
    for (uint32_t d = 0; d < p.rank; ++d) first += int64_t(group.index[d]) * access.strides[d];
  }
  if (group.inRow && group.count == width && step == 1 && reinterpret_cast<uintptr_t>(base + first) % (width * sizeof(T)) == 0) {
    whole(base + first);
    return;
  }
  for (int lane = 0; lane < width; ++lane) {
    if (lane >= group.count) break;
    int64_t place = first + lane * step;
    if (!group.inRow) {
      place = 0;
      for (uint32_t d = 0; d < p.rank; ++d) place += int64_t(group.coordinate(p, lane, d)) * access.strides[d];
    }
    each(lane, base + place);
  }
}

template <class Word>
__global__ void clusterKernel(ClusterProgram p, uint8_t* const* slots) {
  constexpr int width = Lanes<Word>::count;
  constexpr uint32_t types = Lanes<Word>::types;
  RegisterFile<Word> file{sharedArray<Lanes<Word>>() + threadIdx.x, blockDim.x, {}};
  for (int64_t element = threadNumber() * width; element < p.elements; element += threadCount() * width) {
    const Group group(p, element, width);
    for (uint32_t i = 0; i < p.loadCount; ++i) {
      const ClusterAccess& load = p.loads[i];
      Lanes<Word> lanes = {};
      withType<types>(Type(load.type), [&](auto zero) {
        using T = decltype(zero);
        visit<T, width>(
            p, load, group, slots[load.slot],
            [&](const T* from) {
              const auto pack = *reinterpret_cast<const Pack<T, width>*>(from);
#pragma unroll
              for (int lane = 0; lane < width; ++lane) lanes.set(lane, pack.values[lane]);
            },
            [&](int lane, const T* from) { lanes.set(lane, *from); });
      });
      file.first[load.reg * file.pitch] = lanes;
    }
    const auto coordinate = [&](int lane, uint32_t dimension) { return group.coordinate(p, lane, dimension); };
    for (uint32_t i = 0; i < p.stepCount; ++i) runStep(p.steps[i], file, coordinate);
    for (uint32_t i = 0; i < p.storeCount; ++i) {
      const ClusterAccess& store = p.stores[i];
      const Lanes<Word> lanes = file.read(store.reg);
      withType<types>(Type(store.type), [&](auto zero) {
        using T = decltype(zero);
        visit<T, width>(
            p, store, group, slots[store.slot],
            [&](T* to) {
              Pack<T, width> pack;
#pragma unroll
              for (int lane = 0; lane < width; ++lane) pack.values[lane] = lanes.template get<T>(lane);
              *reinterpret_cast<Pack<T, width>*>(to) = pack;
            },
            [&](int lane, T* to) { *to = lanes.template get<T>(lane); });
      });
    }
  }
}

template <class Word>
void launchOf(const ClusterProgram& program, const RunMemory& memory, Recorder& recorder) {
  const int64_t width = Lanes<Word>::count, groups = (program.elements + width - 1) / width;
  int64_t threads = groups >= manyGroups ? 256 : 64;
  while (threads * program.registers * int64_t(sizeof(Lanes<Word>)) > sharedBytesMax) threads /= 2;
  launch(recorder, "cluster", clusterKernel<Word>, blocksFor(groups, threads), unsigned(threads),
         std::size_t(threads * program.registers) * sizeof(Lanes<Word>), program, memory.slots);
}

}  // namespace

void launchCluster(const ClusterProgram& program, const RunMemory& memory, Recorder& recorder) {
  if (program.elements == 0) return;
  if (program.wide) launchOf<uint64_t>(program, memory, recorder);
  else launchOf<uint32_t>(program, memory, recorder);
}

}  // namespace credence::cuda
