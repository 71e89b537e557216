import { type Distribution, type Parameters, parameters, type Support, uniform } from "@credence/core";

/** Per-capita birth and death rates (per year) and immigration (individuals per year). */
export interface Rates {
  readonly birthRate: number;
  readonly deathRate: number;
  readonly immigrationRate: number;
}

/** Names in the order of the columns of every array of parameters. */
export const rateNames = ["birthRate", "deathRate", "immigrationRate"] as const;

export type RateName = (typeof rateNames)[number];

/** Priors that differ from the default; independent of one another. */
export type RatePriors = Partial<Readonly<Record<RateName, Distribution>>>;

const described: Readonly<Record<RateName, { unit: string; description: string }>> = {
  birthRate: { unit: "1/year", description: "births per individual and year (λ)" },
  deathRate: { unit: "1/year", description: "deaths per individual and year (μ)" },
  immigrationRate: { unit: "individuals/year", description: "individuals that arrive per year (ν)" },
};

function isFiniteInterval(support: Support): boolean {
  return support.kind === "interval" && Number(support.low) >= 0 && Number(support.high) < Infinity;
}

/**
 * Parameters of the linear birth-death process with immigration: n -> n+1 at rate λ n + ν, n -> n-1 at rate μ n.
 * Priors are U(0, 1) per year for λ and μ and U(0, 5) individuals per year for ν unless given.
 *
 * @throws {RangeError} if a prior is not on a finite interval in [0, ∞).
 */
export function birthDeathParameters(priors: RatePriors = {}): Parameters {
  const chosen: Record<RateName, Distribution> = {
    birthRate: priors.birthRate ?? uniform(0, 1),
    deathRate: priors.deathRate ?? uniform(0, 1),
    immigrationRate: priors.immigrationRate ?? uniform(0, 5),
  };
  for (const name of rateNames) {
    const { name: law, support } = chosen[name];
    if (!isFiniteInterval(support)) {
      const where = support.kind === "interval" ? `[${String(support.low)}, ${String(support.high)}]` : support.kind;
      throw new RangeError(`the prior of ${name} must lie on a finite interval in [0, ∞), such as uniform(0, 2), got ${law} on ${where}`);
    }
  }
  return parameters(Object.fromEntries(rateNames.map((name) => [name, { prior: chosen[name], ...described[name] }])));
}
