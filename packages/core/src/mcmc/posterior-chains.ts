import { array, cast, type NdArray, program, type Tensor } from "@credence/tensor";
import type { Parameters } from "../distribution/index.ts";
import { type Chains, type MetropolisOptions, metropolis } from "./run-metropolis.ts";

export interface PosteriorChainsOptions extends Omit<MetropolisOptions, "logDensity" | "init"> {
  readonly parameters: Parameters;
  /** log p(data | theta) of every row, traced in f64: [chains, D] -> [chains]. */
  readonly logLikelihood: (theta: Tensor) => Tensor;
  readonly chains: number;
  /** Starting points [chains, D] in the parameters' own units; draws from the prior if absent. */
  readonly init?: NdArray;
}

/** Prior draws tried for each chain before giving up. */
const candidates = 20;

/**
 * The posterior of named parameters by random-walk Metropolis, an oracle where the likelihood is known. It walks in unconstrained space, with density
 * p(theta(u)) p(data | theta(u)) |det dtheta/du|, and hands the draws back in the parameters' own units.
 * @throws RangeError where too few prior draws have a finite likelihood to start from
 */
export async function posteriorChains(options: PosteriorChainsOptions): Promise<Chains & { readonly names: readonly string[] }> {
  const { parameters, logLikelihood, chains, init, ...rest } = options;
  if (!(Number.isInteger(chains) && chains >= 1)) throw new RangeError(`posteriorChains: chains must be an integer >= 1, got ${chains}`);
  const placement = rest.device === undefined ? {} : { device: rest.device };
  const logDensity = (u: Tensor): Tensor => {
    const theta = parameters.fromUnconstrained(u);
    return parameters.logProb(theta).add(logLikelihood(theta)).add(parameters.inverseLogDerivative(u));
  };
  using start = init
    ? await unconstrained(parameters, init, placement)
    : await startFromPrior(parameters, logDensity, chains, rest.seed, placement);
  if (start.shape[0] !== chains) throw new RangeError(`posteriorChains: init has ${start.shape[0]} rows for ${chains} chains`);
  const walked = await metropolis({ ...rest, logDensity, init: start });
  const back = program((u: Tensor) => parameters.fromUnconstrained(u), { ...placement, name: "back from unconstrained" });
  using u = walked.draws;
  return { ...walked, draws: await back.runAsync([u]), names: parameters.names };
}

async function unconstrained(parameters: Parameters, init: NdArray, placement: { device?: string }): Promise<NdArray> {
  const map = program((theta: Tensor) => parameters.toUnconstrained(cast(theta, "f64")), { ...placement, name: "to unconstrained" });
  return map.runAsync([init]);
}

/** The first `chains` prior draws of finite density, in unconstrained space. */
async function startFromPrior(
  parameters: Parameters,
  logDensity: (u: Tensor) => Tensor,
  chains: number,
  seed: number,
  placement: { device?: string },
): Promise<NdArray> {
  const draw = program(
    (key: Tensor) => {
      const u = parameters.toUnconstrained(cast(parameters.sample(key, [candidates * chains]), "f64"));
      return { u, density: logDensity(u) };
    },
    { ...placement, name: "prior draws" },
  );
  using key = array(Uint32Array.of(seed >>> 0, 0x7072696f)); // a stream of its own: "prio"
  const drawn = await draw.runAsync([key]);
  using u = drawn.u;
  using density = drawn.density;
  const finite = [...density.data()].flatMap((value, i) => (Number.isFinite(value) ? [i] : []));
  if (finite.length < chains)
    throw new RangeError(
      `posteriorChains: ${finite.length} of ${candidates * chains} prior draws have a finite density, ${chains} are needed; give init`,
    );
  const values = u.data();
  const dimension = parameters.dimension;
  const rows = finite.slice(0, chains).flatMap((row) => [...values.subarray(row * dimension, (row + 1) * dimension)]);
  return array(Float64Array.from(rows), { shape: [chains, dimension], ...placement });
}
