// From a decoded instruction to what the loops of kernels.hpp read: dimensions merged, tiles chosen, registers placed.
#pragma once

#include <credence/plan.hpp>
#include <vector>

#include "kernels.hpp"

namespace credence::cpu {

/// A cluster's program and the memory it points into; it stays where it was made.
struct PreparedCluster {
  PreparedCluster(const Cluster& cluster, const std::vector<Slot>& slots, const Kernels& kernels);
  PreparedCluster(const PreparedCluster&) = delete;
  PreparedCluster& operator=(const PreparedCluster&) = delete;

  ClusterProgram program{};
  uint32_t parts;
  int64_t scratchBytes = 0;

 private:
  std::vector<ClusterSource> sources_;
  std::vector<ClusterStep> steps_;
  std::vector<ChainLink> links_;
  std::vector<ClusterSink> sinks_;
  std::vector<uint32_t> buffers_;
};

ReduceProgram prepareReduce(const Reduce& reduce);

}  // namespace credence::cpu
