// A plan's words taken apart, and put together again with lengths that fit: what a mutation that knows of words works on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace credence::test {

using Words = std::vector<uint32_t>;

/// An instruction. A loop has the code of its predicate and its body, a cond those of its branches; `words` are the fields before.
struct Piece {
  uint32_t kind;
  Words words;
  std::vector<Piece> first, second;
};

struct PlanText {
  Words header, slots;
  std::vector<Piece> code;
  Words pool;
};

/// `words` is a well-formed plan.
PlanText takeApart(const Words& words);

/// Counts and lengths are what is there, whatever the header said.
Words putTogether(const PlanText& text);

/// @throws std::runtime_error naming the file
Words readWords(const std::string& path);

}  // namespace credence::test
