import { bytesOf, type DType } from "../dtype.ts";
import { sizeOf } from "../shape.ts";
import type { Instruction } from "./instruction.ts";

/** Nanoseconds, roughly, on one core. Only the order of magnitude matters: what is near the limit takes as long either way. */
const barrier = 400;
const start = 20_000;
/** By element (of f32; f64 takes twice as long) for arithmetic, and for any function that is more. */
const [cheapStep, dearStep] = [0.05, 1];
const byte = 0.05;
const multiplication = 0.03;
/** A turn count that is not known. */
const turnsUnknown = 100;

const cheap: ReadonlySet<string> = new Set(
  "constant iota neg abs sign floor ceil round add sub mul div square sqrt reciprocal relu max min whenPositive lt le eq ne and or xor not where cast".split(
    " ",
  ),
);

/** What threads divide, what one of them does while the others wait, and how often they meet. */
interface Work {
  readonly divided: number;
  readonly alone: number;
  readonly meetings: number;
}

const none: Work = { divided: 0, alone: 0, meetings: 0 };
const plus = (a: Work, b: Work): Work => ({
  divided: a.divided + b.divided,
  alone: a.alone + b.alone,
  meetings: a.meetings + b.meetings,
});
const times = ({ divided, alone, meetings }: Work, n: number): Work => ({ divided: divided * n, alone: alone * n, meetings: meetings * n });

const width = (dtype: DType): number => (dtype === "f64" ? 2 : 1);

function work(i: Instruction): Work {
  const shared = (time: number, parts: number): Work => (parts > 1 ? { ...none, divided: time } : { ...none, alone: time });
  switch (i.kind) {
    case "barrier":
      return { ...none, meetings: 1 };
    case "cluster": {
      const step = i.steps.reduce((sum, s) => sum + (cheap.has(s.op) ? cheapStep : dearStep) * width(s.dtype), 0);
      const moved = [...i.loads, ...i.stores.map((s) => s.lane)].reduce((sum, l) => sum + bytesOf[l.dtype], 0);
      return shared(sizeOf(i.dims) * (step + moved * byte), i.parts);
    }
    case "reduce":
      return shared(sizeOf(i.input.shape) * bytesOf[i.input.dtype] * byte, i.parts);
    case "matmul":
      return shared(i.batch * i.m * i.n * i.k * multiplication * width(i.dtype), i.parts);
    case "rows": {
      const length = [...i.inputs, ...i.outputs].reduce((sum, o) => sum + o.rowLength, 0);
      // Factorisations take more than their numbers, and simulations what they will.
      const row = i.op.startsWith("birthDeath") ? 100_000 : 50 + length * Math.sqrt(length);
      return shared(i.rows * row, i.parts);
    }
    case "cond": {
      const [yes, no] = [all(i.yes), all(i.no)];
      return plus({ ...none, meetings: 1 }, yes.divided + yes.alone > no.divided + no.alone ? yes : no);
    }
    case "loop": {
      const body = all(i.body);
      const turns = i.trips === undefined || i.predicate ? Math.min(i.trips ?? Infinity, turnsUnknown) : i.trips;
      if (i.independent) return { divided: (body.divided + body.alone) * turns, alone: 0, meetings: 1 };
      const turn = plus(body, i.predicate ? plus(all(i.predicate.code), { ...none, meetings: 2 }) : { ...none, meetings: 1 });
      return times(turn, turns);
    }
  }
}

const all = (list: readonly Instruction[]): Work => list.reduce((sum, i) => plus(sum, work(i)), none);

/** Whether two threads would be faster at these instructions than one. Where they are few and short, threads wait more than they work. */
export function worthSharing(instructions: readonly Instruction[]): boolean {
  const { divided, meetings } = all(instructions);
  return divided / 2 > start + meetings * barrier;
}
