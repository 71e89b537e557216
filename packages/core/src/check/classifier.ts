import { array, index, type NdArray, program, random, scan, type Tensor, take, tree, valueAndGrad } from "@credence/tensor";
import type { LinearParams } from "../network/linear.ts";
import { mlp } from "../network/mlp.ts";
import { type AdamState, adam } from "../optimize/adam.ts";

type Params = readonly LinearParams[];
type State = { readonly params: Params; readonly optimiser: AdamState<Params> };

/** A two-class multilayer perceptron and how it is trained; the defaults are those of scikit-learn's `MLPClassifier` as sbibm calls it. */
export interface ClassifierOptions {
  /** Number of features. */
  readonly dimension: number;
  /** Training rows. */
  readonly rows: number;
  /** Rows of the set whose accuracy is wanted. */
  readonly testRows: number;
  readonly batchSize: number;
  readonly device?: string;
}

/** alpha: the loss of a minibatch of n rows has alpha / 2 sum W^2 / n added, over weights but not biases. */
const penalty = 1e-4;
/** Training stops after more than `patience` epochs in a row that did not lower the loss by `tolerance`. */
const tolerance = 1e-4;
const patience = 10;

/** Uniform on +-sqrt(6 / (fan in + fan out)), biases too (Glorot and Bengio 2010). */
function glorot(key: Tensor, widths: readonly number[]): Params {
  const keys = random.split(key, widths.length - 1);
  return widths.slice(1).map((output, i) => {
    const input = widths[i]!;
    const bound = Math.sqrt(6 / (input + output));
    const draw = (half: number, shape: number[]) => random.uniform(random.fold(index(keys, i), half), shape, { low: -bound, high: bound });
    return { weight: draw(0, [input, output]), bias: draw(1, [output]) };
  });
}

/** Programs that start, train for one epoch and score a classifier; one set serves every fold of one size. */
export function classifierPrograms({ dimension, rows, testRows, batchSize, device }: ClassifierOptions) {
  const width = 10 * dimension;
  const network = mlp({ input: dimension, hidden: [width, width], output: 1, activation: "relu" });
  const optimiser = adam<Params>({ learningRate: 1e-3 });
  const logits = (params: Params, x: Tensor): Tensor => network.apply(params, x).squeeze(-1);
  // Mean log loss, log(1 + e^z) - y z, and the penalty.
  const lossAndGradient = valueAndGrad((params: Params, x: Tensor, y: Tensor) => {
    const z = logits(params, x);
    const squares = params.map(({ weight }) => weight.square().sum()).reduce((a, b) => a.add(b));
    return z
      .softplus()
      .sub(y.mul(z))
      .mean()
      .add(squares.mul(penalty / 2 / x.shape[0]!));
  });
  const batch = Math.min(batchSize, rows);
  const batches = Math.floor(rows / batch);
  const rest = rows - batches * batch;
  const placement = { threads: 1, ...(device !== undefined && { device }) };

  const start = program(
    (key: Tensor): State => {
      const params = glorot(key, [dimension, width, width, 1]);
      return { params, optimiser: optimiser.init(params) };
    },
    { ...placement, name: "classifier start" },
  );

  /** Shuffles, steps through the minibatches, the last of which may be smaller, and gives the loss averaged over rows. */
  const epoch = program(
    (state: State, x: Tensor, y: Tensor, key: Tensor, number: Tensor) => {
      const order = random.permutation(random.fold(key, number), rows);
      const step = (carry: State, chosen: Tensor): [State, Tensor] => {
        const [loss, gradient] = lossAndGradient(carry.params, take(x, chosen), take(y, chosen));
        const next = optimiser.step(carry.optimiser, carry.params, gradient);
        return [{ params: next.params, optimiser: next.state }, loss];
      };
      const [after, losses] = scan(step, state, order.slice([0], [batches * batch]).reshape([batches, batch]));
      const total = losses.sum().mul(batch);
      if (rest === 0) return { state: after, loss: total.mul(1 / rows) };
      const [last, loss] = step(after, order.slice([batches * batch]));
      return { state: last, loss: total.add(loss.mul(rest)).mul(1 / rows) };
    },
    { ...placement, name: "classifier epoch" },
  );

  /** Share of rows on the right side of probability one half. */
  const accuracy = program(
    (params: Params, x: Tensor, y: Tensor) =>
      logits(params, x)
        .greater(0)
        .cast("f32")
        .equal(y)
        .cast("f32")
        .sum()
        .mul(1 / testRows),
    { ...placement, name: "classifier accuracy" },
  );
  return { start, epoch, accuracy };
}

export interface Labelled {
  /** [rows, d] f32 */
  readonly x: NdArray;
  /** [rows] f32, 0 or 1 */
  readonly y: NdArray;
}

export interface FoldResult {
  readonly accuracy: number;
  readonly epochs: number;
  /** Training loss of the last epoch. */
  readonly loss: number;
}

/** Trains on one set until the loss stalls and scores on another. `key` [2] decides weights and shuffles. */
export async function trainClassifier(
  programs: ReturnType<typeof classifierPrograms>,
  training: Labelled,
  test: Labelled,
  options: {
    readonly key: Uint32Array;
    readonly maxEpochs: number;
    readonly signal?: AbortSignal;
  },
): Promise<FoldResult> {
  const cancellable = options.signal ? { signal: options.signal } : {};
  using key = array(options.key);
  let state = programs.start(key);
  let best = Infinity;
  let stalled = 0;
  let epochs = 0;
  let loss = Infinity;
  while (epochs < options.maxEpochs && stalled <= patience) {
    using number = array(epochs, { dtype: "i32" });
    const after = await programs.epoch.runAsync([state, training.x, training.y, key, number], cancellable);
    for (const leaf of tree.flatten(state).leaves) (leaf as NdArray).dispose();
    state = after.state;
    loss = after.loss.item();
    after.loss.dispose();
    stalled = loss > best - tolerance ? stalled + 1 : 0;
    best = Math.min(best, loss);
    epochs++;
  }
  using accuracy = programs.accuracy(state.params, test.x, test.y);
  const result = { accuracy: accuracy.item(), epochs, loss };
  for (const leaf of tree.flatten(state).leaves) (leaf as NdArray).dispose();
  return result;
}
