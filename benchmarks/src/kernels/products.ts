// A dense layer, relu(x w + b), and the gradient of its weights, x^T g, against oneDNN's product alone.
import { cond, less, matmul, matrixTranspose, relu, repeat, type Tensor, zeros } from "@credence/tensor";
import { arithmeticLimit, oneDnnProduct } from "../compiled.ts";
import { type Emit, measure, turnsFor, uniform } from "./kernel.ts";

const batches = [200, 1000, 10_000];
const widths = [50, 64, 128, 256];

/** Share of oneDNN's speed that the project promises. */
const bar = 0.85;

const layer = (x: Tensor, w: Tensor, b: Tensor): Tensor => relu(matmul(x, w).add(b));

export async function products(seconds: number, emit: Emit): Promise<void> {
  for (const batch of batches)
    for (const width of widths) {
      const operations = 2 * batch * width * width;
      const limit = await arithmeticLimit(operations);
      const turns = turnsFor(operations / 1e11);
      const common = {
        size: `${batch} x ${width} x ${width}`,
        units: turns,
        bar,
        ...(limit !== undefined && { limit: { of: "arithmetic", seconds: limit } as const }),
      };
      // Two layers a turn: the second one writes where the first one has read, and nothing is copied.
      await measure(
        {
          ...common,
          name: "dense layer",
          compute: (x, w, b) => repeat(turns / 2, (h: Tensor) => layer(layer(h, w!, b!), w!, b!), x!),
          args: [uniform([batch, width]), uniform([width, width], Math.sqrt(6 / width)), uniform([width])],
          peer: (budget) => oneDnnProduct({ m: batch, n: width, k: width }, budget),
        },
        seconds,
        emit,
      );
      // In a branch, which nothing is moved out of: every turn computes the gradient anew.
      const again = (i: Tensor, f: () => Tensor): Tensor => cond(less(i, turns), f, () => zeros([width, width]));
      await measure(
        {
          ...common,
          name: "weight gradient",
          compute: (x, g) => repeat(turns, (_: Tensor, i) => again(i, () => matmul(matrixTranspose(x!), g!)), zeros([width, width])),
          args: [uniform([batch, width]), uniform([batch, width])],
          peer: (budget) => oneDnnProduct({ m: width, n: width, k: batch, transposed: true }, budget),
        },
        seconds,
        emit,
      );
    }
}
