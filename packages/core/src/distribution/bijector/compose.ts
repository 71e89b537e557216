import { type Shape, sum, type Tensor } from "@credence/tensor";
import type { Bijector } from "./bijector.ts";

const lastAxes = (rank: number): number[] => Array.from({ length: rank }, (_, i) => i - rank);
const reduceTo = (x: Tensor, rank: number): Tensor => (rank > 0 ? sum(x, lastAxes(rank)) : x);

/** `f` on the last `rank` further axes at once: log derivatives add up over them. */
export const independentBijector = (f: Bijector, rank: number): Bijector => ({
  name: f.name,
  eventRank: f.eventRank + rank,
  ...(f.imageShape && { imageShape: (shape: Shape) => [...shape.slice(0, rank), ...f.imageShape!(shape.slice(rank))] }),
  forward: f.forward,
  inverse: f.inverse,
  logDerivative: (x) => reduceTo(f.logDerivative(x), rank),
  inverseLogDerivative: (y) => reduceTo(f.inverseLogDerivative(y), rank),
});

/** First `maps[0]`, then `maps[1]` and so on. A map of a smaller event rank acts on every part of the larger event. */
export function compose(...maps: readonly Bijector[]): Bijector {
  const first = maps[0];
  if (!first) throw new RangeError("compose: expected at least one bijector, got none");
  const eventRank = Math.max(...maps.map((f) => f.eventRank));
  const lifted = maps.map((f) => independentBijector(f, eventRank - f.eventRank));
  return {
    name: maps.map(({ name }) => name).join(" then "),
    eventRank,
    forward: (x) => lifted.reduce((value, f) => f.forward(value), x),
    inverse: (y) => lifted.reduceRight((value, f) => f.inverse(value), y),
    logDerivative: (x) => chain(lifted, x, (f) => [f.forward, f.logDerivative]),
    inverseLogDerivative: (y) => chain(lifted.toReversed(), y, (f) => [f.inverse, f.inverseLogDerivative]),
  };
}

/** The chain rule: log derivatives along the way add up. */
function chain(maps: readonly Bijector[], start: Tensor, parts: (f: Bijector) => [(x: Tensor) => Tensor, (x: Tensor) => Tensor]): Tensor {
  let value = start;
  let total: Tensor | undefined;
  maps.forEach((f, i) => {
    const [map, logDerivative] = parts(f);
    const term = logDerivative(value);
    total = total ? total.add(term) : term;
    if (i < maps.length - 1) value = map(value);
  });
  return total!;
}
