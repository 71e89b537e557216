import { any, array, NdArray, program, type Tensor, whileLoop } from "@credence/tensor";
import { type LbfgsOptions, type LbfgsState, lbfgs, lbfgsStatus, type Objective, rowGradient } from "./lbfgs.ts";

export interface MinimiseOptions extends LbfgsOptions {
  /** Steps at most; 1000 if absent. */
  readonly steps?: number;
  /** 1 if absent. */
  readonly threads?: number;
  readonly device?: string;
  readonly signal?: AbortSignal;
}

/** Minima of n problems that ran side by side. */
export interface Minima {
  /** f64 [n, D] */
  readonly position: NdArray;
  readonly value: readonly number[];
  /** The largest component of each gradient, in size. */
  readonly gradientMax: readonly number[];
  readonly steps: readonly number[];
  /** `stalled`: no lower point was found, by rounding or since a value was not finite; `running`: it needs more steps. */
  readonly status: readonly (keyof typeof lbfgsStatus)[];
}

/**
 * Minima of `objective` ([n, D] -> [n], traced in f64) from each row of `start`, by {@link lbfgs}; the whole descent is one program.
 * @param start [n, D]
 * @throws RangeError where a start has a value that is not finite
 */
export async function minimise(
  objective: Objective,
  start: NdArray | readonly (readonly number[])[],
  options: MinimiseOptions = {},
): Promise<Minima> {
  const { steps = 1000, threads = 1, device, signal } = options;
  if (!(Number.isInteger(steps) && steps >= 1)) throw new RangeError(`minimise: steps must be an integer >= 1, got ${steps}`);
  const place = device === undefined ? {} : { device };
  const from = start instanceof NdArray ? start : array(start, { dtype: "f64", ...place });
  if (from.shape.length !== 2 || from.size === 0 || from.dtype !== "f64")
    throw new RangeError(`minimise: start must be f64 of shape [n, D], got ${from.dtype} [${from.shape.join(", ")}]`);
  const run = program(
    (position: Tensor) => {
      const method = lbfgs(rowGradient(objective), options);
      const first = method.init(position);
      const last = whileLoop((s: LbfgsState) => any(s.status.equal(lbfgsStatus.running)), method.step, first, {
        maxIterations: steps,
      });
      return {
        position: last.position,
        startValue: first.value,
        value: last.value,
        gradientMax: last.gradient.abs().max(1),
        steps: last.count,
        status: last.status,
      };
    },
    { threads, ...place, name: "minimise" },
  );
  const { position, ...rest } = await run.runAsync([from], signal ? { signal } : {});
  const host = Object.fromEntries(
    Object.entries(rest).map(([name, values]) => {
      const numbers = [...values.data()];
      values.dispose();
      return [name, numbers];
    }),
  ) as Record<keyof typeof rest, number[]>;
  const lost = host.startValue.findIndex((value) => !Number.isFinite(value));
  if (lost >= 0) throw new RangeError(`minimise: every start needs a finite value, row ${lost} has ${host.startValue[lost]}`);
  const names = Object.keys(lbfgsStatus) as (keyof typeof lbfgsStatus)[];
  return {
    position,
    value: host.value,
    gradientMax: host.gradientMax,
    steps: host.steps,
    status: host.status.map((code) => names[code]!),
  };
}
