// Elementwise work: a fused chain against a copy of the same bytes, and functions of numbers that are in the cache.
import { exp, full, maximum, minimum, repeat, slice, type Tensor, tanh } from "@credence/tensor";
import { copy } from "../compiled.ts";
import { pytorch } from "../pytorch.ts";
import { type Emit, measure, turnsFor } from "./kernel.ts";

/** Eight operations that keep numbers in [-1, 1]. */
const chain = (x: Tensor): Tensor =>
  maximum(minimum(x.mul(1.5).sub(0.25).abs().add(0.125), 0.875), 0.25)
    .neg()
    .add(1);

/** The first number after `turns` of `f` on `count` numbers: the loop works in place, and nothing else is written. */
const loop = (f: (x: Tensor) => Tensor, count: number, turns: number) => (): Tensor =>
  slice(repeat(turns, f, full([count], 0.5)), [0], [1]);

/** Share of a copy's speed, and f32 numbers a second, that the project promises. */
const barOfCopy = 0.7;
const rate = 3e9;

export async function elementwise(seconds: number, emit: Emit): Promise<void> {
  for (const count of [1e6, 1e8]) {
    const turns = count === 1e6 ? 50 : 10;
    const copied = await copy(4 * count, seconds);
    await measure(
      {
        name: "chain of 8",
        size: `${count / 1e6} M f32`,
        compute: loop(chain, count, turns),
        args: [],
        units: turns,
        peer: () => Promise.resolve(copied),
        bar: barOfCopy,
        ...(copied.seconds && { limit: { of: "copy", seconds: copied.seconds.median } as const }),
      },
      seconds,
      emit,
    );
  }
  const count = 8192;
  const turns = turnsFor(count / rate);
  const functions = { tanh, exp: (x: Tensor) => exp(x.neg()) }; // of the negative, since exp alone leaves the range
  for (const [name, f] of Object.entries(functions))
    await measure(
      {
        name: `${name} in cache`,
        size: `${count} f32`,
        compute: loop(f, count, turns),
        args: [],
        units: turns,
        peer: (budget) => pytorch("ops", [name, "--size", String(count), "--budget", String(budget)], 1),
        secondsMax: count / rate,
      },
      seconds,
      emit,
    );
}
