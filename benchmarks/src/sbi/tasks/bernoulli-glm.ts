import { cast, constant, less, matmul, type NdArray, random, sigmoid, type Tensor, transpose } from "@credence/tensor";

/** Lags of the stimulus filter; with the offset, ten parameters. */
const lags = 9;

/**
 * A neuron's spikes under a white-noise stimulus: y_t ~ Bernoulli(sigmoid((X theta)_t)); the sufficient statistics are x = X^T y.
 * `design` is X, [100, 10]: a column of ones, then the stimulus at lags 0 to 8.
 */
export function bernoulliGlm(design: NdArray): (key: Tensor, theta: Tensor) => Tensor {
  return (key, theta) => {
    const matrix = constant(design, "f32");
    const rate = sigmoid(matmul(theta, transpose(matrix)));
    const spikes = cast(less(random.uniform(key, rate.shape), rate), "f32");
    return matmul(spikes, matrix);
  };
}

/**
 * Precision of the normal prior, 10 x 10: 1/2 for the offset, and F^T F for the filter, F = D D + diag(sqrt(i / 9)), i = 0 ... 8, with
 * D the first difference: smooth filters that fade.
 */
export function bernoulliGlmPrecision(): number[][] {
  const size = range(lags);
  const difference = size.map((i) => size.map((j) => (i === j ? 1 : i === j + 1 ? -1 : 0)));
  const smooth = size.map((i) =>
    size.map((j) => size.reduce((sum, k) => sum + difference[i]![k]! * difference[k]![j]!, 0) + (i === j ? Math.sqrt(i / lags) : 0)),
  );
  const filter = size.map((i) => size.map((j) => size.reduce((sum, k) => sum + smooth[k]![i]! * smooth[k]![j]!, 0)));
  return range(lags + 1).map((i) => range(lags + 1).map((j) => (i === 0 || j === 0 ? (i === j ? 0.5 : 0) : filter[i - 1]![j - 1]!)));
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
