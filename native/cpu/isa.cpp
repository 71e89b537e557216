#include "isa.hpp"

#include <stdexcept>

namespace credence::cpu {

#define CREDENCE_DECLARE(isa)                                                                                        \
  void cluster_##isa(const ClusterProgram&, uint8_t* const*, int64_t, int64_t, uint8_t*);                            \
  void reduce_##isa(const ReduceProgram&, uint8_t* const*, int64_t, int64_t, uint8_t*);                              \
  void productF32_##isa(const Product&, uint8_t*);                                                                   \
  void productF64_##isa(const Product&, uint8_t*);                                                                   \
  StepFunction step_##isa(uint32_t, Type, Type);                                                                     \
  ChainLink link_##isa(uint32_t, LinkForm, Type);                                                                     \
  static const Kernels kernels_##isa = {#isa, cluster_##isa, reduce_##isa, productF32_##isa, productF64_##isa, step_##isa, \
                                       link_##isa};
CREDENCE_INSTRUCTION_SETS(CREDENCE_DECLARE)
#undef CREDENCE_DECLARE

std::vector<const Kernels*> supportedKernels() {
  std::vector<const Kernels*> found;
#if defined(__x86_64__)
#define CREDENCE_FIND(isa) \
  if (__builtin_cpu_supports("x86-64-" #isa)) found.push_back(&kernels_##isa);
#else
#define CREDENCE_FIND(isa) found.push_back(&kernels_##isa);
#endif
  CREDENCE_INSTRUCTION_SETS(CREDENCE_FIND)
#undef CREDENCE_FIND
  return found;
}

const Kernels& kernels() {
  static const Kernels& widest = [&]() -> const Kernels& {
    const auto found = supportedKernels();
    if (found.empty()) throw std::runtime_error("this CPU lacks the x86-64-v2 instruction set (SSE4.2, POPCNT), which Credence needs");
    return *found.back();
  }();
  return widest;
}

}  // namespace credence::cpu
