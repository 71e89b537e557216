#include "record.hpp"

#include <algorithm>

#include "footprint.hpp"

namespace credence::cuda {
namespace {

constexpr int64_t unrolledNodesMax = 512;  // a loop inside a loop is written out up to this size: nothing is left to decide
constexpr int64_t replayNodes = 256;       // trips of an outermost loop share a graph up to this size: fewer launches by the host

bool hasLoop(const Block& block);

bool hasLoop(const Instruction& instruction) {
  const auto* cond = std::get_if<Cond>(&instruction.body);
  return std::holds_alternative<Loop>(instruction.body) || (cond && (hasLoop(cond->then) || hasLoop(cond->otherwise)));
}

bool hasLoop(const Block& block) {
  return std::any_of(block.begin(), block.end(), [](const Instruction& instruction) { return hasLoop(instruction); });
}

class Recording {
 public:
  Recording(const Prepared& prepared, const RunMemory& memory, LoopState* loops) : prepared_(prepared), memory_(memory), loops_(loops) {}

  Steps steps(const Block& block) {
    Steps steps;
    for (std::size_t first = 0, next; first < block.size(); first = next) {
      const Instruction& instruction = block[first];
      next = first + 1;
      if (const auto* loop = std::get_if<Loop>(&instruction.body)) {
        if (loop->trips > 0) steps.push_back(loop->isWhile() ? whileLoop(instruction, *loop) : repeatLoop(instruction, *loop));
      } else if (const auto* cond = std::get_if<Cond>(&instruction.body); cond && hasLoop(instruction)) {
        steps.push_back({Branch{cond->predicateSlot, this->steps(cond->then), this->steps(cond->otherwise)}});
      } else {
        while (next < block.size() && !hasLoop(block[next])) ++next;
        steps.push_back({Stretch{replay([&](Recorder& to) { add(&block[first], &block[0] + next, to); })}});
      }
    }
    return steps;
  }

 private:
  template <class Fill>
  Replay replay(Fill fill, int64_t* nodes = nullptr) {
    auto graph = std::make_unique<Graph>();
    int64_t count = 0;
    Recorder recorder(*graph, count);
    fill(recorder);
    if (nodes) *nodes = count;
    return Replay(std::move(graph));
  }

  LoopProgram programOf(const Instruction& instruction) const {
    LoopProgram program = prepared_.programOf<LoopProgram>(instruction);
    program.state = loops_ + instruction.index;
    return program;
  }

  // ---- outermost loops ----

  Step repeatLoop(const Instruction& instruction, const Loop& loop) {
    const LoopProgram program = programOf(instruction);
    const auto trip = [&](Recorder& to) {
      launchAdvance(program, memory_, to);
      add(loop.body, to);
    };
    int64_t nodes = 0;
    Replay one = replay(trip, &nodes);
    const int64_t many = std::clamp<int64_t>(replayNodes / nodes, 1, loop.trips);
    return {RepeatLoop{program.state, program.trips, many, std::move(one), replay([&](Recorder& to) {
                         for (int64_t i = 0; i < many; ++i) trip(to);
                       })}};
  }

  Step whileLoop(const Instruction& instruction, const Loop& loop) {
    const LoopProgram program = programOf(instruction);
    return {WhileLoop{program.state, program.trips, replay([&](Recorder& to) {
                        launchEnter(program, memory_, to);
                        add(loop.predicate, to);
                      }),
                      replay([&](Recorder& to) { addTrips(program, loop, to); })}};
  }

  // ---- what the device walks ----

  // Instructions one after the other, except that neighbours which do not depend on each other share launches.
  void add(const Block& block, Recorder& to) { add(block.data(), block.data() + block.size(), to); }

  void add(const Instruction* first, const Instruction* last, Recorder& to) {
    std::vector<const Instruction*> neighbours;
    std::vector<std::vector<Touch>> touches;
    const auto flush = [&] {
      launchTogether(neighbours, to);
      neighbours.clear();
      touches.clear();
    };
    for (const Instruction* instruction = first; instruction != last; ++instruction) {
      const auto* loop = std::get_if<Loop>(&instruction->body);
      const auto* cond = std::get_if<Cond>(&instruction->body);
      if (loop || cond) {
        flush();
        if (loop) add(*instruction, *loop, to);
        else add(*cond, to);
        continue;
      }
      std::vector<Touch> own = touchesOf(*instruction, prepared_.plan().slots);
      if (!std::all_of(touches.begin(), touches.end(), [&](const auto& other) { return independent(own, other); })) flush();
      neighbours.push_back(instruction);
      touches.push_back(std::move(own));
    }
    flush();
  }

  void launchTogether(const std::vector<const Instruction*>& instructions, Recorder& to) {
    std::vector<ClusterProgram> clusters;
    std::vector<MatmulProgram> matmuls;
    for (const Instruction* instruction : instructions) {
      if (std::holds_alternative<Cluster>(instruction->body)) clusters.push_back(prepared_.programOf<ClusterProgram>(*instruction));
      else if (std::holds_alternative<Matmul>(instruction->body)) matmuls.push_back(prepared_.programOf<MatmulProgram>(*instruction));
      else if (std::holds_alternative<Reduce>(instruction->body)) launchReduce(prepared_.programOf<ReduceProgram>(*instruction), memory_, to);
      else if (std::holds_alternative<Rows>(instruction->body)) launchRows(prepared_.programOf<RowsProgram>(*instruction), memory_, to);
    }
    launchClusters(clusters, memory_, to);
    launchMatmuls(matmuls, memory_, to);
  }

  void add(const Instruction& instruction, const Loop& loop, Recorder& to) {
    if (loop.trips == 0) return;
    const LoopProgram program = programOf(instruction);
    launchEnter(program, memory_, to);
    if (loop.isWhile()) {
      add(loop.predicate, to);
      return addTrips(program, loop, to);
    }
    const int64_t before = to.nodes();
    add(loop.body, to);
    const int64_t nodes = to.nodes() - before + 1;
    const bool unrolled = nodes * (loop.trips - 1) <= unrolledNodesMax;
    for (int64_t trip = 1; trip < loop.trips && unrolled; ++trip) {
      launchAdvance(program, memory_, to);
      add(loop.body, to);
    }
    if (unrolled) return;
    launchAdvance(program, memory_, to);
    addTrips(program, loop, to);
  }

  // All further trips of a loop that has been entered and whose predicate, if it has one, is computed.
  void addTrips(const LoopProgram& program, const Loop& loop, Recorder& to) {
    const uint32_t predicateSlot = loop.isWhile() ? loop.predicateSlot : noSlot;
    const cudaGraphConditionalHandle another = to.condition();
    launchDecide(program, predicateSlot, another, memory_, to);
    Recorder trip = to.repeatWhile(another);
    add(loop.body, trip);
    launchAdvance(program, memory_, trip);
    add(loop.predicate, trip);
    launchDecide(program, predicateSlot, another, memory_, trip);
  }

  void add(const Cond& cond, Recorder& to) {
    const cudaGraphConditionalHandle chosen = to.condition();
    launchChoose(cond.predicateSlot, chosen, memory_, to);
    Recorder::Branches branches = to.branch(chosen);
    add(cond.then, branches.then);
    add(cond.otherwise, branches.otherwise);
  }

  const Prepared& prepared_;
  const RunMemory memory_;
  LoopState* const loops_;
};

}  // namespace

Steps recordPlan(const Prepared& prepared, const RunMemory& memory, LoopState* loops) {
  return Recording(prepared, memory, loops).steps(prepared.plan().code);
}

}  // namespace credence::cuda
