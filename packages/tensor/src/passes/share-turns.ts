import { accesses, rootOf } from "./access.ts";
import { actual, type Instruction, type Loop, type Storage } from "./instruction.ts";

/** Turns from which on a loop of independent ones is shared turn by turn: fewer could leave threads idle that rows would keep busy. */
const turnsMin = 4;

/** The most memory that each thread may get for such turns, in bytes. Beyond it a turn is long enough for all threads to share it. */
const ownBytesMax = 16 << 20;

/** Everything nested in an instruction, and what decides over it. */
export const children = (i: Instruction): readonly (readonly Instruction[])[] =>
  i.kind === "loop" ? [i.predicate?.code ?? [], i.body] : i.kind === "cond" ? [i.yes, i.no] : [];
export const flags = (i: Instruction): Storage[] =>
  i.kind === "loop" && i.predicate ? [actual(i.predicate.flag.storage)] : i.kind === "cond" ? [actual(i.flag.storage)] : [];

/**
 * Gives the turns of a loop that carries nothing to single threads, which need no barriers then and work in memory of their own. `place`
 * finds places for what is used in one turn and returns its bytes. Other loops come back as ones whose every instruction is shared.
 */
export function shareTurns(
  instructions: readonly Instruction[],
  place: (body: readonly Instruction[]) => number,
): { instructions: Instruction[]; ownBytes: number } {
  const isCandidate = (i: Loop): boolean => i.independent === true && i.trips !== undefined && i.trips >= turnsMin;
  const users = usersOf(instructions, isCandidate);
  let ownBytes = 0;
  const shared = (loop: Loop): Loop => {
    const own = [...users].filter(([s, user]) => user === loop && s.kind === "arena").map(([s]) => s);
    for (const s of own) s.kind = "own";
    const bytes = place(loop.body);
    if (bytes <= ownBytesMax) {
      ownBytes = Math.max(ownBytes, bytes);
      return loop;
    }
    for (const s of own) {
      s.kind = "arena";
      delete s.offset;
    }
    return { ...loop, independent: false, body: loop.body.map(visit) };
  };
  const visit = (i: Instruction): Instruction => {
    if (i.kind === "cond") return { ...i, yes: i.yes.map(visit), no: i.no.map(visit) };
    if (i.kind !== "loop") return i;
    if (isCandidate(i)) return shared(i);
    const predicate = i.predicate && { ...i.predicate, code: i.predicate.code.map(visit) };
    return { ...i, independent: false, predicate, body: i.body.map(visit) };
  };
  return { instructions: instructions.map(visit), ownBytes };
}

/** The outermost candidate in which a piece of memory is used, undefined if it is used elsewhere too. */
function usersOf(instructions: readonly Instruction[], isCandidate: (i: Loop) => boolean): Map<Storage, Loop | undefined> {
  const users = new Map<Storage, Loop | undefined>();
  const use = (s: Storage, by: Loop | undefined): void => {
    const root = rootOf(s);
    users.set(root, users.has(root) && users.get(root) !== by ? undefined : by);
  };
  const walk = (list: readonly Instruction[], by: Loop | undefined): void => {
    for (const i of list) {
      for (const a of accesses(i)) use(a.storage, by);
      for (const s of flags(i)) use(s, by);
      const inside = by ?? (i.kind === "loop" && isCandidate(i) ? i : undefined);
      for (const code of children(i)) walk(code, inside);
    }
  };
  walk(instructions, undefined);
  return users;
}
