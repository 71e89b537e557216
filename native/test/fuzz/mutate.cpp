#include "mutate.hpp"

#include <algorithm>
#include <credence/plan.hpp>
#include <iterator>

namespace credence::test {
namespace {

std::size_t below(Random& random, std::size_t count) { return static_cast<std::size_t>(random() % count); }

/// A word of the plan itself: extents, strides and offsets that fit somewhere else.
uint32_t foundIn(const PlanText& plan, Random& random) {
  const Words& from = plan.slots.empty() || random() % 4 == 0 ? plan.header : plan.slots;
  return from[below(random, from.size())];
}

void damage(uint32_t& word, const PlanText& plan, Random& random) {
  static constexpr uint32_t telling[] = {0,   1,   2,   3,   4,    5,      7,          8,          9,          15,        16,
                                         17,  31,  32,  63,  64,   65,     127,        128,        255,        256,       257,
                                         511, 512, 1023, 1024, 4096, 65535,  65536,      0x3fffffff, 0x40000000, 0x7fffffff, 0x80000000,
                                         0x80000001, 0xc0000000, 0xfffffff0, 0xfffffffc, 0xfffffffe, 0xffffffff};
  switch (random() % 10) {
    case 0: word = telling[below(random, std::size(telling))]; break;
    case 1: word += 1; break;
    case 2: word -= 1; break;
    case 3: word ^= 1u << random() % 32; break;
    case 4: word = static_cast<uint32_t>(random() % 80); break;
    case 5: word = 0u - word; break;
    case 6: word *= 2; break;
    case 7: word /= 2; break;
    case 8: word = foundIn(plan, random) + static_cast<uint32_t>(random() % 3) - 1; break;
    default: word += (random() % 2 ? 1u : 0u - 1u) << random() % 8;
  }
}

void damageOneOf(Words& words, const PlanText& plan, Random& random) {
  if (!words.empty()) damage(words[below(random, words.size())], plan, random);
}

/// A block of the code, at any depth, that is not empty.
std::vector<Piece>& anyBlock(std::vector<Piece>& code, Random& random) {
  std::vector<Piece>* block = &code;
  for (int depth = 0; depth < 4; ++depth) {
    Piece& piece = (*block)[below(random, block->size())];
    std::vector<Piece>& inner = random() % 2 ? piece.first : piece.second;
    if (inner.empty() || random() % 3 == 0) break;
    block = &inner;
  }
  return *block;
}

Piece wrapped(Piece piece, const PlanText& plan, Random& random) {
  const auto slot = static_cast<uint32_t>(random() % (plan.slots.size() / slotWords + 1));
  if (random() % 2) return {static_cast<uint32_t>(Kind::cond), {slot}, {piece}, {random() % 2 ? piece : Piece{1, {}, {}, {}}}};
  if (random() % 4 == 0) return {static_cast<uint32_t>(Kind::loop), {1, static_cast<uint32_t>(random() % 5), slot}, {piece}, {piece}};
  const uint32_t kind = random() % 2 ? 0 : 2;  // a repeat, or each
  return {static_cast<uint32_t>(Kind::loop), {kind, static_cast<uint32_t>(random() % 5), 0}, {}, {std::move(piece)}};
}

void mutateCode(PlanText& plan, const PlanText& donor, Random& random) {
  if (plan.code.empty()) return;
  std::vector<Piece>& block = anyBlock(plan.code, random);
  const std::size_t i = below(random, block.size()), j = below(random, block.size());
  const auto at = [&](std::size_t index) { return block.begin() + static_cast<std::ptrdiff_t>(index); };
  switch (random() % 16) {
    case 0: block.erase(at(i)); break;
    case 1: block.insert(at(j), Piece(block[i])); break;
    case 2: std::swap(block[i], block[j]); break;
    case 3: block[i] = wrapped(block[i], plan, random); break;
    case 4: block[i].kind = static_cast<uint32_t>(random() % 9); break;
    case 5: block[i].words.resize(below(random, block[i].words.size() + 2)); break;
    case 6:
      if (!donor.code.empty()) block.insert(at(j), donor.code[below(random, donor.code.size())]);
      break;
    case 7: {  // fields of the same kind of instruction elsewhere
      const Piece& other = donor.code.empty() ? block[j] : donor.code[below(random, donor.code.size())];
      const std::size_t common = std::min(other.words.size(), block[i].words.size());
      if (common == 0) break;
      const std::size_t from = below(random, common), count = 1 + below(random, common - from);
      for (std::size_t k = from; k < from + count; ++k) block[i].words[k] = other.words[k];
      break;
    }
    default: damageOneOf(block[i].words, plan, random);
  }
}

void mutateSlots(PlanText& plan, const PlanText& donor, Random& random) {
  if (plan.slots.empty()) return;
  const std::size_t count = plan.slots.size() / slotWords, i = below(random, count), j = below(random, count);
  uint32_t* const slot = plan.slots.data() + i * slotWords;
  switch (random() % 6) {
    case 0: std::copy_n(plan.slots.data() + j * slotWords, slotWords, slot); break;
    case 1:
      if (!donor.slots.empty())
        std::copy_n(donor.slots.data() + below(random, donor.slots.size() / slotWords) * slotWords, slotWords, slot);
      break;
    case 2: plan.slots.resize((count - 1) * slotWords); break;
    default: damage(slot[below(random, slotWords)], plan, random);
  }
}

}  // namespace

Words mutate(const PlanText& plan, const PlanText& donor, Random& random) {
  PlanText damaged = plan;
  int changes = 1;
  while (changes < 8 && random() % 2) ++changes;
  for (; changes > 0; --changes) {
    switch (random() % 8) {
      case 0:
      case 1: mutateSlots(damaged, donor, random); break;
      case 2: damageOneOf(random() % 4 ? damaged.pool : damaged.header, plan, random); break;
      default: mutateCode(damaged, donor, random);
    }
  }
  Words words = putTogether(damaged);
  if (random() % 16 == 0) damageOneOf(words, plan, random);  // lengths and counts too
  if (random() % 64 == 0) words.resize(below(random, words.size() + 2));
  return words;
}

}  // namespace credence::test
