// CUDA GPUs as devices. Linked into the addon and into tests; a machine without a driver simply has none.
#pragma once

#include <credence/device.hpp>

#include <memory>
#include <string>
#include <vector>

namespace credence::cuda {

/// "cuda:0", "cuda:1", ...: the GPUs of this machine. In a build with the emulator, one that runs on the host.
const std::vector<const Device*>& devices();

/// Why a GPU that one might expect is not among them; empty if none is missing.
const std::string& whyNoDevices();

/// What the two above are made of.
struct Found {
  std::vector<std::unique_ptr<const Device>> devices;
  std::string missing;
};
Found findDevices();

}  // namespace credence::cuda
