/** A multilayer perceptron to train: widths are inputs, hidden layers, outputs. Loss: mean squared error; ReLU; Adam. */
export interface DenseProblem {
  readonly widths: readonly number[];
  readonly batch: number;
}

export const adam = { learningRate: 5e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

/** The same weights, zero biases, inputs and targets for everyone, uniform in [-1, 1) from a linear congruential generator. */
export function problemData({ widths, batch }: DenseProblem) {
  let state = 1;
  const uniform = (length: number, scale = 1): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return scale * (state / 2 ** 31 - 1);
    });
  const inputs = widths[0]!;
  const outputs = widths.at(-1)!;
  const layers = widths.slice(1).map((out, i) => {
    const fanIn = widths[i]!;
    return { in: fanIn, out, w: uniform(fanIn * out, Math.sqrt(3 / fanIn)), b: new Float32Array(out) };
  });
  return {
    layers,
    x: { shape: [batch, inputs] as const, data: uniform(batch * inputs) },
    y: { shape: [batch, outputs] as const, data: uniform(batch * outputs) },
  };
}
