// Graphs, and what writes them: launches one after the other, loops and branches that the device decides.
#pragma once

#include <cuda_runtime.h>

#include <memory>
#include <utility>

#include "runtime.hpp"

namespace credence::cuda {

/// A graph and the nodes in it, not yet launchable.
class Graph {
 public:
  Graph() { check(cudaGraphCreate(&graph_, 0), "creating a graph"); }
  ~Graph() { cudaGraphDestroy(graph_); }
  Graph(const Graph&) = delete;
  operator cudaGraph_t() const { return graph_; }

 private:
  cudaGraph_t graph_ = nullptr;
};

/// Adds nodes to a graph, each after the one before, and counts them with those of the graphs within.
class Recorder {
 public:
  Recorder(cudaGraph_t graph, int64_t& nodes) : graph_(graph), nodes_(nodes) {}

  cudaGraph_t graph() const { return graph_; }
  const cudaGraphNode_t* last() const { return last_ ? &last_ : nullptr; }
  int64_t nodes() const { return nodes_; }
  void added(cudaGraphNode_t node) {
    last_ = node;
    ++nodes_;
  }

  /// A condition for a node of this graph; a kernel sets it before the node is reached.
  cudaGraphConditionalHandle condition() {
    cudaGraphConditionalHandle handle;
    check(cudaGraphConditionalHandleCreate(&handle, graph_, 0, 0), "creating a condition");
    return handle;
  }

  /// Nodes that repeat while the condition holds.
  Recorder repeatWhile(cudaGraphConditionalHandle handle) {
    return Recorder(conditional(cudaGraphCondTypeWhile, 1, handle)[0], nodes_);
  }

  /// Nodes for when the condition holds, and for when it does not.
  struct Branches;
  Branches branch(cudaGraphConditionalHandle handle);

 private:
  const cudaGraph_t* conditional(cudaGraphConditionalNodeType type, unsigned size, cudaGraphConditionalHandle handle) {
    cudaGraphNodeParams parameters = {};
    parameters.type = cudaGraphNodeTypeConditional;
    parameters.conditional.handle = handle;
    parameters.conditional.type = type;
    parameters.conditional.size = size;
    cudaGraphNode_t node;
#if CUDART_VERSION >= 13000
    const cudaError_t error = cudaGraphAddNode(&node, graph_, last(), nullptr, last() ? 1 : 0, &parameters);
#else
    const cudaError_t error = cudaGraphAddNode(&node, graph_, last(), last() ? 1 : 0, &parameters);
#endif
    check(error, "adding a conditional node");
    added(node);
    return parameters.conditional.phGraph_out;
  }

  cudaGraph_t graph_;
  cudaGraphNode_t last_ = nullptr;
  int64_t& nodes_;
};

struct Recorder::Branches {
  Recorder then, otherwise;
};
inline Recorder::Branches Recorder::branch(cudaGraphConditionalHandle handle) {
  const cudaGraph_t* bodies = conditional(cudaGraphCondTypeIf, 2, handle);
  return {Recorder(bodies[0], nodes_), Recorder(bodies[1], nodes_)};
}

/// A graph ready to be launched, any number of times. The graph itself lives as long: the bodies of conditional nodes are its own.
class Replay {
 public:
  explicit Replay(std::unique_ptr<Graph> graph) : graph_(std::move(graph)) {
    check(cudaGraphInstantiate(&executable_, *graph_, 0), "instantiating a graph");
  }
  ~Replay() {
    if (executable_) cudaGraphExecDestroy(executable_);
  }
  Replay(Replay&& other) noexcept : graph_(std::move(other.graph_)), executable_(std::exchange(other.executable_, nullptr)) {}
  void launch(cudaStream_t stream) const { check(cudaGraphLaunch(executable_, stream), "launching a graph"); }

 private:
  std::unique_ptr<Graph> graph_;
  cudaGraphExec_t executable_ = nullptr;
};

}  // namespace credence::cuda
