// Fused elementwise programs: a thread takes a few neighbouring elements, 16 bytes of each register, through all steps. The
// registers lie in shared memory, where steps can choose among them; the result of the last step stays in the thread.
#include <algorithm>

#include "kernels.hpp"
#include "launch.hpp"
#include "step.cuh"

namespace credence::cuda {
namespace {

constexpr int64_t sharedBytesMax = 48 << 10;
constexpr int64_t manyGroups = 1 << 16;  // of elements: enough for large blocks on every multiprocessor
constexpr uint32_t batchMax = 32;        // clusters in one launch: what fits the 4 KiB of a kernel's parameters

// Clusters that share a launch: blocks from firstBlock[i] to firstBlock[i + 1] are those of program i.
struct Batch {
  uint32_t count;
  uint32_t firstBlock[batchMax + 1];
  ClusterProgram programs[batchMax];
};
static_assert(sizeof(Batch) < 4000);

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
__global__ void clusterKernel(const __grid_constant__ Batch batch, uint8_t* const* slots) {
  uint32_t number = 0;
  while (blockIdx.x >= batch.firstBlock[number + 1]) ++number;
  const ClusterProgram& p = batch.programs[number];
  const int64_t thread = int64_t(blockIdx.x - batch.firstBlock[number]) * blockDim.x + threadIdx.x;
  const int64_t threads = int64_t(batch.firstBlock[number + 1] - batch.firstBlock[number]) * blockDim.x;
  constexpr int width = Lanes<Word>::count;
  constexpr uint32_t types = Lanes<Word>::types;
  RegisterFile<Word> file{sharedArray<Lanes<Word>>() + threadIdx.x, blockDim.x, {}};
  for (int64_t element = thread * width; element < p.elements; element += threads * width) {
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
class Launches {
 public:
  Launches(const RunMemory& memory, Recorder& recorder) : memory_(memory), recorder_(recorder) {}

  void add(const ClusterProgram& program) {
    const int64_t threads = threadsOf(program);
    if (batch_.count > 0 && (batch_.count == batchMax || threads != threads_)) flush();
    threads_ = threads;
    registers_ = std::max(registers_, program.registers);
    batch_.programs[batch_.count] = program;
    batch_.firstBlock[batch_.count + 1] = batch_.firstBlock[batch_.count] + blocksFor(groupsOf(program), threads);
    ++batch_.count;
  }
  void flush() {
    if (batch_.count == 0) return;
    launch(recorder_, "cluster", clusterKernel<Word>, batch_.firstBlock[batch_.count], unsigned(threads_),
           std::size_t(threads_ * registers_) * sizeof(Lanes<Word>), batch_, memory_.slots);
    batch_.count = registers_ = 0;
  }

 private:
  static int64_t groupsOf(const ClusterProgram& program) { return (program.elements + Lanes<Word>::count - 1) / Lanes<Word>::count; }

  static int64_t threadsOf(const ClusterProgram& program) {
    int64_t threads = groupsOf(program) >= manyGroups ? 256 : 64;
    while (threads * program.registers * int64_t(sizeof(Lanes<Word>)) > sharedBytesMax) threads /= 2;
    return threads;
  }

  const RunMemory& memory_;
  Recorder& recorder_;
  Batch batch_ = {};
  int64_t threads_ = 0;  // of a block, and the registers that each may use
  uint32_t registers_ = 0;
};

}  // namespace

void launchClusters(const std::vector<ClusterProgram>& programs, const RunMemory& memory, Recorder& recorder) {
  Launches<uint32_t> narrow(memory, recorder);
  Launches<uint64_t> wide(memory, recorder);
  for (const ClusterProgram& program : programs) {
    if (program.elements == 0) continue;
    if (program.wide) wide.add(program);
    else narrow.add(program);
  }
  narrow.flush();
  wide.flush();
}

}  // namespace credence::cuda
