import { add, cast, clamp, cos, constant as literal, minimum, mul, type Tensor } from "@credence/tensor";

/** Learning rate (f32 scalar) at a step (i32 scalar, the first step is 0). Traced. */
export type Schedule = (step: Tensor) => Tensor;

/** The same learning rate at every step. */
export function constantRate(rate: number): Schedule {
  requirePositive("rate", rate);
  return () => literal(rate, "f32");
}

/**
 * Half a cosine from `rate` down to `final` over `steps` steps, after a linear rise over the first `warmup` steps:
 * rate(t) = final + (rate - final) (1 + cos(pi (t - warmup) / (steps - warmup))) / 2.
 * Loshchilov and Hutter 2017, "SGDR", without restarts.
 */
export function cosineRate(options: {
  readonly rate: number;
  readonly steps: number;
  readonly warmup?: number;
  readonly final?: number;
}): Schedule {
  const { rate, steps, warmup = 0, final = 0 } = options;
  requirePositive("rate", rate);
  if (!(final >= 0 && final <= rate)) throw new RangeError(`final must be in [0, rate = ${rate}], got ${final}`);
  if (!(Number.isInteger(steps) && steps > 0)) throw new RangeError(`steps must be a positive integer, got ${steps}`);
  if (!(Number.isInteger(warmup) && warmup >= 0 && warmup < steps)) {
    throw new RangeError(`warmup must be an integer in [0, steps = ${steps}), got ${warmup}`);
  }
  return (step) => {
    const t = cast(step, "f32");
    const phase = clamp(t.sub(warmup).div(steps - warmup), 0, 1);
    const decayed = add(mul(cos(phase.mul(Math.PI)).add(1), (rate - final) / 2), final);
    return warmup === 0 ? decayed : mul(decayed, minimum(t.add(1).div(warmup), 1));
  };
}

function requirePositive(name: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) throw new RangeError(`${name} must be positive and finite, got ${value}`);
}
