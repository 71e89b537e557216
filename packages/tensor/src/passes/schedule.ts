import { type Access, accesses, conflict, rootOf } from "./access.ts";
import { actual, type Instruction, type Lowered, type Storage } from "./instruction.ts";
import { formPhases } from "./phases.ts";
import { children, flags, shareTurns } from "./share-turns.ts";

/** A lowered program with a place in memory for every storage, and barriers where threads read what others wrote. */
export interface Scheduled extends Lowered {
  readonly arenaBytes: number;
  /** Memory of its own that each thread needs. */
  readonly ownBytes: number;
}

export function schedule(lowered: Lowered): Scheduled {
  const ordered = shareTurns(formPhases(lowered.instructions), (body) => placeStorages(body, "own"));
  const arenaBytes = placeStorages(ordered.instructions, "arena");
  return { ...lowered, instructions: placeBarriers(ordered.instructions), arenaBytes, ownBytes: ordered.ownBytes };
}

/** When a piece of memory is in use, counted in instructions and in barriers. */
interface Life {
  first: number;
  last: number;
  readonly firstPhase: number;
  lastPhase: number;
  /** How the threads divide it when it is first touched, and since the last barrier of its life: "mixed" if in several ways. */
  readonly firstDivision: string;
  lastDivision: string;
}

/** First and last instruction that touches each piece of memory of this kind; inside a loop, what exists outside of it lives to its end. */
function lifetimes(instructions: readonly Instruction[], kind: Storage["kind"]): Map<Storage, Life> {
  const lives = new Map<Storage, Life>();
  let clock = 0;
  let phase = 0;
  const touch = (s: Storage, at: number, division = "mixed"): void => {
    const root = rootOf(s);
    if (root.kind !== kind) return;
    const life = lives.get(root);
    if (!life) {
      lives.set(root, { first: at, last: at, firstPhase: phase, lastPhase: phase, firstDivision: division, lastDivision: division });
      return;
    }
    if (life.lastPhase < phase) life.lastDivision = division;
    else if (life.lastDivision !== division) life.lastDivision = "mixed";
    life.last = Math.max(life.last, at);
    life.lastPhase = phase;
  };
  const walk = (list: readonly Instruction[], sliced: Set<Storage>): void => {
    for (const i of list) {
      const at = clock++;
      if (i.kind === "barrier" || i.kind === "loop" || i.kind === "cond") phase++;
      for (const a of accesses(i)) {
        touch(a.storage, at, `${a.parts}:${a.stride}`);
        if (a.storage.base) sliced.add(actual(a.storage.base));
      }
      for (const s of flags(i)) touch(s, at);
      if (i.kind !== "loop") {
        for (const code of children(i)) walk(code, sliced);
        for (const s of flags(i)) touch(s, at);
        continue;
      }
      const before = new Set(lives.keys());
      const inside = new Set<Storage>();
      for (const code of children(i)) walk(code, inside);
      const end = clock++;
      phase++;
      for (const s of flags(i)) touch(s, end);
      for (const [s, life] of lives) if (before.has(s) && life.last > at) touch(s, end);
      for (const s of inside) {
        touch(s, end);
        const life = lives.get(s);
        if (life) life.first = Math.min(life.first, at);
        sliced.add(s);
      }
    }
  };
  walk(instructions, new Set());
  return lives;
}

const align = (n: number): number => Math.ceil(n / 64) * 64;

interface Place {
  readonly low: number;
  readonly high: number;
  readonly life: Life;
}

/**
 * Gives every storage the lowest place that is free during its life. A place that was freed since the last barrier is free only for what
 * the threads divide alike, byte for byte: anything else would need a barrier of its own. Returns the bytes in all.
 */
function placeStorages(instructions: readonly Instruction[], kind: "arena" | "own"): number {
  const lives = [...lifetimes(instructions, kind)].sort(([, a], [, b]) => a.first - b.first);
  let places: Place[] = [];
  let total = 0;
  for (const [s, life] of lives) {
    const bytes = align(s.bytes);
    places = places.filter((p) => p.life.last >= life.first || p.life.lastPhase >= life.firstPhase).sort((a, b) => a.low - b.low);
    const fits = ({ low, high, life: other }: Place): boolean =>
      high - low === bytes && other.last < life.first && other.lastDivision === life.firstDivision;
    const taken = (p: Place): boolean => !fits(p);
    const successor = places.find((p) => fits(p) && !places.some((q) => q.low < p.high && p.low < q.high && (q.low !== p.low || taken(q))));
    s.offset = successor?.low ?? bestGap(places, bytes);
    places.push({ low: s.offset, high: s.offset + bytes, life });
    total = Math.max(total, s.offset + bytes);
  }
  return total;
}

/** The start of the smallest gap between places, sorted, that has room, or their end. */
function bestGap(places: readonly Place[], bytes: number): number {
  let at = 0;
  let best: number | undefined;
  let smallest = Infinity;
  for (const { low, high } of places) {
    const gap = low - at;
    if (gap >= bytes && gap < smallest) {
      best = at;
      smallest = gap;
    }
    at = Math.max(at, high);
  }
  return best ?? at;
}

/** Barriers before every instruction that touches what another thread may still write or read. */
function placeBarriers(instructions: readonly Instruction[]): Instruction[] {
  const walk = (list: readonly Instruction[], pending: Access[]): { code: Instruction[]; pending: Access[] } => {
    const code: Instruction[] = [];
    let open = pending;
    for (const i of list) {
      if (i.kind === "barrier") {
        code.push(i);
        open = [];
        continue;
      }
      if (i.kind === "loop") {
        if (open.length) code.push({ kind: "barrier" });
        const predicate = i.predicate && { ...i.predicate, code: walk(i.predicate.code, []).code };
        code.push({ ...i, predicate, body: walk(i.body, []).code });
        open = [];
        continue;
      }
      if (i.kind === "cond") {
        const [yes, no] = [walk(i.yes, []), walk(i.no, [])];
        code.push({ ...i, yes: yes.code, no: no.code });
        open = [...yes.pending, ...no.pending];
        continue;
      }
      const next = accesses(i);
      if (next.some((a) => open.some((b) => conflict(a, b)))) {
        code.push({ kind: "barrier" });
        open = [];
      }
      open.push(...next.filter((a) => a.storage.kind !== "input"));
      code.push(i);
    }
    return { code, pending: open };
  };
  return walk(instructions, []).code;
}
