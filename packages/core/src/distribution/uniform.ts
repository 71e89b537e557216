import { greaterEqual, lessEqual, logicalAnd, random } from "@credence/tensor";
import { type Argument, finite, hold } from "./argument.ts";
import type { DistributionOptions, WithMoments } from "./distribution.ts";
import { univariate } from "./univariate.ts";

/** Uniform on [low, high]: density 1 / (high - low). */
export function uniform(low: Argument, high: Argument, options: DistributionOptions = {}): WithMoments {
  const bounds = { low: hold("uniform", "low", low, finite), high: hold("uniform", "high", high, finite) };
  requireOrder("uniform", bounds.low.values, bounds.high.values);
  return univariate(
    {
      name: "uniform",
      arguments: bounds,
      support: { kind: "interval", low, high },
      inside: { contains: (x, p) => logicalAnd(greaterEqual(x, p.low), lessEqual(x, p.high)), point: (p) => p.low },
      logDensity: (_, p) => p.high.sub(p.low).log().neg(),
      draw: (key, shape, dtype, p) => random.uniform(key, shape, { dtype }).mul(p.high.sub(p.low)).add(p.low),
      mean: (p) => p.low.add(p.high).mul(0.5),
      variance: (p) => p.high.sub(p.low).square().div(12),
    },
    options,
  );
}

/** Refuses bounds, where known, of which any low one is not below its high one. */
export function requireOrder(owner: string, low: Float64Array | undefined, high: Float64Array | undefined): void {
  if (!low || !high) return;
  const count = Math.max(low.length, high.length);
  if (low.length !== count && low.length !== 1) return;
  if (high.length !== count && high.length !== 1) return;
  for (let i = 0; i < count; i++) {
    const [a, b] = [low[low.length === 1 ? 0 : i]!, high[high.length === 1 ? 0 : i]!];
    if (!(a < b)) throw new RangeError(`${owner}: low must be < high, got ${a} and ${b}`);
  }
}
