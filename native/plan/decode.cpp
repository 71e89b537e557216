// Decodes a plan: header, slots, constant pool, and the tree of instructions. The word format:
//   header   magic, version, slots, code words, arena bytes (lo, hi), inputs, outputs, pool bytes (lo, hi), loop depth, own bytes (lo, hi),
//            3 zeros
//   slots    [kind, index, offset lo, hi, bytes lo, hi, stride bytes, flags] each
//   code     [kind, length, ...] each
//   pool     from the next multiple of 16 words
#include <algorithm>
#include <string>

#include "reader.hpp"

namespace credence {
namespace {

constexpr uint32_t nestingMax = 64;  // loops and conds; bounds the recursion here and in the executors
constexpr int64_t bytesMax = int64_t{1} << 46;

struct Header {
  uint32_t slots, codeWords, inputs, outputs, loopDepth;
  int64_t arenaBytes, poolBytes, ownBytes;
};

Header readHeader(Cursor& cursor) {
  Header header;
  if (const uint32_t magic = cursor.next(); magic != planMagic) refuse("magic word 0x%08x where 0x%08x is expected", magic, planMagic);
  if (const uint32_t version = cursor.next(); version != planVersion) refuse("version %u where %u is expected", version, planVersion);
  header.slots = cursor.next();
  header.codeWords = cursor.next();
  header.arenaBytes = cursor.nextWide();
  header.inputs = cursor.next();
  header.outputs = cursor.next();
  header.poolBytes = cursor.nextWide();
  header.loopDepth = cursor.next();
  header.ownBytes = cursor.nextWide();
  for (int i = 13; i < 16; ++i)
    if (const uint32_t word = cursor.next(); word != 0) refuse("header word %d must be 0, got %u", i, word);
  if (header.arenaBytes < 0 || header.arenaBytes > bytesMax) refuse("arena of %lld bytes", static_cast<long long>(header.arenaBytes));
  if (header.ownBytes < 0 || header.ownBytes > bytesMax) refuse("%lld bytes for each thread", static_cast<long long>(header.ownBytes));
  if (header.loopDepth > loopDepthMax) refuse("loop depth must be at most %u, got %u", loopDepthMax, header.loopDepth);
  if (header.inputs > 65536 || header.outputs > 65536)
    refuse("at most 65536 inputs and outputs, got %u and %u", header.inputs, header.outputs);
  return header;
}

Slot readSlot(Cursor& cursor) {
  Slot slot;
  const uint32_t kind = cursor.next();
  if (kind > static_cast<uint32_t>(SlotKind::own)) refuse("kind %u is unknown", kind);
  slot.kind = static_cast<SlotKind>(kind);
  slot.index = cursor.next();
  slot.offset = cursor.nextWide();
  slot.bytes = cursor.nextWide();
  slot.strideBytes = cursor.nextSigned();
  const uint32_t flags = cursor.next();
  if (flags > 1) refuse("flags must be 0 or 1, got %u", flags);
  slot.reversed = flags == 1;
  if (slot.offset < 0 || slot.offset > bytesMax || slot.bytes < 0 || slot.bytes > bytesMax) refuse("offset or size out of range");
  return slot;
}

void checkSlot(const Slot& slot, const Header& header, const std::vector<Slot>& slots) {
  const auto within = [&](int64_t size, const char* what) {
    if (slot.offset + slot.bytes > size)
      refuse("bytes %lld to %lld lie outside the %s of %lld bytes", static_cast<long long>(slot.offset),
             static_cast<long long>(slot.offset + slot.bytes), what, static_cast<long long>(size));
  };
  const auto below = [&](uint32_t count, const char* what) {
    if (slot.index >= count) refuse("%s %u is not below %u", what, slot.index, count);
    if (slot.offset != 0) refuse("the offset of an %s must be 0", what);
  };
  switch (slot.kind) {
    case SlotKind::arena: return within(header.arenaBytes, "arena");
    case SlotKind::own: return within(header.ownBytes, "memory of a thread");
    case SlotKind::constant: return within(header.poolBytes, "constant pool");
    case SlotKind::input: return below(header.inputs, "input");
    case SlotKind::output: return below(header.outputs, "output");
    case SlotKind::sliced:
      if (slot.index >= slots.size() || slots[slot.index].kind == SlotKind::sliced)
        refuse("base slot %u is a slice", slot.index);
      if (slot.offset >= loopDepthMax) refuse("loop depth must be below %u", loopDepthMax);
      if (slot.bytes > slots[slot.index].bytes) refuse("a slice of slot %u is larger than the slot", slot.index);
  }
}

class CodeReader {
 public:
  CodeReader(const std::vector<Slot>& slots, uint32_t loopDepth) : scope_{slots, {}}, loopDepth_(loopDepth) {}

  Block readBlock(Cursor cursor) {
    Block block;
    while (!cursor.done()) block.push_back(readInstruction(cursor));
    return block;
  }

 private:
  Instruction readInstruction(Cursor& cursor) {
    const uint32_t index = next_++;
    uint32_t kind = 0;
    try {
      kind = cursor.next();
      const uint32_t length = cursor.next();
      if (length < 2) refuse("length must be at least 2, got %u", length);
      Cursor body = cursor.split(length - 2);
      Instruction instruction{index, readBody(kind, body)};
      if (!body.done()) refuse("%zu words are left over", body.remaining());
      return instruction;
    } catch (const NestedPlanError&) {
      throw;
    } catch (const PlanError& error) {
      throw NestedPlanError("plan: instruction " + std::to_string(index) + " (" + nameOfKind(kind) + "): " + error.what());
    }
  }

  decltype(Instruction::body) readBody(uint32_t kind, Cursor& body) {
    switch (static_cast<Kind>(kind)) {
      case Kind::barrier: return Barrier{};
      case Kind::cluster: return readCluster(body, scope_);
      case Kind::reduce: return readReduce(body, scope_);
      case Kind::matmul: return readMatmul(body, scope_);
      case Kind::rows: return readRows(body, scope_);
      case Kind::loop: return readLoop(body);
      case Kind::cond: return readCond(body);
    }
    refuse("kind %u is unknown", kind);
  }

  Loop readLoop(Cursor& body) {
    Loop loop;
    const uint32_t kind = body.next();
    if (kind > 2) refuse("loop kind must be 0 (repeat), 1 (while) or 2 (each), got %u", kind);
    loop.kind = static_cast<LoopKind>(kind);
    loop.trips = body.next();
    loop.predicateSlot = body.next();
    const uint32_t predicateWords = body.next();
    const uint32_t bodyWords = body.next();
    if (!loop.isWhile() && predicateWords != 0) refuse("only a while has predicate code, got %u words", predicateWords);
    loop.depth = static_cast<uint32_t>(scope_.loops.size());
    if (loop.depth >= loopDepth_) refuse("loops nest deeper than the header's %u", loopDepth_);
    enter();
    scope_.loops.push_back({loop.isWhile(), loop.trips});
    loop.predicate = readBlock(body.split(predicateWords));
    if (loop.isWhile()) checkView(scope_, "predicate", loop.predicateSlot, Type::boolean, 0, {1}, {1}, false);
    loop.body = readBlock(body.split(bodyWords));
    scope_.loops.pop_back();
    --nesting_;
    return loop;
  }

  Cond readCond(Cursor& body) {
    Cond cond;
    cond.predicateSlot = body.next();
    const uint32_t thenWords = body.next();
    const uint32_t elseWords = body.next();
    checkView(scope_, "predicate", cond.predicateSlot, Type::boolean, 0, {1}, {1}, false);
    enter();
    cond.then = readBlock(body.split(thenWords));
    cond.otherwise = readBlock(body.split(elseWords));
    --nesting_;
    return cond;
  }

  void enter() {
    if (++nesting_ > nestingMax) refuse("loops and conds nest deeper than %u", nestingMax);
  }

  static const char* nameOfKind(uint32_t kind) {
    switch (static_cast<Kind>(kind)) {
#define CREDENCE_CASE(name, code) \
  case Kind::name: return #name;
      CREDENCE_KINDS(CREDENCE_CASE)
#undef CREDENCE_CASE
    }
    return "?";
  }

  struct NestedPlanError : PlanError {  // already says which instruction
    using PlanError::PlanError;
  };

  Scope scope_;
  uint32_t loopDepth_;
  uint32_t nesting_ = 0;
  uint32_t next_ = 0;
};

}  // namespace

Plan decodePlan(const uint32_t* words, std::size_t count) {
  Plan plan;
  Cursor cursor(words, 0, count);
  Header header;
  try {
    header = readHeader(cursor);
  } catch (const PlanError& error) {
    throw PlanError(std::string("plan: header: ") + error.what());
  }

  const uint64_t codeEnd = uint64_t{headerWords} + uint64_t{header.slots} * slotWords + header.codeWords;
  const uint64_t poolStart = (codeEnd + 15) / 16 * 16;
  const bool hasPool = header.poolBytes > 0;
  const uint64_t poolWords = hasPool && header.poolBytes <= bytesMax ? static_cast<uint64_t>(header.poolBytes + 3) / 4 : 0;
  const uint64_t end = hasPool ? poolStart + poolWords : codeEnd;
  if (header.poolBytes < 0 || header.poolBytes > bytesMax || count < end || count >= end + 16)
    throw PlanError("plan: header: it announces " + std::to_string(header.slots) + " slots, " + std::to_string(header.codeWords) +
                    " words of code and " + std::to_string(header.poolBytes) + " bytes of constants, " + std::to_string(end) +
                    " words in all, but the plan has " + std::to_string(count));

  const auto named = [](std::size_t slot, const PlanError& error) {
    return PlanError("plan: slot " + std::to_string(slot) + ": " + error.what());
  };
  for (uint32_t i = 0; i < header.slots; ++i) {
    try {
      plan.slots.push_back(readSlot(cursor));
    } catch (const PlanError& error) {
      throw named(i, error);
    }
  }
  plan.inputBytes.assign(header.inputs, 0);
  plan.outputBytes.assign(header.outputs, 0);
  for (std::size_t i = 0; i < plan.slots.size(); ++i) {
    const Slot& slot = plan.slots[i];
    try {
      checkSlot(slot, header, plan.slots);
    } catch (const PlanError& error) {
      throw named(i, error);
    }
    if (slot.kind == SlotKind::input) plan.inputBytes[slot.index] = std::max(plan.inputBytes[slot.index], slot.bytes);
    if (slot.kind == SlotKind::output) plan.outputBytes[slot.index] = std::max(plan.outputBytes[slot.index], slot.bytes);
  }
  plan.arenaBytes = header.arenaBytes;
  plan.ownBytes = header.ownBytes;
  plan.constants.assign(words + (hasPool ? poolStart : count), words + (hasPool ? end : count));
  plan.code = CodeReader(plan.slots, header.loopDepth).readBlock(cursor.split(header.codeWords));
  return plan;
}

}  // namespace credence
