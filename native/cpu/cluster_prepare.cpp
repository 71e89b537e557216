// Prepares a cluster in five passes:
//   1. registers become values, each written once;
//   2. cheap steps of which nothing but the next one needs the result become a chain;
//   3. dimensions that every view walks as one are merged;
//   4. values that are never alive together share a tile buffer, and the tile is sized so that the buffers stay in L1;
//   5. a store whose memory nothing reads afterwards is written by the step itself.
#include <algorithm>
#include <cmath>
#include <credence/elementwise.hpp>
#include <cstring>
#include <functional>
#include <numeric>

#include "prepare.hpp"

namespace credence::cpu {
namespace {

/// An array beyond this many bytes will not be found in a core's own cache.
constexpr int64_t cacheBytes = 1 << 20;

constexpr int64_t buffersBytesMax = 24 << 10;
constexpr int never = -1;

struct Lifetime {
  int64_t elementBytes;
  int born;  // step that writes it; never: a source
  int lastUse;
  bool pinned;  // filled once per call, so its buffer is not shared
};

/// Merges dimension d + 1 into d where every view steps through them as through one, and neither is counted by an iota.
void mergeDims(std::vector<int64_t>& dims, std::vector<uint32_t>& iotaDims, std::vector<ClusterView*>& views) {
  for (std::size_t d = dims.size() - 1; d-- > 0;) {
    const auto counted = [&](uint32_t dim) { return dim == d || dim == d + 1; };
    if (std::any_of(iotaDims.begin(), iotaDims.end(), counted)) continue;
    const bool joined = std::all_of(views.begin(), views.end(), [&](const ClusterView* view) {
      return dims[d] == 1 || dims[d + 1] == 1 || view->strides[d] == view->strides[d + 1] * dims[d + 1];
    });
    if (!joined) continue;
    for (ClusterView* view : views) {
      if (dims[d + 1] != 1) view->strides[d] = view->strides[d + 1];
      for (std::size_t e = d + 1; e + 1 < dims.size(); ++e) view->strides[e] = view->strides[e + 1];
    }
    dims[d] *= dims[d + 1];
    dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(d) + 1);
    for (uint32_t& dim : iotaDims)
      if (dim > d) --dim;
  }
}

ClusterView viewOf(const Access& access) {
  ClusterView view{};
  const int64_t size = sizeOf(access.type);
  view.slot = access.slot;
  view.elementBytes = static_cast<uint32_t>(size);
  view.offset = access.offset * size;
  for (std::size_t d = 0; d < access.strides.size(); ++d) view.strides[d] = access.strides[d] * size;
  return view;
}

/// Whether a write through one slot can change what is read through another.
bool mayOverlap(const std::vector<Slot>& slots, uint32_t left, uint32_t right) {
  const auto baseOf = [&](uint32_t slot) -> const Slot& {
    return slots[slot].kind == SlotKind::sliced ? slots[slots[slot].index] : slots[slot];
  };
  const Slot& a = baseOf(left);
  const Slot& b = baseOf(right);
  if (a.kind != b.kind) return false;
  if (a.kind == SlotKind::arena || a.kind == SlotKind::own) return a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
  return a.index == b.index;
}

/// Bytes that an element of a tile takes in buffers at once. Loads are mostly used where they lie; constants stay, and so
/// may a broadcast load, of which there are few.
int64_t bufferBytesPerElement(const std::vector<Lifetime>& lifetimes, const std::vector<ClusterSource>& sources) {
  int64_t constants = 0, peak = 1;
  for (const ClusterSource& source : sources)
    if (source.kind != SourceKind::view && !source.single) constants += lifetimes[source.value].elementBytes;
  for (const Lifetime& at : lifetimes) {
    if (at.born == never) continue;
    int64_t alive = 0;
    for (const Lifetime& value : lifetimes)
      if (value.born != never && value.born <= at.born && value.lastUse >= at.born) alive += value.elementBytes;
    peak = std::max(peak, alive);
  }
  return constants + peak;
}

/// What a step computes.
struct StepCode {
  uint32_t opcode;
  Type type;
  Arity arity;
};

/// Whether all elements of a value are one number, and whether that is known not to be NaN.
enum class One : uint8_t { no, some, number };

One oneOf(const ClusterSource& source, std::size_t rank) {
  if (source.kind == SourceKind::constant) return std::isnan(source.number) ? One::some : One::number;
  const auto still = [](int64_t stride) { return stride == 0; };
  return source.kind == SourceKind::view && std::all_of(source.view.strides, source.view.strides + rank, still) ? One::some : One::no;
}

/// Joins runs of cheap steps, each of which alone reads what the one before it gives, into chains. `uses` counts the readers of each value;
/// `one` tells values that are one number.
void joinSteps(std::vector<ClusterStep>& steps, std::vector<ChainLink>& links, const std::vector<StepCode>& codes, std::vector<Lifetime>& lifetimes,
               const std::vector<int>& uses, const std::vector<One>& one, const Kernels& kernels) {
  const auto formOf = [&](std::size_t i, uint16_t other, bool right) {
    if (codes[i].arity != Arity::binary) return LinkForm::alone;
    if (one[other] == One::no) return right ? LinkForm::right : LinkForm::left;
    if (right) return LinkForm::rightOfOne;
    return one[other] == One::number ? LinkForm::leftOfNumber : LinkForm::leftOfOne;
  };
  const auto linkAt = [&](std::size_t i, bool right) {
    const uint16_t other = right ? steps[i].a : steps[i].b;
    const LinkForm form = formOf(i, other, right);
    ChainLink link = kernels.link(codes[i].opcode, form, codes[i].type);
    link.other = other;
    link.takesOne = form != LinkForm::alone && one[other] != One::no;
    return link;
  };
  std::vector<ClusterStep> joined;
  std::vector<int> moved;  // where a step has gone
  for (std::size_t i = 0; i < steps.size();) {
    const int at = static_cast<int>(joined.size());
    joined.push_back(steps[i]);
    std::vector<ChainLink> chain{linkAt(i, false)};
    std::size_t end = i + 1;
    for (; chain[0].wide && end < steps.size() && codes[end].type == codes[i].type; ++end) {
      const uint16_t between = steps[end - 1].dst;
      const bool right = codes[end].arity == Arity::binary && steps[end].b == between;
      if (uses[between] != 1 || (steps[end].a != between && !right)) break;
      chain.push_back(linkAt(end, right));
      if (chain.back().wide) continue;
      chain.pop_back();
      break;
    }
    if (chain.size() > 1) {
      joined.back() = {nullptr, steps[end - 1].dst, steps[i].a, steps[i].a, steps[i].a,
                       static_cast<uint32_t>(links.size()), static_cast<uint32_t>(chain.size()), static_cast<uint32_t>(sizeOf(codes[i].type))};
      links.insert(links.end(), chain.begin(), chain.end());
      for (std::size_t k = i; k + 1 < end; ++k) lifetimes[steps[k].dst].born = lifetimes[steps[k].dst].lastUse = never;  // nobody stores it
    }
    moved.insert(moved.end(), end - i, at);
    i = end;
  }
  moved.push_back(static_cast<int>(joined.size()));  // the stores
  for (Lifetime& lifetime : lifetimes) {
    if (lifetime.born != never) lifetime.born = moved[static_cast<std::size_t>(lifetime.born)];
    if (lifetime.lastUse != never) lifetime.lastUse = moved[static_cast<std::size_t>(lifetime.lastUse)];
  }
  steps = std::move(joined);
}

}  // namespace

PreparedCluster::PreparedCluster(const Cluster& cluster, const std::vector<Slot>& slots, const Kernels& kernels)
    : parts(cluster.parts) {
  std::vector<Lifetime> lifetimes;
  uint16_t current[registerMax] = {};  // the value each register holds
  const auto newValue = [&](Type type, int born) {
    lifetimes.push_back({sizeOf(type), born, born, false});
    return static_cast<uint16_t>(lifetimes.size() - 1);
  };

  std::vector<StepCode> codes;
  std::vector<int> uses;
  std::vector<uint32_t> iotaDims;
  for (const Access& load : cluster.loads) {
    ClusterSource source{};
    source.kind = SourceKind::view;
    source.type = load.type;
    source.view = viewOf(load);
    source.value = current[load.reg] = newValue(load.type, never);
    sources_.push_back(source);
  }
  for (const Step& step : cluster.steps) {
    const Arity arity = stepOps[step.opcode - 1].arity;
    if (arity == Arity::constant || arity == Arity::iota) {
      ClusterSource source{};
      source.kind = arity == Arity::iota ? SourceKind::iota : SourceKind::constant;
      source.type = step.type;
      if (arity == Arity::iota) {
        iotaDims.push_back(step.a);
      } else {
        const uint64_t bits = step.b | (uint64_t{step.c} << 32);
        std::memcpy(&source.number, &bits, sizeof source.number);
      }
      source.value = current[step.dst] = newValue(step.type, never);
      sources_.push_back(source);
      continue;
    }
    const int at = static_cast<int>(steps_.size());
    const auto use = [&](uint32_t reg) {
      lifetimes[current[reg]].lastUse = at;
      uses.resize(lifetimes.size());
      ++uses[current[reg]];
      return current[reg];
    };
    ClusterStep prepared{};
    const Type target = arity == Arity::cast ? static_cast<Type>(step.b) : step.type;
    prepared.run = kernels.step(step.opcode, step.type, target);
    prepared.a = use(step.a);
    prepared.b = arity == Arity::binary || arity == Arity::select ? use(step.b) : prepared.a;
    prepared.c = arity == Arity::select ? use(step.c) : prepared.a;
    const Type result = stepOps[step.opcode - 1].result == Result::boolean ? Type::boolean : target;
    prepared.dst = current[step.dst] = newValue(result, at);
    steps_.push_back(prepared);
    codes.push_back({step.opcode, step.type, arity});
  }
  const int stores = static_cast<int>(steps_.size());
  for (const Access& store : cluster.stores) {
    ClusterSink sink{};
    sink.value = current[store.reg];
    sink.view = viewOf(store);
    lifetimes[sink.value].lastUse = stores;
    uses.resize(lifetimes.size());
    ++uses[sink.value];
    sinks_.push_back(sink);
  }
  uses.resize(lifetimes.size());
  std::vector<One> one(lifetimes.size(), One::no);
  for (const ClusterSource& source : sources_) one[source.value] = oneOf(source, cluster.dims.size());
  joinSteps(steps_, links_, codes, lifetimes, uses, one, kernels);
  for (ClusterSource& source : sources_)
    source.single = one[source.value] != One::no && std::count_if(links_.begin(), links_.end(), [&](const ChainLink& link) {
                                           return link.takesOne && link.other == source.value;
                                         }) == uses[source.value];
  const int end = static_cast<int>(steps_.size());

  std::vector<int64_t> dims(cluster.dims.begin(), cluster.dims.end());
  std::vector<ClusterView*> views;
  for (ClusterSource& source : sources_)
    if (source.kind == SourceKind::view) views.push_back(&source.view);
  for (ClusterSink& sink : sinks_) views.push_back(&sink.view);
  const int64_t outer = dims[0];
  mergeDims(dims, iotaDims, views);
  for (std::size_t i = 0, next = 0; i < sources_.size(); ++i)
    if (sources_[i].kind == SourceKind::iota) sources_[i].dim = iotaDims[next++];

  // A part was outer / parts indices of the first dimension; merging multiplied both.
  program.rank = static_cast<uint32_t>(dims.size());
  std::copy(dims.begin(), dims.end(), program.dims);
  program.unitsPerPart = outer / parts * (dims[0] / outer);

  // Tile: as many whole trailing dimensions as fit, then rows of the next one, in whole granules if that is possible.
  int64_t tile = std::clamp(buffersBytesMax / bufferBytesPerElement(lifetimes, sources_) / granule * granule, int64_t{4} * granule, steps_.size() == 1 ? chainTileMax : tileMax);
  if (tile > chainGranule) tile -= tile % chainGranule;
  uint32_t q = program.rank - 1;
  int64_t inner = 1;
  while (q > 0 && inner * dims[q] * 2 <= tile) inner *= dims[q--];
  int64_t rows = std::max<int64_t>(1, tile / inner);
  const int64_t wholeRows = granule / std::gcd(granule, inner);
  if (rows >= wholeRows) rows = rows / wholeRows * wholeRows;
  program.tiled = q;
  program.innerCount = inner;
  program.tileRows = std::min(rows, dims[q]);

  const auto contiguousIn = [&](const ClusterView& view) {
    int64_t expected = view.elementBytes;
    for (uint32_t d = program.rank; d-- > q;) {
      if (dims[d] != 1 && view.strides[d] != expected) return false;
      expected *= dims[d];
    }
    return true;
  };
  for (ClusterSource& source : sources_) {
    if (source.kind == SourceKind::view) {
      source.contiguous = contiguousIn(source.view);
      source.invariant = true;
      for (uint32_t d = 0; d <= q; ++d) source.invariant &= source.view.strides[d] == 0 || dims[d] == 1;
      source.contiguous &= !source.invariant;
      source.streams = source.contiguous && steps_.size() > 1 &&  // a chain alone is met by the machine's own prefetching
                        std::accumulate(dims.begin(), dims.end(), source.view.elementBytes, std::multiplies<int64_t>()) > cacheBytes;
    } else {
      source.invariant = source.kind == SourceKind::constant || source.dim > q;
    }
    lifetimes[source.value].pinned = source.invariant;
    // Copied to a store as it is: taken out of memory first where an earlier store may have overwritten it.
    if (source.contiguous && lifetimes[source.value].lastUse == end)
      source.contiguous = std::none_of(sinks_.begin(), sinks_.end(), [&](const ClusterSink& sink) {
        return mayOverlap(slots, source.view.slot, sink.view.slot);
      });
  }

  std::vector<bool> isDirect(lifetimes.size(), false);
  for (ClusterSink& sink : sinks_) {
    sink.contiguous = contiguousIn(sink.view);
    const Lifetime& value = lifetimes[sink.value];
    if (!sink.contiguous || value.born == never || isDirect[sink.value]) continue;
    sink.direct = std::all_of(sources_.begin(), sources_.end(), [&](const ClusterSource& source) {
      return source.kind != SourceKind::view || lifetimes[source.value].lastUse <= value.born ||
             !mayOverlap(slots, source.view.slot, sink.view.slot);
    });
    isDirect[sink.value] = sink.direct;
  }

  // Buffers: a value takes the buffer of one that has just been read for the last time.
  const int64_t tileElements = (program.tileRows * inner + granule - 1) / granule * granule;
  std::vector<std::vector<uint32_t>> free(9);  // by element bytes
  buffers_.assign(lifetimes.size(), 0);
  const auto reserve = [&](uint16_t value, int64_t elements) {
    buffers_[value] = static_cast<uint32_t>(scratchBytes);
    scratchBytes += (elements * lifetimes[value].elementBytes + 63) / 64 * 64;
  };
  const auto place = [&](uint16_t value) {
    auto& pool = free[static_cast<std::size_t>(lifetimes[value].elementBytes)];
    if (!pool.empty()) {
      buffers_[value] = pool.back();
      pool.pop_back();
      return;
    }
    reserve(value, tileElements);
  };
  for (const ClusterSource& source : sources_) source.single ? reserve(source.value, granule) : place(source.value);
  for (int at = 0; at < end; ++at) {
    const ClusterStep& step = steps_[static_cast<std::size_t>(at)];
    std::vector<uint16_t> used{step.a, step.b, step.c};
    for (uint32_t i = 0; i < step.linkCount; ++i) used.push_back(links_[step.firstLink + i].other);
    std::sort(used.begin(), used.end());
    used.erase(std::unique(used.begin(), used.end()), used.end());
    for (const uint16_t value : used) {
      const Lifetime& lifetime = lifetimes[value];
      if (lifetime.lastUse == at && !lifetime.pinned)
        free[static_cast<std::size_t>(lifetime.elementBytes)].push_back(buffers_[value]);
    }
    place(step.dst);
    if (lifetimes[step.dst].lastUse == at)  // computed and never read
      free[static_cast<std::size_t>(lifetimes[step.dst].elementBytes)].push_back(buffers_[step.dst]);
  }

  program.sourceCount = static_cast<uint32_t>(sources_.size());
  program.stepCount = static_cast<uint32_t>(steps_.size());
  program.sinkCount = static_cast<uint32_t>(sinks_.size());
  program.valueCount = static_cast<uint32_t>(lifetimes.size());
  program.sources = sources_.data();
  program.steps = steps_.data();
  program.links = links_.data();
  program.sinks = sinks_.data();
  program.buffers = buffers_.data();
}

}  // namespace credence::cpu
