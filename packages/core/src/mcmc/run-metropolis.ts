import { array, cast, exp, NdArray, program, random, repeat, scan, type Tensor } from "@credence/tensor";
import {
  adaptMetropolis,
  bestAcceptance,
  initMetropolis,
  initTuning,
  type LogDensity,
  type MetropolisState,
  type MetropolisTuning,
  stepFactor,
  stepMetropolis,
} from "./metropolis.ts";

export interface MetropolisOptions {
  /** Traced, in f64: [chains, D] -> [chains]. */
  readonly logDensity: LogDensity;
  /** Where the chains start, [chains, D]; spread wider than the target, or R-hat cannot tell that they have not met. */
  readonly init: NdArray | readonly (readonly number[])[];
  readonly seed: number;
  /** Steps that adapt, and are thrown away. */
  readonly warmup: number;
  /** Draws kept of every chain. */
  readonly draws: number;
  /** Steps per draw kept; 1 if absent. */
  readonly thin?: number;
  /** Acceptance to adapt to; by default the best for the number of dimensions. */
  readonly targetAcceptance?: number;
  /** 1 if absent: a step of a few hundred chains is shorter than a meeting of two threads. */
  readonly threads?: number;
  readonly device?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly phase: string; readonly done: number; readonly total: number }) => void;
}

/** Draws of many chains. */
export interface Chains {
  /** f64 [chains, draws, D] */
  readonly draws: NdArray;
  /** f64 [chains, draws] */
  readonly logDensity: NdArray;
  /** Share of steps accepted after the warm-up, by chain. */
  readonly acceptance: readonly number[];
  /** Steps after the warm-up are drawn from N(0, stepSize^2 covariance). */
  readonly stepSize: number;
  readonly covariance: readonly (readonly number[])[];
}

/**
 * Random-walk Metropolis on many chains at once: a warm-up that adapts the steps, then draws with the steps fixed, all in one program.
 * Bounded parameters: see `posteriorChains`.
 * @throws RangeError where init has no [chains, D] shape or a chain starts at a density that is not finite
 */
export async function metropolis(options: MetropolisOptions): Promise<Chains> {
  const { logDensity, seed, warmup, draws, thin = 1, threads = 1, signal, onProgress } = options;
  for (const [name, value, least] of [
    ["warmup", warmup, 0],
    ["draws", draws, 1],
    ["thin", thin, 1],
  ] as const)
    if (!(Number.isInteger(value) && value >= least))
      throw new RangeError(`metropolis: ${name} must be an integer >= ${least}, got ${value}`);
  const start = positionsOf(options.init, options.device);
  const [chains, dimension] = start.shape as [number, number];
  const target = options.targetAcceptance ?? bestAcceptance(dimension);
  if (!(target > 0 && target < 1)) throw new RangeError(`metropolis: targetAcceptance must be in (0, 1), got ${target}`);
  const placement = { threads, ...(options.device !== undefined && { device: options.device }) };

  const place = program((position: Tensor) => initMetropolis(logDensity, position).logDensity, { ...placement, name: "metropolis start" });
  using placed = place(start);
  if (placed.shape.join() !== `${chains}`)
    throw new RangeError(
      `metropolis: logDensity must give shape [${chains}] for [${chains}, ${dimension}], got [${placed.shape.join(", ")}]`,
    );
  const lost = placed.data().findIndex((value) => !Number.isFinite(value));
  if (lost >= 0)
    throw new RangeError(`metropolis: every chain must start at a finite log density, chain ${lost} has ${placed.data()[lost]}`);

  const run = program(
    (position: Tensor, key: Tensor) => {
      const keys = (i: Tensor, stage: number) => random.fold(random.fold(key, stage), i);
      type Warm = { readonly state: MetropolisState; readonly tuning: MetropolisTuning };
      const warm: Warm = repeat(
        warmup,
        ({ state, tuning }: Warm, i: Tensor): Warm => {
          const [next, info] = stepMetropolis(logDensity, keys(i, 0), state, stepFactor(tuning));
          return { state: next, tuning: adaptMetropolis(tuning, next, info, cast(i, "f64"), target) };
        },
        { state: initMetropolis(logDensity, position), tuning: initTuning(position) },
      );
      const factor = stepFactor(warm.tuning);
      type Carry = { readonly state: MetropolisState; readonly accepted: Tensor; readonly number: Tensor };
      const step = (carry: Carry): Carry => {
        const [state, info] = stepMetropolis(logDensity, keys(carry.number, 1), carry.state, factor);
        return { state, accepted: carry.accepted.add(cast(info.accepted, "f64")), number: carry.number.add(1) };
      };
      const [end, kept] = scan(
        (carry: Carry): [Carry, MetropolisState] => {
          const next = thin === 1 ? step(carry) : repeat(thin, step, carry);
          return [next, next.state];
        },
        { state: warm.state, accepted: warm.state.logDensity.mul(0), number: cast(0, "i32") },
        undefined,
        { length: draws },
      );
      return {
        draws: kept.position.transpose([1, 0, 2]),
        logDensity: kept.logDensity.T,
        acceptance: end.accepted.mul(1 / (draws * thin)),
        stepSize: exp(warm.tuning.logScale),
        covariance: warm.tuning.covariance,
      };
    },
    { ...placement, name: "metropolis" },
  );
  using key = array(Uint32Array.of(seed >>> 0, Math.floor(seed / 2 ** 32)));
  const result = await run.runAsync([start, key], {
    ...(signal && { signal }),
    ...(onProgress && { onProgress: (done: number) => onProgress({ phase: "metropolis", done, total: warmup + draws }) }),
  });
  return {
    draws: result.draws,
    logDensity: result.logDensity,
    acceptance: [...result.acceptance.data()],
    stepSize: result.stepSize.item(),
    covariance: result.covariance.tolist() as number[][],
  };
}

/** Starting points as f64 [chains, D]. */
function positionsOf(init: MetropolisOptions["init"], device: string | undefined): NdArray {
  const place = device === undefined ? {} : { device };
  const start =
    init instanceof NdArray
      ? init.dtype === "f64"
        ? init
        : array(Float64Array.from(init.data()), { shape: init.shape, ...place })
      : array(init, { dtype: "f64", ...place });
  if (start.shape.length !== 2 || start.size === 0)
    throw new RangeError(`metropolis: init must have shape [chains, D], got [${start.shape.join(", ")}]`);
  return start;
}
