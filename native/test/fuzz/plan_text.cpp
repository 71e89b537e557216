#include "plan_text.hpp"

#include <credence/plan.hpp>
#include <fstream>
#include <stdexcept>

namespace credence::test {
namespace {

constexpr std::size_t poolAlignment = 16;  // words

/// How many fields stand before nested code; the last two of them are the lengths of its halves.
std::size_t fieldsBeforeCode(uint32_t kind) {
  return kind == static_cast<uint32_t>(Kind::loop) ? 5 : kind == static_cast<uint32_t>(Kind::cond) ? 3 : 0;
}

std::vector<Piece> readCode(const Words& words, std::size_t at, std::size_t end) {
  std::vector<Piece> pieces;
  while (at < end) {
    const std::size_t next = at + words[at + 1];
    Piece piece{words[at], {}, {}, {}};
    const std::size_t body = at + 2;
    if (const std::size_t fields = fieldsBeforeCode(piece.kind)) {
      const std::size_t code = body + fields, middle = code + words[code - 2];
      piece.words.assign(words.begin() + static_cast<std::ptrdiff_t>(body), words.begin() + static_cast<std::ptrdiff_t>(code - 2));
      piece.first = readCode(words, code, middle);
      piece.second = readCode(words, middle, next);
    } else {
      piece.words.assign(words.begin() + static_cast<std::ptrdiff_t>(body), words.begin() + static_cast<std::ptrdiff_t>(next));
    }
    pieces.push_back(std::move(piece));
    at = next;
  }
  return pieces;
}

Words writeCode(const std::vector<Piece>& pieces) {
  Words words;
  for (const Piece& piece : pieces) {
    Words body = piece.words;
    if (fieldsBeforeCode(piece.kind)) {
      const Words first = writeCode(piece.first), second = writeCode(piece.second);
      body.push_back(static_cast<uint32_t>(first.size()));
      body.push_back(static_cast<uint32_t>(second.size()));
      body.insert(body.end(), first.begin(), first.end());
      body.insert(body.end(), second.begin(), second.end());
    }
    words.push_back(piece.kind);
    words.push_back(static_cast<uint32_t>(body.size() + 2));
    words.insert(words.end(), body.begin(), body.end());
  }
  return words;
}

}  // namespace

PlanText takeApart(const Words& words) {
  const auto at = [&](std::size_t i) { return words.begin() + static_cast<std::ptrdiff_t>(i); };
  const std::size_t slotsEnd = headerWords + std::size_t{words[2]} * slotWords, codeEnd = slotsEnd + words[3];
  PlanText text{{at(0), at(headerWords)}, {at(headerWords), at(slotsEnd)}, readCode(words, slotsEnd, codeEnd), {}};
  if (words[8] || words[9]) text.pool.assign(at((codeEnd + poolAlignment - 1) / poolAlignment * poolAlignment), words.end());
  return text;
}

Words putTogether(const PlanText& text) {
  const Words code = writeCode(text.code);
  Words words = text.header;
  words[2] = static_cast<uint32_t>(text.slots.size() / slotWords);
  words[3] = static_cast<uint32_t>(code.size());
  words.insert(words.end(), text.slots.begin(), text.slots.end());
  words.insert(words.end(), code.begin(), code.end());
  if (!text.pool.empty()) {
    words.resize((words.size() + poolAlignment - 1) / poolAlignment * poolAlignment);
    words.insert(words.end(), text.pool.begin(), text.pool.end());
  }
  return words;
}

Words readWords(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::streamoff bytes = file ? static_cast<std::streamoff>(file.tellg()) : -1;
  if (bytes < 0 || bytes % 4 != 0) throw std::runtime_error(path + ": expected a file of 32-bit words");
  Words words(static_cast<std::size_t>(bytes / 4));
  file.seekg(0);
  if (!file.read(reinterpret_cast<char*>(words.data()), bytes)) throw std::runtime_error(path + ": cannot be read");
  return words;
}

}  // namespace credence::test
