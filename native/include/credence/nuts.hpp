// One leaf of a trajectory of the No-U-Turn sampler (Hoffman and Gelman 2014), for a chain that has made a leapfrog step: its weight,
// the multinomial choice, the checks for a U-turn (Betancourt 2017, appendix A.4), the end of a doubling and of a transition, and a new
// momentum where the next one begins.
//
// Leaves are numbered in the order in which they are made: 0 is the start, leaf N is made by leapfrog step N, and doubling j makes the
// leaves 2^j ... 2^(j + 1) - 1, counted from the edge that is the far one. The leaves up to N with t trailing ones in binary close t
// balanced subtrees, which begin at N with its last 1, 2, ... t ones cleared. Momenta at even leaves are kept in slots: leaf N in slot
// popcount(N / 2), where later leaves of the subtrees that it begins find it, and nobody later than that needs what was there before
// (Phan, Pradhan and Jankowiak 2019, algorithm 2). Slot 0 is the far edge of the trajectory.
#pragma once

#include <credence/random.hpp>

namespace credence {
inline namespace CREDENCE_ISA {

// The numbers of a chain: `size` scalars, eleven vectors of the dimension, then for each slot three vectors and two scalars.
// packages/tensor/src/ops/nuts-leaf.ts names the same places.
struct NutsRow {
  enum Scalar : int {
    count,                 // transitions that have ended
    direction,             // 1 where the edge that grows goes forwards in time, -1 backwards, 0 for a chain at rest
    leaf,                  // leapfrog steps of this transition
    depth,                 // doublings that were completed
    weight,                // sum of e^(H0 - H) over the leaves before this doubling
    candidateWeight,       // and over those of this doubling
    energy,                // H0
    product,               // of the leaf made last, its momentum times the momenta before it
    farSquare,             // |p|^2 of the far edge
    ending,                // 1 where the trajectory ends with this doubling
    acceptanceSum,         // sum of min(1, e^(H0 - H)) over the leaves
    candidateLogDensity,
    candidateEnergy,
    proposalLogDensity,
    proposalEnergy,
    done,                  // 1 where this leaf has ended a transition, whose figures follow
    acceptance,
    diverging,
    doublings,
    steps,
    size = 24,
  };
  enum Vector : int {
    position, momentum, force,  // the edge that grows
    farPosition, farMomentum, farForce,
    proposalPosition, proposalForce,
    candidatePosition, candidateForce,
    momentumSum,  // of all leaves
    vectors,
  };
  CREDENCE_HD static std::int64_t length(std::int64_t dimension, std::int64_t slots) {
    return size + vectors * dimension + slots * (3 * dimension + 2);
  }
};

template <class V, class T>
CREDENCE_HD double dotOf(const T* a, const T* b, std::int64_t n) {
  double sum = 0;
  std::int64_t i = 0;
  if constexpr (std::is_same_v<ScalarOf<V>, T> && isVector<V>) {
    if (n >= lanesOf<V>) {
      V lanes{};
      for (; i + lanesOf<V> <= n; i += lanesOf<V>) lanes += load<V>(a + i) * load<V>(b + i);
      for (int lane = 0; lane < lanesOf<V>; ++lane) sum += lanes[lane];
    }
  }
  for (; i < n; ++i) sum += double(a[i]) * double(b[i]);
  return sum;
}

// nutsLeaf(state[L], key[2], goal[1], position[D], momentum[D], force[D], log density[1]) -> state[L], which may be the same memory.
// integers: the period of the elements as in random.hpp, slots K, doublings at most; L = NutsRow::length(D, K).
struct NutsLeaf {
  template <class V, class T>
  CREDENCE_HD_CALL static void range(const RowBlock& block, std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) NutsLeaf(block, r).template step<V, T>();
  }

 private:
  const RowBlock& block;
  const std::int64_t r, dimension, slots;

  CREDENCE_HD NutsLeaf(const RowBlock& b, std::int64_t row)
      : block(b), r(row), dimension(b.operands[3].rowLength), slots(b.integers[1]) {}

  template <class T>
  CREDENCE_HD T* vectorOf(int which) const {
    return block.at<T>(7, r) + NutsRow::size + which * dimension;
  }
  template <class T>
  CREDENCE_HD T* keptOf(std::int64_t slot, int which) const {  // slots 1 ... K; 0: at its leaf, 1: at the leaf before, 2: sum before
    return vectorOf<T>(NutsRow::vectors) + ((slot - 1) * 3 + which) * dimension;
  }
  template <class T>
  CREDENCE_HD T& keptProduct(std::int64_t slot, int which) const {
    return vectorOf<T>(NutsRow::vectors)[slots * 3 * dimension + (slot - 1) * 2 + which];
  }
  template <class T>
  CREDENCE_HD void copy(T* to, const T* from) const {
    for (std::int64_t d = 0; d < dimension; ++d) to[d] = from[d];
  }
  template <class T>
  CREDENCE_HD void swap(T* a, T* b) const {
    for (std::int64_t d = 0; d < dimension; ++d) {
      const T kept = a[d];
      a[d] = b[d];
      b[d] = kept;
    }
  }

  // Whether the stretch from leaf a to this one turns: p_a (p_a + ... + p_N) <= 0 or p_N (p_a + ... + p_N) <= 0, for a the leaf
  // of a slot, or the one before it.
  template <class V, class T>
  CREDENCE_HD bool turnsFrom(std::int64_t slot, const T* p, const T* sum, double total) const {
    return dotOf<V>(sum, keptOf<T>(slot, 0), dimension) - double(keptProduct<T>(slot, 0)) <= 0 ||
           total - dotOf<V>(p, keptOf<T>(slot, 2), dimension) <= 0;
  }
  template <class V, class T>
  CREDENCE_HD bool turnsFromBefore(std::int64_t slot, const T* p, const T* sum, double total) const {
    const T* before = keptOf<T>(slot, 1);
    return dotOf<V>(sum, before, dimension) - double(keptProduct<T>(slot, 1)) <= 0 ||
           total - dotOf<V>(p, keptOf<T>(slot, 2), dimension) + dotOf<V>(p, before, dimension) <= 0;
  }

  // Standard normals of this chain: counters (element, number, 1, 0).
  template <class V, class T>
  CREDENCE_HD void drawMomentum(T* to) const {
    const std::uint32_t* key = block.at<std::uint32_t>(1, r);
    const std::uint32_t element = elementsOf<std::uint32_t>(r, 1, block.integers[0]);
    using U = WordsOf<V>;
    for (std::int64_t d = 0; d < dimension; d += lanesOf<V>) {
      U number{};
      for (int lane = 0; lane < lanesOf<V>; ++lane) setLane(number, lane, std::uint32_t(d + lane));
      const V drawn = normalFrom<V>(philox(broadcast<U>(element), number, broadcast<U>(1u), U{}, broadcast<U>(key[0]), broadcast<U>(key[1])));
      for (int lane = 0; lane < lanesOf<V> && d + lane < dimension; ++lane) to[d + lane] = T(laneOf(drawn, lane));
    }
  }

  // From the point that was drawn last, with a new momentum, forwards in time: that is as good as either direction, since a momentum
  // is as likely as its negative.
  template <class V, class T>
  CREDENCE_HD_CALL void beginTransition(T* s) const {
    using N = NutsRow;
    T* p = vectorOf<T>(N::momentum);
    drawMomentum<V>(p);
    copy(vectorOf<T>(N::position), vectorOf<T>(N::proposalPosition));
    copy(vectorOf<T>(N::force), vectorOf<T>(N::proposalForce));
    copy(vectorOf<T>(N::farPosition), vectorOf<T>(N::proposalPosition));
    copy(vectorOf<T>(N::farMomentum), p);
    copy(vectorOf<T>(N::farForce), vectorOf<T>(N::proposalForce));
    copy(vectorOf<T>(N::momentumSum), p);
    const double square = dotOf<V>(p, p, dimension);
    s[N::direction] = s[N::weight] = T(1);
    s[N::leaf] = s[N::depth] = s[N::product] = s[N::acceptanceSum] = s[N::candidateWeight] = s[N::ending] = T(0);
    s[N::energy] = T(0.5 * square - double(s[N::proposalLogDensity]));
    s[N::farSquare] = T(square);
  }

  template <class V, class T>
  CREDENCE_HD_CALL void step() const {
    using N = NutsRow;
    T* s = block.at<T>(7, r);
    const T* old = block.at<T>(0, r);
    if (s != old)
      for (std::int64_t i = 0; i < block.operands[7].rowLength; ++i) s[i] = old[i];
    const double goal = *block.at<std::int32_t>(2, r);
    s[N::done] = s[N::acceptance] = s[N::diverging] = s[N::doublings] = s[N::steps] = T(0);
    if (s[N::direction] == T(0)) {
      if (double(s[N::count]) < goal) beginTransition<V>(s);
      return;
    }
    const double before = double(s[N::leaf]);
    const int leaf = before >= 0 && before < 65535 ? int(before) + 1 : 1;
    s[N::leaf] = T(leaf);
    const bool first = (leaf & (leaf - 1)) == 0, last = (leaf & (leaf + 1)) == 0;
    int own = 0, trailing = 0;
    for (int bits = leaf >> 1; bits != 0; bits >>= 1) own += bits & 1;
    for (int bits = leaf; bits & 1; bits >>= 1) ++trailing;
    if (own > slots) own = int(slots);  // of data that no sampler made

    const T* p = block.at<T>(4, r);
    T *near = vectorOf<T>(N::momentum), *far = vectorOf<T>(N::farMomentum), *sum = vectorOf<T>(N::momentumSum);
    const bool stores = leaf % 2 == 0 && own > 0;
    if (stores) {
      copy(keptOf<T>(own, 0), p);
      copy(keptOf<T>(own, 1), near);
      copy(keptOf<T>(own, 2), sum);
    }
    for (std::int64_t d = 0; d < dimension; ++d) sum[d] += p[d];
    const double square = dotOf<V>(p, p, dimension), total = dotOf<V>(p, sum, dimension);
    if (stores) {
      keptProduct<T>(own, 0) = T(total - square);
      keptProduct<T>(own, 1) = s[N::product];
    }

    // The stretches that end here: of an even leaf the half before it and itself, the first of the other half; of an odd one the
    // subtrees that it closes, and of each the last leaf of the first half with the other half
    // (https://discourse.mc-stan.org/t/nuts-misses-u-turns-runs-in-circles-until-max-treedepth/9727).
    bool turnsWithin = false, turnsWhole = false;
    const int lowest = leaf % 2 == 0 ? own - 1 : own - trailing + 1;
    const int highest = leaf % 2 == 0 ? own - 1 : own;
    for (int slot = lowest > 1 ? lowest : 1; slot <= highest && !turnsWithin; ++slot) turnsWithin = turnsFrom<V>(slot, p, sum, total);
    if (leaf % 2 == 1)
      for (int slot = lowest > 0 ? lowest + 1 : 2; slot <= own && !turnsWithin; ++slot) turnsWithin = turnsFromBefore<V>(slot, p, sum, total);
    double farTotal = 0;
    if (last || lowest <= 0) farTotal = dotOf<V>(far, sum, dimension);
    if (lowest <= 0) turnsWhole = farTotal <= 0 || total <= 0;
    if (leaf % 2 == 1 && lowest <= 0 && own > 0 && !turnsWhole) turnsWhole = turnsFromBefore<V>(1, p, sum, total);

    // The weight of the leaf, and whether this doubling chooses it. e^(H0 - H) is held below e^690, so that sums stay finite.
    const std::uint32_t* key = block.at<std::uint32_t>(1, r);
    const auto drawn = philox(elementsOf<std::uint32_t>(r, 1, block.integers[0]), 0u, 0u, 0u, key[0], key[1]);
    const auto& words = drawn.words;
    const double logDensity = double(*block.at<T>(6, r)), energy = 0.5 * square - logDensity;
    const double gain = double(s[N::energy]) - energy;
    const bool sound = gain > -1000 && gain < math::infinity<double>();  // false for NaN
    const double leafWeight = sound ? math::exp(gain < 690 ? gain : 690.0) : 0.0;
    const double candidateWeight = first ? leafWeight : double(s[N::candidateWeight]) + leafWeight;
    s[N::candidateWeight] = T(candidateWeight);
    if (uniformFrom<double>(words[0], words[1]) * candidateWeight <= leafWeight) {
      copy(vectorOf<T>(N::candidatePosition), block.at<T>(3, r));
      copy(vectorOf<T>(N::candidateForce), block.at<T>(5, r));
      s[N::candidateLogDensity] = T(logDensity);
      s[N::candidateEnergy] = T(energy);
    }

    // The end of a doubling, and of the trajectory.
    const bool broken = turnsWithin || !sound;
    const bool complete = last && !broken;
    const bool ending = turnsWhole || (!first && s[N::ending] != T(0));
    const bool done = broken || (complete && (ending || leaf >= (1 << block.integers[2]) - 1));
    const bool flips = complete && (words[0] & 1) != 0;  // a bit that the uniform above does not use
    s[N::ending] = T(ending ? 1 : 0);
    s[N::acceptanceSum] += T(leafWeight < 1 ? leafWeight : 1.0);
    if (complete) {
      if (uniformFrom<double>(words[2], words[3]) * double(s[N::weight]) < candidateWeight) {
        copy(vectorOf<T>(N::proposalPosition), vectorOf<T>(N::candidatePosition));
        copy(vectorOf<T>(N::proposalForce), vectorOf<T>(N::candidateForce));
        s[N::proposalLogDensity] = s[N::candidateLogDensity];
        s[N::proposalEnergy] = s[N::candidateEnergy];
      }
      s[N::weight] += T(candidateWeight);
      s[N::depth] += T(1);
    }
    if (done) {
      s[N::count] += T(1);
      s[N::done] = T(1);
      s[N::acceptance] = T(double(s[N::acceptanceSum]) / leaf);
      s[N::diverging] = T(sound ? 0 : 1);
      s[N::doublings] = s[N::depth];
      s[N::steps] = T(leaf);
      if (double(s[N::count]) < goal) return beginTransition<V>(s);
      s[N::direction] = T(0);
      return;
    }
    copy(vectorOf<T>(N::position), block.at<T>(3, r));
    copy(near, p);
    copy(vectorOf<T>(N::force), block.at<T>(5, r));
    s[N::product] = T(flips ? farTotal - double(s[N::farSquare]) : total - square);
    if (flips) {
      swap(vectorOf<T>(N::position), vectorOf<T>(N::farPosition));
      swap(near, far);
      swap(vectorOf<T>(N::force), vectorOf<T>(N::farForce));
      s[N::direction] = -s[N::direction];
      s[N::farSquare] = T(square);
    }
  }
};

}  // namespace CREDENCE_ISA
}  // namespace credence
