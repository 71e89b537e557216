// Writes plans word by word, as the encoder in TypeScript does, and runs them on plain arrays.
#pragma once

#include <credence/elementwise.hpp>
#include <credence/plan.hpp>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cpu/executor.hpp"

namespace credence::test {

using Words = std::vector<uint32_t>;

inline uint32_t code(std::string_view step) {
  for (int i = 0; i < stepOpCount; ++i)
    if (step == stepOps[i].name) return static_cast<uint32_t>(i + 1);
  throw std::invalid_argument("no step named " + std::string(step));
}

inline uint32_t word(Type type) { return static_cast<uint32_t>(type); }

inline std::pair<uint32_t, uint32_t> halves(double number) {
  uint64_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  return {static_cast<uint32_t>(bits), static_cast<uint32_t>(bits >> 32)};
}

inline void append(Words& words, const Words& more) { words.insert(words.end(), more.begin(), more.end()); }

inline Words instruction(Kind kind, const Words& body) {
  Words words{static_cast<uint32_t>(kind), static_cast<uint32_t>(body.size() + 2)};
  append(words, body);
  return words;
}

inline Words barrier() { return instruction(Kind::barrier, {}); }

struct ViewWords {
  uint32_t reg;
  Type type;
  uint32_t slot;
  std::vector<int32_t> strides;
  uint32_t offset = 0;
};

struct StepWords {
  std::string_view name;
  Type type;
  uint32_t dst, a = 0, b = 0, c = 0;
};

inline StepWords constant(Type type, uint32_t dst, double number) {
  const auto [low, high] = halves(number);
  return {"constant", type, dst, 0, low, high};
}

struct ClusterWords {
  std::vector<uint32_t> dims;
  std::vector<ViewWords> loads;
  std::vector<StepWords> steps;
  std::vector<ViewWords> stores;
  uint32_t parts = 1;
  uint32_t registers = 16;
};

inline Words cluster(const ClusterWords& c) {
  Words body{c.parts, static_cast<uint32_t>(c.dims.size()), static_cast<uint32_t>(c.loads.size()), c.registers,
             static_cast<uint32_t>(c.steps.size()), static_cast<uint32_t>(c.stores.size())};
  append(body, c.dims);
  const auto views = [&](const std::vector<ViewWords>& list) {
    for (const ViewWords& view : list) {
      append(body, {view.reg, word(view.type), view.slot, view.offset});
      for (const int32_t stride : view.strides) body.push_back(static_cast<uint32_t>(stride));
    }
  };
  views(c.loads);
  for (const StepWords& step : c.steps) append(body, {code(step.name), word(step.type), step.dst, step.a, step.b, step.c});
  views(c.stores);
  return instruction(Kind::cluster, body);
}

struct ReduceWords {
  Monoid monoid;
  Type type;
  std::vector<uint32_t> kept, reduced;
  uint32_t in;
  std::vector<int32_t> stridesKept, stridesReduced;
  uint32_t out;
  uint32_t parts = 1;
  uint32_t inOffset = 0;
};

inline Words reduce(const ReduceWords& r) {
  Words body{r.parts, static_cast<uint32_t>(r.monoid), word(r.type), static_cast<uint32_t>(r.kept.size()),
             static_cast<uint32_t>(r.reduced.size())};
  append(body, r.kept);
  append(body, r.reduced);
  append(body, {r.in, r.inOffset});
  for (const int32_t stride : r.stridesKept) body.push_back(static_cast<uint32_t>(stride));
  for (const int32_t stride : r.stridesReduced) body.push_back(static_cast<uint32_t>(stride));
  append(body, {r.out, 0});
  return instruction(Kind::reduce, body);
}

struct MatrixWords {
  uint32_t slot;
  int32_t batchStride, rowStride, colStride = 1;
  uint32_t offset = 0;
};

struct MatmulWords {
  Type type;
  uint32_t batch, m, n, k;
  MatrixWords a, b, c;
  uint32_t bias = noSlot;
  std::string_view activation = "";
  bool accumulate = false;
  uint32_t parts = 1;
};

inline Words matmul(const MatmulWords& m) {
  const auto u = [](int32_t stride) { return static_cast<uint32_t>(stride); };
  return instruction(Kind::matmul,
                     {m.parts, word(m.type), m.batch, m.m, m.n, m.k,
                      m.a.slot, m.a.offset, u(m.a.batchStride), u(m.a.rowStride), u(m.a.colStride),
                      m.b.slot, m.b.offset, u(m.b.batchStride), u(m.b.rowStride), u(m.b.colStride),
                      m.c.slot, m.c.offset, u(m.c.batchStride), u(m.c.rowStride),
                      m.bias, 0, m.activation.empty() ? 0 : code(m.activation), m.accumulate ? 1u : 0u});
}

inline Words loopOf(LoopKind kind, uint32_t trips, const Words& body) {
  Words words{static_cast<uint32_t>(kind), trips, 0, 0, static_cast<uint32_t>(body.size())};
  append(words, body);
  return instruction(Kind::loop, words);
}

inline Words repeat(uint32_t trips, const Words& body) { return loopOf(LoopKind::repeat, trips, body); }
inline Words each(uint32_t trips, const Words& body) { return loopOf(LoopKind::each, trips, body); }

inline Words whileLoop(uint32_t tripsMax, uint32_t predicateSlot, const Words& predicate, const Words& body) {
  Words words{1, tripsMax, predicateSlot, static_cast<uint32_t>(predicate.size()), static_cast<uint32_t>(body.size())};
  append(words, predicate);
  append(words, body);
  return instruction(Kind::loop, words);
}

inline Words cond(uint32_t predicateSlot, const Words& then, const Words& otherwise) {
  Words words{predicateSlot, static_cast<uint32_t>(then.size()), static_cast<uint32_t>(otherwise.size())};
  append(words, then);
  append(words, otherwise);
  return instruction(Kind::cond, words);
}

/// Slots, code and pool, and the words they make.
class PlanBuilder {
 public:
  uint32_t input(int64_t bytes) { return slot(SlotKind::input, inputs_++, 0, bytes); }
  uint32_t output(int64_t bytes) { return slot(SlotKind::output, outputs_++, 0, bytes); }
  uint32_t arena(int64_t bytes) {
    const int64_t offset = arenaBytes_;
    arenaBytes_ += (bytes + 63) / 64 * 64;
    return slot(SlotKind::arena, 0, offset, bytes);
  }
  /// Memory that every thread has for itself.
  uint32_t own(int64_t bytes) {
    const int64_t offset = ownBytes_;
    ownBytes_ += (bytes + 63) / 64 * 64;
    return slot(SlotKind::own, 0, offset, bytes);
  }
  template <class T>
  uint32_t constants(const std::vector<T>& values) {
    const int64_t offset = static_cast<int64_t>(pool_.size() * 4);
    pool_.resize(pool_.size() + (values.size() * sizeof(T) + 63) / 64 * 16);
    std::memcpy(reinterpret_cast<char*>(pool_.data()) + offset, values.data(), values.size() * sizeof(T));
    return slot(SlotKind::constant, 0, offset, static_cast<int64_t>(values.size() * sizeof(T)));
  }
  uint32_t sliced(uint32_t base, uint32_t depth, int64_t bytes, int32_t strideBytes, bool reversed = false) {
    const uint32_t made = slot(SlotKind::sliced, base, depth, bytes);
    slots_[made * slotWords + 6] = static_cast<uint32_t>(strideBytes);
    slots_[made * slotWords + 7] = reversed ? 1 : 0;
    return made;
  }
  void add(const Words& instruction) { append(code_, instruction); }

  Words words() const {
    Words words{planMagic, planVersion, static_cast<uint32_t>(slots_.size() / slotWords), static_cast<uint32_t>(code_.size()),
                static_cast<uint32_t>(arenaBytes_), static_cast<uint32_t>(arenaBytes_ >> 32), inputs_, outputs_,
                static_cast<uint32_t>(pool_.size() * 4), 0, loopDepthMax,
                static_cast<uint32_t>(ownBytes_), static_cast<uint32_t>(ownBytes_ >> 32)};
    words.resize(headerWords);
    append(words, slots_);
    append(words, code_);
    if (!pool_.empty()) words.resize((words.size() + 15) / 16 * 16);
    append(words, pool_);
    return words;
  }

 private:
  uint32_t slot(SlotKind kind, uint32_t index, int64_t offset, int64_t bytes) {
    append(slots_, {static_cast<uint32_t>(kind), index, static_cast<uint32_t>(offset), static_cast<uint32_t>(offset >> 32),
                    static_cast<uint32_t>(bytes), static_cast<uint32_t>(bytes >> 32), 0, 0});
    return static_cast<uint32_t>(slots_.size() / slotWords - 1);
  }

  Words slots_, code_, pool_;
  uint32_t inputs_ = 0, outputs_ = 0;
  int64_t arenaBytes_ = 0, ownBytes_ = 0;
};

/// Memory as the addon binds it; copies share it.
class Bytes {
 public:
  explicit Bytes(int64_t count) : memory_(std::make_shared<cpu::AlignedBytes>(count)), count_(count) {}
  template <class T>
  Bytes(const std::vector<T>& values) : Bytes(static_cast<int64_t>(values.size() * sizeof(T))) {
    if (!values.empty()) std::memcpy(memory_->data(), values.data(), values.size() * sizeof(T));
  }
  void* data() const { return memory_->data(); }
  template <class T>
  std::vector<T> as() const {
    std::vector<T> values(static_cast<std::size_t>(count_) / sizeof(T));
    if (!values.empty()) std::memcpy(values.data(), memory_->data(), values.size() * sizeof(T));
    return values;
  }
  int64_t count() const { return count_; }

 private:
  std::shared_ptr<cpu::AlignedBytes> memory_;
  int64_t count_;
};

inline Plan decode(const Words& words) { return decodePlan(words.data(), words.size()); }

/// The outputs of one run. @throws std::runtime_error with the status message of a run that failed
inline std::vector<Bytes> run(cpu::Executable& executable, const std::vector<Bytes>& inputs, int threads = 1, Control* control = nullptr) {
  std::vector<void*> in, out;
  for (const Bytes& input : inputs) in.push_back(input.data());
  std::vector<Bytes> outputs;
  for (const int64_t bytes : executable.plan().outputBytes) outputs.emplace_back(bytes);
  for (const Bytes& output : outputs) out.push_back(output.data());
  Status status;
  executable.run(in, out, threads, control, status);
  if (!status.ok()) throw std::runtime_error(status.code == Status::cancelled ? "cancelled" : status.message);
  return outputs;
}

inline std::vector<Bytes> run(const Words& words, const std::vector<Bytes>& inputs, int threads = 1, Control* control = nullptr) {
  cpu::Executable executable(decode(words));
  return run(executable, inputs, threads, control);
}

/// 1, 2, ... scaled into (-1, 1) without repeating soon: values whose sums and products are all different.
template <class T>
std::vector<T> ramp(std::size_t count, double scale = 1) {
  std::vector<T> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = static_cast<T>(scale * (static_cast<double>((i * 7919 + 13) % 2003) / 1001.5 - 1));
  return values;
}

}  // namespace credence::test
