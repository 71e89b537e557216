// The CUDA runtime's memory, streams and graphs, on the host. What is asynchronous there has happened here when a call returns.
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>
#include <utility>

#include "machine.hpp"

using credence::emulator::GuardedMemory;
using credence::emulator::Machine;
using credence::emulator::machine;
using Lock = std::lock_guard<std::recursive_mutex>;

namespace credence::emulator {

Machine& machine() {
  static Machine machine;
  return machine;
}

void limitMemory(std::size_t bytes) { machine().memoryLimit = bytes; }
void setDriver(cudaError_t answer, int version) {
  machine().driver = answer;
  machine().driverVersion = version;
}

namespace {

std::size_t usedBytes() {
  std::size_t used = 0;
  for (const GuardedMemory& buffer : machine().buffers) used += buffer.bytes();
  return used;
}

// Opens memory to the host for the length of a copy.
class Opened {
 public:
  explicit Opened(const GuardedMemory* buffer) : buffer_(buffer) {
    if (buffer_) buffer_->setAccessible(true);
  }
  ~Opened() {
    if (buffer_) buffer_->setAccessible(false);
  }

 private:
  const GuardedMemory* buffer_;
};

}  // namespace
}  // namespace credence::emulator

// ---- devices, memory, streams -------------------------------------------------------------------------------------------

cudaError_t cudaGetDeviceCount(int* count) { return *count = machine().driver == cudaSuccess, machine().driver; }
cudaError_t cudaDriverGetVersion(int* version) { return *version = machine().driverVersion, cudaSuccess; }
cudaError_t cudaSetDevice(int device) { return device == 0 ? cudaSuccess : cudaErrorInvalidValue; }

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {"the emulator", machine().memoryLimit, 1, 8, 0};
  return cudaSuccess;
}

cudaError_t cudaMallocBytes(void** pointer, std::size_t bytes) {
  const Lock lock(machine().busy);
  if (bytes > machine().memoryLimit - std::min(machine().memoryLimit, credence::emulator::usedBytes())) return cudaErrorMemoryAllocation;
  try {
    machine().buffers.emplace_back(bytes);
  } catch (const std::bad_alloc&) {
    return cudaErrorMemoryAllocation;
  }
  machine().buffers.back().setAccessible(false);
  *pointer = machine().buffers.back().data();
  return cudaSuccess;
}

cudaError_t cudaFree(void* pointer) {
  const Lock lock(machine().busy);
  if (pointer) machine().buffers.remove_if([&](const auto& buffer) { return buffer.data() == pointer; });
  return cudaSuccess;
}

cudaError_t cudaMallocHost(void** pointer, std::size_t bytes) {
  *pointer = std::calloc(bytes, 1);
  return *pointer ? cudaSuccess : cudaErrorMemoryAllocation;
}
cudaError_t cudaFreeHost(void* pointer) { return std::free(pointer), cudaSuccess; }

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  const Lock lock(machine().busy);
  *total = machine().memoryLimit;
  *free = *total - std::min(*total, credence::emulator::usedBytes());
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t) {
  const Lock lock(machine().busy);
  if (bytes == 0) return cudaSuccess;
  const auto* source = machine().bufferOf(from, bytes);
  const auto* target = machine().bufferOf(to, bytes);
  const bool fits = (kind == cudaMemcpyHostToDevice || source) && (kind == cudaMemcpyDeviceToHost || target);
  if (!fits) return cudaErrorInvalidValue;
  const credence::emulator::Opened openSource(source), openTarget(target);
  std::memcpy(to, from, bytes);
  return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void* to, int byte, std::size_t bytes, cudaStream_t) {
  const Lock lock(machine().busy);
  const auto* target = machine().bufferOf(to, bytes);
  if (!target) return cudaErrorInvalidValue;
  const credence::emulator::Opened open(target);
  std::memset(to, byte, bytes);
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) { return *stream = nullptr, cudaSuccess; }
cudaError_t cudaStreamDestroy(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaStreamSynchronize(cudaStream_t) { return machine().error; }
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) { return *event = nullptr, cudaSuccess; }
cudaError_t cudaEventDestroy(cudaEvent_t) { return cudaSuccess; }
cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t) { return cudaSuccess; }
cudaError_t cudaEventSynchronize(cudaEvent_t) { return machine().error; }

cudaError_t cudaGetLastError() {
  const Lock lock(machine().busy);
  return std::exchange(machine().error, cudaSuccess);
}

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "no error";
    case cudaErrorMemoryAllocation: return "out of memory";
    case cudaErrorInvalidValue: return "invalid argument: memory that is not a device buffer, or too little of it";
    case cudaErrorInsufficientDriver: return "CUDA driver version is insufficient for CUDA runtime version";
    case cudaErrorNoDevice: return "no CUDA-capable device is detected";
    case cudaErrorLaunchFailure: return machine().message.c_str();
  }
  return "unknown error";
}

// ---- graphs -------------------------------------------------------------------------------------------------------------

struct cudaGraphNode_st {
  std::vector<cudaGraphNode_t> after;
  const char* name = nullptr;  // of a kernel
  dim3 grid, block;
  std::size_t sharedBytes = 0;
  std::function<void()> body;
  cudaGraphConditionalNodeType type{};
  cudaGraphConditionalHandle handle = 0;  // 0: a kernel
  std::vector<std::unique_ptr<cudaGraph_st>> graphs;
  std::vector<cudaGraph_t> graphPointers;
};

struct cudaGraph_st {
  std::shared_ptr<std::list<cudaGraphNode_st>> nodes = std::make_shared<std::list<cudaGraphNode_st>>();
};

struct cudaGraphExec_st {
  std::shared_ptr<std::list<cudaGraphNode_st>> nodes;  // they live on when the graph is destroyed
};

namespace {

constexpr int tripsMax = 1'000'000;  // of a loop that would otherwise never end
std::mt19937 nodeOrder{1};

void forgetConditions(const std::list<cudaGraphNode_st>& nodes) {
  for (const cudaGraphNode_st& node : nodes) {
    if (node.handle > 0) machine().conditions[node.handle - 1].reset();
    for (const auto& graph : node.graphs) forgetConditions(*graph->nodes);
  }
}

void runNodes(std::list<cudaGraphNode_st>& nodes);

bool holds(const cudaGraphNode_st& node) {
  const std::optional<unsigned>& condition = machine().conditions[node.handle - 1];
  if (!condition) machine().fail("a graph comes to a condition that no kernel has set");
  return condition.value_or(0) != 0;
}

void runNode(cudaGraphNode_st& node) {
  if (node.handle == 0) return credence::emulator::launch(node.name, node.grid, node.block, node.sharedBytes, node.body);
  if (node.type == cudaGraphCondTypeIf) {
    const std::size_t chosen = holds(node) ? 0 : 1;
    if (chosen < node.graphs.size()) runNodes(*node.graphs[chosen]->nodes);
    return;
  }
  for (int trip = 0; holds(node) && machine().error == cudaSuccess; ++trip) {
    if (trip == tripsMax) return machine().fail("a loop in a graph does not end");
    runNodes(*node.graphs[0]->nodes);
  }
}

// In any order that the edges allow, so that a missing edge shows.
void runNodes(std::list<cudaGraphNode_st>& nodes) {
  std::vector<cudaGraphNode_t> waiting, done;
  for (cudaGraphNode_st& node : nodes) waiting.push_back(&node);
  while (!waiting.empty() && machine().error == cudaSuccess) {
    const auto ready = [&](cudaGraphNode_t node) {
      return std::all_of(node->after.begin(), node->after.end(),
                         [&](cudaGraphNode_t before) { return std::find(done.begin(), done.end(), before) != done.end(); });
    };
    const auto middle = std::partition(waiting.begin(), waiting.end(), ready);
    const auto next = waiting.begin() + std::ptrdiff_t(nodeOrder() % unsigned(middle - waiting.begin()));
    done.push_back(*next);
    waiting.erase(next);
    runNode(*done.back());
  }
}

cudaGraphNode_t add(cudaGraph_t graph, const cudaGraphNode_t* after, std::size_t count) {
  cudaGraphNode_st& node = graph->nodes->emplace_back();
  node.after.assign(after, after + count);
  return &node;
}

}  // namespace

cudaError_t cudaGraphCreate(cudaGraph_t* graph, unsigned) { return *graph = new cudaGraph_st, cudaSuccess; }
cudaError_t cudaGraphDestroy(cudaGraph_t graph) { return delete graph, cudaSuccess; }

cudaError_t cudaGraphConditionalHandleCreate(cudaGraphConditionalHandle* handle, cudaGraph_t, unsigned, unsigned) {
  const Lock lock(machine().busy);
  machine().conditions.emplace_back();
  return *handle = machine().conditions.size(), cudaSuccess;
}

void cudaGraphSetConditional(cudaGraphConditionalHandle handle, unsigned value) { machine().conditions[handle - 1] = value; }

cudaError_t cudaGraphAddNode(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* after, const void*, std::size_t count,
                             cudaGraphNodeParams* parameters) {
  *node = add(graph, after, count);
  (*node)->type = parameters->conditional.type;
  (*node)->handle = parameters->conditional.handle;
  for (unsigned i = 0; i < parameters->conditional.size; ++i) {
    (*node)->graphs.push_back(std::make_unique<cudaGraph_st>());
    (*node)->graphPointers.push_back((*node)->graphs.back().get());
  }
  parameters->conditional.phGraph_out = (*node)->graphPointers.data();
  return cudaSuccess;
}

cudaError_t credence::emulator::addKernel(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* after, const char* name, dim3 grid,
                                          dim3 block, std::size_t sharedBytes, std::function<void()> body) {
  *node = add(graph, after, after ? 1 : 0);
  (*node)->name = name;
  (*node)->grid = grid;
  (*node)->block = block;
  (*node)->sharedBytes = sharedBytes;
  (*node)->body = std::move(body);
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  return *executable = new cudaGraphExec_st{graph->nodes}, cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) { return delete executable, cudaSuccess; }

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t) {
  const Lock lock(machine().busy);
  forgetConditions(*executable->nodes);
  runNodes(*executable->nodes);
  return cudaSuccess;
}
