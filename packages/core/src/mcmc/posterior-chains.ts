import { array, cast, type NdArray, program, type Tensor } from "@credence/tensor";
import type { Parameters } from "../distribution/index.ts";
import type { Draws, Target } from "../model/index.ts";
import { type MetropolisOptions, metropolis, type WalkTuning } from "./run-metropolis.ts";

export interface PosteriorChainsOptions extends Omit<MetropolisOptions, "init" | "propose"> {
  readonly parameters: Parameters;
  /** log p(data | theta) of every row, traced in f64: [chains, D] -> [chains]. */
  readonly logLikelihood: (theta: Tensor) => Tensor;
  /** Starting points [chains, D] in the parameters' own units; draws from the prior if absent. */
  readonly init?: NdArray;
}

/**
 * The posterior of named parameters as a target: walks in unconstrained space have the density p(theta(u)) p(data | theta(u)) |det dtheta/du|, and start from
 * draws of the prior.
 */
export function posteriorTarget(parameters: Parameters, logLikelihood: (theta: Tensor) => Tensor): Target {
  return {
    dimension: parameters.dimension,
    coordinates: parameters.names,
    names: parameters.names,
    logDensity: (u) => {
      const theta = parameters.fromUnconstrained(u);
      return parameters.logProb(theta).add(logLikelihood(theta)).add(parameters.inverseLogDerivative(u));
    },
    constrain: (u) => parameters.fromUnconstrained(u),
    initial: (key, n) => parameters.toUnconstrained(cast(parameters.sample(key, [n]), "f64")),
  };
}

/**
 * The posterior of named parameters by random-walk Metropolis, an oracle where the likelihood is known and has no derivative.
 * @throws RangeError where too few prior draws have a finite likelihood to start from
 */
export async function posteriorChains(options: PosteriorChainsOptions): Promise<Draws & Partial<WalkTuning>> {
  const { parameters, logLikelihood, init, ...rest } = options;
  const target = posteriorTarget(parameters, logLikelihood);
  if (!init) return metropolis(target, rest);
  const place = rest.device === undefined ? {} : { device: rest.device };
  using given = array(Float64Array.from(init.data()), { shape: init.shape, ...place });
  const map = program((theta: Tensor) => parameters.toUnconstrained(theta), { ...place, name: "to unconstrained" });
  using start = await map.runAsync([given]);
  return metropolis(target, { ...rest, init: start });
}
