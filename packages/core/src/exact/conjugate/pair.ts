import { log, log1p, program, type Tensor, zerosLike } from "@credence/tensor";
import type { Distribution } from "../../distribution/distribution.ts";
import type { Draws } from "../../model/draws.ts";
import { exactDraws } from "../exact-draws.ts";
import { keyOf, requireCount } from "../table.ts";

/** A conjugate prior after data: the posterior is of the prior's kind, so it can be the prior of the next data. */
export interface ConjugatePosterior<P, Next extends readonly unknown[]> {
  /** Parameters of the posterior. */
  readonly posterior: P;
  /** log p(data), nats, with every constant. */
  readonly logEvidence: number;
  /** Posterior mean and variance of the unknown. */
  readonly mean: number;
  readonly variance: number;
  /** Mean of one new observation, and its variance as noise and doubt: variance = aleatoric + epistemic. */
  predict(...next: Next): { readonly mean: number; readonly variance: number; readonly aleatoric: number; readonly epistemic: number };
  /** log p(new observation | data), nats. */
  logPredictive(value: number, ...next: Next): number;
  /** Independent draws of the unknown. */
  sample(count: number, options: { readonly seed: number }): Promise<Draws>;
}

/** A moment split by the law of total variance. */
export const moments = (mean: number, aleatoric: number, epistemic: number) => ({
  mean,
  variance: aleatoric + epistemic,
  aleatoric,
  epistemic,
});

/** Ways to the real line: u, and log |dtheta/du|. */
const links = {
  identity: (x: Tensor) => [x, zerosLike(x)],
  log: (x: Tensor) => [log(x), log(x)],
  logit: (x: Tensor) => [log(x).sub(log1p(x.neg())), log(x).add(log1p(x.neg()))],
} satisfies Record<string, (x: Tensor) => [Tensor, Tensor]>;

/** Draws of one number from its distribution; `unconstrained` and the density there by a link. */
export async function scalarDraws(
  name: string,
  distribution: Distribution,
  link: keyof typeof links,
  count: number,
  seed: number,
): Promise<Draws> {
  requireCount(distribution.name, "count", count);
  const draw = program((key: Tensor) => {
    const x = distribution.sample(key, [count]);
    const [u, logSlope] = links[link](x) as [Tensor, Tensor];
    return {
      draws: x.reshape([1, count, 1]),
      unconstrained: u.reshape([1, count, 1]),
      logDensity: distribution.logProb(x).add(logSlope).expandDims(0),
    };
  });
  return exactDraws([name], await draw.runAsync([keyOf(distribution.name, seed)]));
}

/** A count: a whole number >= 0. */
export function requireWhole(owner: string, name: string, value: number): void {
  if (!(Number.isInteger(value) && value >= 0)) throw new RangeError(`${owner}: ${name} must be an integer >= 0, got ${value}`);
}
