#include "isa.hpp"

#include <stdexcept>

namespace credence::cpu {

#define CREDENCE_DECLARE(isa)                                                                                        \
  void cluster_##isa(const ClusterProgram&, uint8_t* const*, int64_t, int64_t, uint8_t*);                            \
  void reduce_##isa(const ReduceProgram&, uint8_t* const*, int64_t, int64_t, uint8_t*);                              \
  void productF32_##isa(const Product&, uint8_t*);                                                                   \
  void productF64_##isa(const Product&, uint8_t*);                                                                   \
  StepFunction step_##isa(uint32_t, Type, Type);                                                                     \
  static const Kernels kernels_##isa = {#isa, cluster_##isa, reduce_##isa, productF32_##isa, productF64_##isa, step_##isa};
CREDENCE_INSTRUCTION_SETS(CREDENCE_DECLARE)
#undef CREDENCE_DECLARE

std::vector<const Kernels*> supportedKernels() {
#if defined(__x86_64__)
  std::vector<const Kernels*> found;
  if (__builtin_cpu_supports("x86-64-v2")) found.push_back(&kernels_v2);
  if (__builtin_cpu_supports("x86-64-v3")) found.push_back(&kernels_v3);
  if (__builtin_cpu_supports("x86-64-v4")) found.push_back(&kernels_v4);
  return found;
#else
  return {&kernels_baseline};
#endif
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
