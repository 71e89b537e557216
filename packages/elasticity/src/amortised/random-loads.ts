import { type Parameters, parameters, type Simulator, uniform } from "@credence/core";
import { cast, clamp, constant, exp, jvp, log, random, sqrt, stack, type Tensor } from "@credence/tensor";
import type { DisplacementModel } from "../oracle/displacement-model.ts";
import { requireAlike } from "./superposed.ts";

export interface RandomLoadsOptions {
  /** The body under each load of size 1, with the same sensors. */
  readonly models: readonly DisplacementModel[];
  readonly noiseSd: number;
  /** Ranges of lambda and mu, flat within. */
  readonly lambda: readonly [number, number];
  readonly mu: readonly [number, number];
  readonly stressUnit?: string;
}

/** Readings of a body of unknown material under loads that are different each time and known. */
export interface RandomLoads {
  readonly parameters: Parameters;
  readonly simulator: Simulator;
  /** What is left of readings [n, S d] under loads [n, K]: [n, 5] for a network. Traced. */
  summary(readings: Tensor, loads: Tensor): Tensor;
  /** Loads [n, K] and readings [n, S d] of materials [n, 2]. Traced. */
  simulate(key: Tensor, materials: Tensor): { readonly loads: Tensor; readonly readings: Tensor };
}

/** Of Gauss and Newton: by then it moves no more than a thousandth of the posterior's width. */
const steps = 5;

/**
 * A simulator of readings under random loads, K amplitudes of random direction and a size from 0.5 to 1.5. A network sees of them the most likely material, log mu and
 * t = log(1 + lambda / mu), and the Cholesky factor of the information that these sensors and loads give about it: five numbers, whatever the number of sensors.
 *
 * @throws {RangeError} for models that differ, noise that is not > 0, and ranges that go beyond the models'
 */
export function randomLoads({ models, noiseSd, lambda, mu, stressUnit = "" }: RandomLoadsOptions): RandomLoads {
  requireAlike(models);
  const [first] = models as [DisplacementModel];
  if (!(noiseSd > 0 && Number.isFinite(noiseSd))) throw new RangeError(`randomLoads: noiseSd must be > 0, got ${noiseSd}`);
  for (const [name, [low, high]] of Object.entries({ lambda, mu }))
    if (!(low > 0 && low < high && Number.isFinite(high)))
      throw new RangeError(`randomLoads: ${name} must lie between two ascending stresses > 0, got ${low} and ${high}`);
  const ends = [lambda[0] / mu[1], lambda[1] / mu[0]].map((ratio) => ratio / (2 * (ratio + 1)));
  if (ends[0]! < first.poisson[0] || ends[1]! > first.poisson[1])
    throw new RangeError(
      `randomLoads: these lambda and mu have Poisson's ratios from ${ends[0]!.toFixed(3)} to ${ends[1]!.toFixed(3)}, and the models hold from ${first.poisson.join(" to ")}`,
    );
  const range = first.poisson.map((nu) => -Math.log(1 - 2 * nu)) as [number, number];
  const middle = { s: 2 / (mu[0] + mu[1]), t: Math.log1p((lambda[0] + lambda[1]) / (mu[0] + mu[1])) };

  /** Displacements [n, S d] at t and s = 1 / mu, [n] both. */
  const displaced = (t: Tensor, s: Tensor, loads: Tensor): Tensor => {
    const shear = s.pow(-1);
    const features = first.features(exp(t).sub(1).mul(shear), shear);
    return models
      .map((model, k) => features.matmul(constant(model.coefficients)).mul(loads.slice([0, k], [loads.shape[0]!, k + 1])))
      .reduce((a, b) => a.add(b));
  };

  /** Slopes along log mu and t in units of noise, their products, and how far the residuals reach along them. */
  const linearised = (t: Tensor, logMu: Tensor, readings: Tensor, loads: Tensor) => {
    const at = ([a, b]: Tensor[]): Tensor => displaced(a!, exp(b!.neg()), loads).div(noiseSd);
    const place = [t, logMu];
    const one = t.mul(0).add(1);
    const along = (k: number): Tensor => jvp(at, [place], [place.map((_, j) => (j === k ? one : one.mul(0)))])[1];
    const [byT, byMu] = [along(0), along(1)];
    const residual = readings.div(noiseSd).sub(at(place));
    const dot = (a: Tensor, b: Tensor): Tensor => a.mul(b).sum(1);
    return { mm: dot(byMu, byMu), mt: dot(byMu, byT), tt: dot(byT, byT), fm: dot(byMu, residual), ft: dot(byT, residual) };
  };

  return {
    parameters: parameters({
      lambda: { prior: uniform(...lambda), unit: stressUnit, description: "first Lamé parameter" },
      mu: { prior: uniform(...mu), unit: stressUnit, description: "shear modulus" },
    }),
    simulator: {
      kind: "program",
      run: (key, theta) => {
        const materials = cast(theta, "f64");
        const { loads, readings } = simulate(key, materials);
        return cast(summary(readings, loads), theta.dtype);
      },
    },
    summary,
    simulate,
  };

  function simulate(key: Tensor, materials: Tensor): { readonly loads: Tensor; readonly readings: Tensor } {
    const n = materials.shape[0]!;
    const direction = random.normal(random.fold(key, 0), [n, models.length], { dtype: "f64" });
    const size = random.uniform(random.fold(key, 1), [n, 1], { dtype: "f64" }).add(0.5);
    const loads = direction.div(sqrt(direction.square().sum(1)).expandDims(1)).mul(size);
    const [l, m] = [materials.index(0, 1), materials.index(1, 1)];
    const u = displaced(log(l.div(m).add(1)), m.pow(-1), loads);
    return { loads, readings: u.add(random.normal(random.fold(key, 2), u.shape, { dtype: "f64" }).mul(noiseSd)) };
  }

  function summary(readings: Tensor, loads: Tensor): Tensor {
    const zero = readings.sum(1).mul(0);
    let [t, logMu] = [zero.add(middle.t), zero.add(-Math.log(middle.s))];
    const damping = 1 + 1e-9;
    for (let step = 0; step < steps; step++) {
      const { mm, mt, tt, fm, ft } = linearised(t, logMu, readings, loads);
      const determinant = mm.mul(tt).mul(damping).sub(mt.square());
      // A step of no more than 1 in either: from afar the line is no guide.
      const [dt, dm] = [mm.mul(ft).sub(mt.mul(fm)), tt.mul(fm).sub(mt.mul(ft))].map((v) => clamp(v.div(determinant), -1, 1)) as [
        Tensor,
        Tensor,
      ];
      t = clamp(t.add(dt), range[0], range[1]);
      logMu = clamp(logMu.add(dm), Math.log(mu[0] / 4), Math.log(mu[1] * 4));
    }
    const { mm, mt, tt } = linearised(t, logMu, readings, loads);
    const left = tt.sub(mt.square().div(mm));
    return stack([logMu, t, log(mm).mul(0.5), mt.div(mm), log(left.add(1e-12)).mul(0.5)], 1);
  }
}
