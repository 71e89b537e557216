import { cast, exp, iota, type Tensor, type Tree, tree, triangularSolve, where } from "@credence/tensor";
import { standardNormalLogProb } from "../flow/flow.ts";
import { mlp } from "../network/mlp.ts";
import type { Activation } from "../network/network.ts";

export interface EncoderOptions {
  /** Widths of the hidden layers; none makes the mean an affine function of the datum. [64, 64] if absent. */
  readonly hidden?: readonly number[];
  /** `"tanh"` if absent. */
  readonly activation?: Activation;
  /** Form of the normal for each datum; `"full-rank"` if absent. */
  readonly form?: "mean-field" | "full-rank";
}

/** A normal over z for each row of data. */
export type RowNormals = {
  /** [n, D] */
  readonly mean: Tensor;
  /** Lower triangular, or diagonal, [n, D, D]. */
  readonly factor: Tensor;
  /** log |det factor|, [n] */
  readonly logVolume: Tensor;
};

/** A network from data to normals: x [n, F] -> N(m(x), L(x) L(x)^T). Traced, in f64. */
export interface Encoder<P extends Tree<Tensor>> {
  init(key: Tensor): P;
  apply(params: P, x: Tensor): RowNormals;
}

/** The encoder of amortised inference (Kingma and Welling 2014): a perceptron that gives location, log scales and, for the full-rank form, the rest of a triangular factor. */
export function encoder(latent: number, features: number, options: EncoderOptions = {}): Encoder<Tree<Tensor>> {
  const { hidden = [64, 64], activation = "tanh", form = "full-rank" } = options;
  if (form !== "mean-field" && form !== "full-rank")
    throw new RangeError(`encoder: form must be "mean-field" or "full-rank", got ${String(form)}`);
  const outputs = 2 * latent + (form === "full-rank" ? latent ** 2 : 0);
  const network = mlp({ input: features, hidden, output: outputs, activation });
  return {
    init: (key) => tree.map((p: Tensor) => cast(p, "f64"), network.init(key) as Tree<Tensor>),
    apply(params, x) {
      const rows = x.shape[0]!;
      const raw = network.apply(params as never, x);
      const part = (from: number, to: number): Tensor => raw.slice([0, from], [rows, to]);
      const logScale = part(latent, 2 * latent);
      const shape = [rows, latent, latent];
      const diagonal = where(iota(shape, 1).equal(iota(shape, 2)), exp(logScale).expandDims(2), 0);
      const below =
        form === "full-rank" ? where(iota(shape, 2).less(iota(shape, 1)), part(2 * latent, outputs).reshape(shape), 0) : undefined;
      return { mean: part(0, latent), factor: below ? diagonal.add(below) : diagonal, logVolume: logScale.sum(1) };
    },
  };
}

/** Noise [n, D] -> one draw from the normal of each row, [n, D]. */
export const drawRows = ({ mean, factor }: RowNormals, noise: Tensor): Tensor => factor.mul(noise.expandDims(1)).sum(2).add(mean);

/** log density of z [n, D] under the normal of each row, [n]. */
export const rowLogProb = ({ mean, factor, logVolume }: RowNormals, z: Tensor): Tensor =>
  standardNormalLogProb(triangularSolve(factor, z.sub(mean).expandDims(2)).squeeze(2)).sub(logVolume);
