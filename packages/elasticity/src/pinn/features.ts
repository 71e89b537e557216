import { array, constant, type NdArray, program, random, type Tensor, take, tanh } from "@credence/tensor";

/** K functions of a place, [n, d] -> [n, K]; or for each component its own, [n, d, K]. In units of the problem, traced, f64. */
export type Features = (places: Tensor) => Tensor;

/** Those of component j. */
export const ofComponent =
  (features: Features, j: number): Features =>
  (x) => {
    const all = features(x);
    return all.rank === 3 ? all.index(j, 1) : all;
  };

export interface RandomFeatureOptions {
  /** K. */
  readonly count: number;
  /** Root mean square of a slope, per half extent of the body. */
  readonly slope: number;
  readonly seed: number;
}

/**
 * Slopes [d, K] and shifts [K] of tanh(a_k . (x - c_k)): centres c_k are among the places `within` [n, d], evenly through their list, so that every function bends
 * inside the body; slopes a_k are normal, and steeper where places lie denser than on average, as the -1/d-th power of what each counts for, `weights` [n, 1].
 */
export function randomUnits(
  within: NdArray,
  weights: NdArray,
  { count, slope, seed }: RandomFeatureOptions,
): { readonly slopes: NdArray; readonly shifts: NdArray } {
  const [n, inputs] = within.shape as [number, number];
  const chosen = array(Int32Array.from({ length: count }, (_, k) => Math.floor((k * n) / count)));
  return program((places: Tensor, weight: Tensor) => {
    const steeper = take(weight, constant(chosen)).pow(-1 / inputs).T;
    const slopes = random.normal(random.key(seed), [inputs, count], { dtype: "f64" }).mul(steeper).mul(slope);
    return { slopes, shifts: slopes.mul(take(places, constant(chosen)).T).sum(0) };
  })(within, weights);
}

/** tanh(a_k . x - a_k . c_k). */
export const randomFeatures =
  ({ slopes, shifts }: { readonly slopes: Tensor; readonly shifts: Tensor }): Features =>
  (x) =>
    tanh(x.matmul(slopes).sub(shifts));
