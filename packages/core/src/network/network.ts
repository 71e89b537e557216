import { broadcastTo, elu, relu, silu, type Tensor, type Tree, tanh } from "@credence/tensor";
import type { DropoutNoise } from "./dropout.ts";

/** A pure pair: `init` draws parameters, `apply` computes. Both are traced. */
export interface Network<P extends Tree<Tensor> = Tree<Tensor>> {
  /** Number of features of the result. */
  readonly output: number;
  init(key: Tensor): P;
  /**
   * x: [rows, ...features]; context, where the network takes one: [rows / n, features], each row of it for n consecutive rows of x.
   * Result: [rows, output]. `noise` makes a network that drops units do so; without it, none does.
   */
  apply(params: P, x: Tensor, context?: Tensor, noise?: DropoutNoise): Tensor;
}

export type Activation = "relu" | "tanh" | "silu" | "elu";

const activations: Record<Activation, (x: Tensor) => Tensor> = { relu, tanh, silu, elu };

export function activationFunction(name: Activation): (x: Tensor) => Tensor {
  const found = activations[name];
  if (found === undefined) throw new RangeError(`activation must be one of ${Object.keys(activations).join(", ")}, got ${String(name)}`);
  return found;
}

/** Refuses a width that is no positive integer. */
export function requireWidth(name: string, value: number): void {
  if (!(Number.isInteger(value) && value > 0)) throw new RangeError(`${name} must be a positive integer, got ${value}`);
}

/** [R, F] -> [rows, F]: each row as often as it takes, one after the other. */
export function repeatRows(t: Tensor, rows: number): Tensor {
  const [have, width] = t.shape as [number, number];
  return have === rows ? t : broadcastTo(t.expandDims(1), [have, rows / have, width]).reshape([rows, width]);
}
