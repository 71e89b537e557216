// Fused elementwise programs: one thread an element, all of a program's steps in its registers.
#include "kernels.hpp"
#include "launch.hpp"
#include "step.cuh"

namespace credence::cuda {
namespace {

__device__ int64_t placeOf(const ClusterAccess& access, uint32_t rank, const int64_t* index) {
  int64_t place = access.offset;
  for (uint32_t d = 0; d < rank; ++d) place += index[d] * access.strides[d];
  return place;
}

__global__ void clusterKernel(ClusterProgram program, uint8_t* const* slots) {
  Registers registers;
  int64_t index[rankMax];
  for (int64_t element = threadNumber(); element < program.elements; element += threadCount()) {
    int64_t rest = element;
    for (uint32_t d = program.rank; d-- > 0;) {
      index[d] = rest % program.dims[d];
      rest /= program.dims[d];
    }
    for (uint32_t i = 0; i < program.loadCount; ++i) {
      const ClusterAccess& load = program.loads[i];
      const int64_t place = placeOf(load, program.rank, index);
      withType<anyType>(Type(load.type), [&](auto zero) {
        registers.set(load.reg, reinterpret_cast<const decltype(zero)*>(slots[load.slot])[place]);
      });
    }
    for (uint32_t i = 0; i < program.stepCount; ++i) runStep(program.steps[i], registers, index);
    for (uint32_t i = 0; i < program.storeCount; ++i) {
      const ClusterAccess& store = program.stores[i];
      const int64_t place = placeOf(store, program.rank, index);
      withType<anyType>(Type(store.type), [&](auto zero) {
        using T = decltype(zero);
        reinterpret_cast<T*>(slots[store.slot])[place] = registers.get<T>(store.reg);
      });
    }
  }
}

}  // namespace

void launchCluster(const ClusterProgram& program, const RunMemory& memory, Recorder& recorder) {
  if (program.elements == 0) return;
  launch(recorder, "cluster", clusterKernel, blocksFor(program.elements), blockThreads, 0, program, memory.slots);
}

}  // namespace credence::cuda
