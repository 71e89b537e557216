import { type Access, accesses, conflict, overlap, rootOf } from "./access.ts";
import type { Instruction, Storage } from "./instruction.ts";

/** Instructions that wait for one barrier together, at most: what waits keeps its operands in memory. */
const waitingMax = 8;

/** An instruction none of whose operands is longer, in bytes, may be moved far: what it keeps in memory does not matter. */
const lightBytes = 16 << 10;

/**
 * The same instructions in an order that needs fewer barriers: what would need one is put off while others can go on, so that several
 * wait for the same. The barriers that data need are among the result.
 */
export function formPhases(instructions: readonly Instruction[]): Instruction[] {
  const result: Instruction[] = [];
  let straight: Instruction[] = [];
  const flush = (): void => {
    result.push(...order(straight));
    straight = [];
  };
  for (const i of instructions) {
    if (i.kind === "loop" || i.kind === "cond") {
      flush();
      result.push(withPhases(i));
    } else straight.push(i);
  }
  flush();
  return result;
}

function withPhases(i: Instruction): Instruction {
  if (i.kind === "cond") return { ...i, yes: formPhases(i.yes), no: formPhases(i.no) };
  if (i.kind !== "loop") return i;
  const predicate = i.predicate && { ...i.predicate, code: formPhases(i.predicate.code) };
  return { ...i, predicate, body: formPhases(i.body) };
}

interface Entry {
  readonly instruction: Instruction;
  readonly accesses: readonly Access[];
  readonly light: boolean;
}

/** Accesses of a set of instructions, by the memory they go to. */
class Touched {
  readonly #byRoot = new Map<Storage, Access[]>();

  add(entry: Entry): void {
    for (const a of entry.accesses) {
      const root = rootOf(a.storage);
      const known = this.#byRoot.get(root);
      if (known) known.push(a);
      else this.#byRoot.set(root, [a]);
    }
  }

  meets(entry: Entry, test: (x: Access, y: Access) => boolean): boolean {
    return entry.accesses.some((a) => this.#byRoot.get(rootOf(a.storage))?.some((b) => test(a, b)));
  }
}

function order(instructions: readonly Instruction[]): Instruction[] {
  const entries = instructions.map((instruction): Entry => {
    const touched = accesses(instruction);
    return { instruction, accesses: touched, light: touched.every((a) => a.high - a.low <= lightBytes) };
  });
  // What is light and waits for nothing heavy comes first, what is light and nothing heavy waits for comes last: the little work on
  // weights in every layer of a network shares its barriers.
  const [early, later] = separate(entries);
  const [late, middle] = separate(later.reverse());
  let queue = [...early, ...middle.reverse(), ...late.reverse()];

  const result: Instruction[] = [];
  while (queue.length > 0) {
    const open = new Touched();
    const put = new Touched();
    const waiting: Entry[] = [];
    let at = 0;
    for (; at < queue.length && waiting.length < waitingMax; at++) {
      const entry = queue[at]!;
      if (put.meets(entry, overlap) || open.meets(entry, conflict)) {
        waiting.push(entry);
        put.add(entry);
      } else {
        open.add(entry);
        result.push(entry.instruction);
      }
    }
    queue = [...waiting, ...queue.slice(at)];
    if (queue.length > 0) result.push({ kind: "barrier" });
  }
  return result;
}

/** Light entries that touch nothing which an entry left behind has touched before them, and the rest; both in order. */
function separate(entries: readonly Entry[]): [moved: Entry[], left: Entry[]] {
  const moved: Entry[] = [];
  const left: Entry[] = [];
  const behind = new Touched();
  for (const entry of entries) {
    if (entry.light && !behind.meets(entry, overlap)) moved.push(entry);
    else {
      left.push(entry);
      behind.add(entry);
    }
  }
  return [moved, left];
}
