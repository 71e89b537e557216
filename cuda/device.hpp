// CUDA GPUs as devices. Linked into the addon and into tests; a machine without a driver simply has none.
#pragma once

#include <credence/device.hpp>

#include <vector>

namespace credence::cuda {

/// "cuda:0", "cuda:1", ...: the GPUs of this machine. In a build with the emulator, one that runs on the host.
const std::vector<const Device*>& devices();

}  // namespace credence::cuda
