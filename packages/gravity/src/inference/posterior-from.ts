import {
  array,
  asTensor,
  diagonal,
  eye,
  matmul,
  matrixTranspose,
  type NdArray,
  program,
  random,
  type Tensor,
  triangularSolve,
  zeros,
} from "@credence/tensor";
import type { GravityModel } from "./gravity-model.ts";
import type { GravityDraws, GravityPosterior, RegionalPosterior, SampleOptions } from "./gravity-posterior.ts";
import {
  backward,
  colourNoise,
  type DataSolve,
  forward,
  type Marginal,
  marginalise,
  regionalDiagonal,
  sensed,
  whitened,
  whitenNoise,
} from "./whitened.ts";

/** How a method applies K^-1 = (I + A A^T)^-1, from arrays that it keeps. Traced. */
export interface Inverse<S> {
  dataSolve(state: S): DataSolve;
  /** Diagonal of K^-1, [stations]. */
  diagonal(state: S): Tensor;
  /** What data take off the prior variance, diag P A^T K^-1 A P^T, and the diagonal of the resolution matrix P A^T K^-1 A P^-1; without regional. [cells] each. */
  seen(state: S): { readonly variance: Tensor; readonly resolution: Tensor };
  /** X^T K^-1 X for X = A P^T, [cells, cells]. */
  covarianceSeen(state: S): Tensor;
}

/**
 * Everything about the posterior of a linear model that follows from K^-1, A and its transpose. With T the inverse with the regional integrated over (`whitened.ts`),
 *   mean = m0 + P A^T T r,   fit = r - T r,   var(fit) = I - T,   left out: (T r)_i / sqrt(T_ii) (Rasmussen and Williams 2006, section 5.4.2).
 * Draws by Matheron's rule: draw z, c and e, simulate data, and correct the draw by what the difference to the data says; one solve a draw, exact.
 */
export async function posteriorFrom<S>(
  owner: string,
  model: GravityModel,
  inverse: Inverse<S>,
  state: S,
  options: { readonly warnings: readonly string[]; readonly signal?: AbortSignal },
): Promise<GravityPosterior> {
  const running = options.signal ? { signal: options.signal } : {};
  const [stations, cells] = [model.operator.rows, model.prior.size];
  const marginal = (kept: S): { white: ReturnType<typeof whitened>; solved: Marginal; dataSolve: DataSolve } => {
    const white = whitened(model);
    const dataSolve = inverse.dataSolve(kept);
    return { white, dataSolve, solved: marginalise(white, dataSolve) };
  };
  const summarise = program(
    (kept: S) => {
      const { white, solved, dataSolve } = marginal(kept);
      const weights = solved.solve(white.residual);
      const correction = model.prior.colour(backward(model, weights));
      const seen = inverse.seen(kept);
      let { variance, resolution } = seen;
      let inverseDiagonal = inverse.diagonal(kept);
      const c = solved.coefficients(white.residual);
      const noise = asTensor(model.noise);
      let regional: { mean: Tensor; covariance: Tensor } | undefined;
      let regionalPart = zeros([stations], "f64");
      if (solved.regional && model.regional) {
        const { solved: kw, lower } = solved.regional;
        const before = sensed(model, kw);
        const coloured = model.prior.colour(model.prior.colourTransposed(before));
        variance = variance.sub(regionalDiagonal(lower, coloured, coloured));
        resolution = resolution.sub(regionalDiagonal(lower, coloured, before));
        inverseDiagonal = inverseDiagonal.sub(regionalDiagonal(lower, kw, kw));
        const root = triangularSolve(lower, eye(c.shape[0]!, "f64"));
        regional = { mean: c.squeeze(1), covariance: matmul(matrixTranspose(root), root) };
        regionalPart = matmul(asTensor(model.regional.basis), c).squeeze(1);
      }
      const residual = weights.squeeze(1);
      // var(fit) = I - T in whitened data.
      const fitVariance = noise.rank === 1 ? inverseDiagonal.neg().add(1).mul(noise.square()) : correlatedFit(noise, solved, stations);
      return {
        mean: model.prior.mean().add(correction.squeeze(1)),
        variance: model.prior.variance().sub(variance),
        priorVariance: model.prior.variance(),
        logEvidence: solved.logDensity(white.residual).squeeze(0).sub(white.logNoise),
        informationGain: dataSolve.logDeterminant.mul(0.5),
        resolution,
        predicted: {
          mean: asTensor(model.data).sub(colourNoise(noise, weights).squeeze(1)),
          variance: fitVariance,
          regional: regionalPart,
          standardisedResidual: residual,
          residualSd: inverseDiagonal.sqrt(),
          leftOut: residual.div(inverseDiagonal.sqrt()),
        },
        ...(regional && { regional }),
      };
    },
    { name: owner },
  );
  const summary = await summarise.runAsync([state], running);
  const logEvidence = summary.logEvidence.item();
  if (!Number.isFinite(logEvidence))
    throw new RangeError(
      `${owner}: the covariance of the data is singular in double precision: the prior's sd is too large beside the noise, or the regional cannot be told at these stations (all on a line, or at one place); raise noiseSd, lower sd, or lower the regional's order`,
    );
  const sd = rootOf(summary.variance, summary.priorVariance);
  const predicted = summary.predicted;
  const regional = summary.regional as { mean: NdArray; covariance: NdArray } | undefined;

  const draw = (count: number) =>
    program(
      (key: Tensor, kept: S) => {
        const { white, solved } = marginal(kept);
        const z = random.normal(random.fold(key, 0), [cells, count], { dtype: "f64" });
        const { data, c } = replicate(key, z, count, white.regional);
        const difference = white.residual.sub(data);
        const weights = solved.solve(difference);
        const drawn = model.prior
          .mean()
          .expandDims(1)
          .add(model.prior.colour(z.add(backward(model, weights))));
        const fitted = asTensor(model.data)
          .expandDims(1)
          .sub(colourNoise(asTensor(model.noise), fitResidual(key, weights, count)));
        return {
          cells: matrixTranspose(drawn),
          data: matrixTranspose(fitted),
          ...(c && { regional: matrixTranspose(c.add(solved.coefficients(difference))) }),
        };
      },
      { name: `${owner}: draws` },
    );
  /** Data of z, of noise and of a regional, whitened: [stations, count]; a flat regional is drawn as 0, since nothing depends on it. */
  const replicate = (key: Tensor, z: Tensor, count: number, w: Tensor | undefined) => {
    const e = random.normal(random.fold(key, 1), [stations, count], { dtype: "f64" });
    const simulated = forward(model, z).add(e);
    if (!w || !model.regional) return { data: simulated, c: undefined };
    const spread = Number.isFinite(model.regional.sd) ? model.regional.sd : 0;
    const c = random.normal(random.fold(key, 2), [w.shape[1]!, count], { dtype: "f64" }).mul(spread);
    return { data: simulated.add(matmul(w, c)), c };
  };
  // A draw's own residual r - A z - W c is e + T (r - r~): the noise that was drawn, and the correction.
  const fitResidual = (key: Tensor, weights: Tensor, count: number): Tensor =>
    random.normal(random.fold(key, 1), [stations, count], { dtype: "f64" }).add(weights);

  const replicateProgram = (count: number) =>
    program(
      (key: Tensor, kept: S) => {
        const { white, solved } = marginal(kept);
        const z = random.normal(random.fold(key, 0), [cells, count], { dtype: "f64" });
        const { data } = replicate(key, z, count, white.regional);
        const observed = solved.solve(white.residual);
        return {
          observed: matrixTranspose(observed),
          replicated: matrixTranspose(solved.solve(data)),
          misfit: white.residual.mul(observed).sum(),
        };
      },
      { name: `${owner}: replicated residuals` },
    );
  const drawFor = (sets: number, count: number) =>
    program(
      (key: Tensor, data: Tensor, kept: S) => {
        const { white, solved } = marginal(kept);
        const z = random.normal(random.fold(key, 0), [cells, sets * count], { dtype: "f64" });
        const { data: simulated } = replicate(key, z, sets * count, white.regional);
        const noise = asTensor(model.noise);
        const residual = white.residual.add(whitenNoise(noise, matrixTranspose(data).sub(asTensor(model.data).expandDims(1))));
        const repeated = residual
          .expandDims(2)
          .broadcastTo([stations, sets, count])
          .reshape([stations, sets * count]);
        const drawn = model.prior.colour(z.add(backward(model, solved.solve(repeated.sub(simulated)))));
        return matrixTranspose(model.prior.mean().expandDims(1).add(drawn)).reshape([sets, count, cells]);
      },
      { name: `${owner}: draws for other data` },
    );
  const flat = model.regional && !Number.isFinite(model.regional.sd) ? model.regional.names.length : 0;
  return {
    model,
    mean: summary.mean,
    sd,
    logEvidence,
    resolution: summary.resolution,
    informationGain: summary.informationGain.item(),
    predicted: {
      mean: predicted.mean,
      sd: rootOf(predicted.variance, predicted.variance),
      regional: predicted.regional,
      standardisedResidual: predicted.standardisedResidual,
      residualSd: predicted.residualSd,
      leftOut: predicted.leftOut,
    },
    regional: regional && model.regional && regionalPosterior(model.regional.names, regional),
    warnings: [...model.warnings, ...options.warnings],
    async sample(count, { seed, signal }): Promise<GravityDraws> {
      const drawn = await draw(requireCount(owner, count)).runAsync([keyOf(owner, seed), state], signal ? { signal } : {});
      return { cells: drawn.cells, data: drawn.data, regional: drawn.regional as NdArray | undefined };
    },
    async sampleFor(data, count, { seed, signal }) {
      const sets = data.shape[0];
      if (data.shape.length !== 2 || sets === undefined || data.shape[1] !== stations || data.dtype !== "f64")
        throw new RangeError(`${owner}: other data must be f64 [sets, ${stations}], got ${data.dtype} [${data.shape.join(", ")}]`);
      return drawFor(sets, requireCount(owner, count)).runAsync([keyOf(owner, seed), data, state], signal ? { signal } : {});
    },
    async covariance() {
      const whole = program(
        (kept: S) => {
          const { solved } = marginal(kept);
          const root = model.prior.colour(eye(cells, "f64"));
          let covariance = matmul(root, matrixTranspose(root)).sub(inverse.covarianceSeen(kept));
          if (solved.regional) {
            const seen = model.prior.colour(backward(model, solved.regional.solved));
            const half = triangularSolve(solved.regional.lower, matrixTranspose(seen));
            covariance = covariance.add(matmul(matrixTranspose(half), half));
          }
          return covariance;
        },
        { name: `${owner}: covariance` },
      );
      return whole.runAsync([state], running);
    },
    async replicateResiduals(count, { seed, signal }: SampleOptions) {
      const made = await replicateProgram(requireCount(owner, count)).runAsync([keyOf(owner, seed), state], signal ? { signal } : {});
      return { observed: made.observed, replicated: made.replicated, misfit: made.misfit.item(), degrees: stations - flat };
    },
  };
}

/** Diagonal of N (I - T) N^T for correlated noise. */
function correlatedFit(noise: Tensor, solved: Marginal, stations: number): Tensor {
  const unit = eye(stations, "f64");
  const share = unit.sub(solved.solve(unit));
  return diagonal(matmul(noise, matmul(share, matrixTranspose(noise))));
}

/** Square roots; what rounding leaves below 1e-12 of `scale` counts as that. */
function rootOf(variance: NdArray, scale: NdArray): NdArray {
  const [v, s] = [variance.data(), scale.data()];
  return array(Float64Array.from(v, (value, i) => Math.sqrt(Math.max(value, 1e-12 * Math.max(s[i]!, 0)))));
}

function regionalPosterior(names: readonly string[], { mean, covariance }: { mean: NdArray; covariance: NdArray }): RegionalPosterior {
  const c = covariance.data();
  return {
    names,
    mean: Float64Array.from(mean.data()),
    sd: Float64Array.from(names, (_, i) => Math.sqrt(c[i * names.length + i]!)),
    covariance,
  };
}

function requireCount(owner: string, count: number): number {
  if (!(Number.isInteger(count) && count >= 1)) throw new RangeError(`${owner}: the number of draws must be an integer >= 1, got ${count}`);
  return count;
}

/** A key u32[2] from a seed. */
export function keyOf(owner: string, seed: number): NdArray {
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`${owner}: seed must be an integer from 0 to 2^53, got ${seed}`);
  return array(Uint32Array.of(seed >>> 0, Math.floor(seed / 2 ** 32)));
}
