import type { NdArray, Tensor } from "@credence/tensor";
import type { Moments } from "./estimate-metric.ts";

/** The same tree with arrays in the places of tensors. */
export type Arrays<T> = { readonly [K in keyof T]: T[K] extends Tensor ? NdArray : Arrays<T[K]> };

/** Chains with their tuning, between two runs of the program. */
export interface Held<S, T> {
  readonly state: Arrays<S>;
  readonly tuned: Arrays<T>;
}

/** The points that chains have drawn last. */
export interface Drawn {
  /** [n, D] */
  readonly position: NdArray;
  readonly force: NdArray;
  /** [n] */
  readonly logDensity: NdArray;
}

/** Everything that the rest of the run depends on, between two runs of the program. */
export interface Standing<S, T> {
  /** Index of the window; that of the draws is the number of windows. */
  readonly phase: number;
  /** Steps made in it. */
  readonly number: number;
  readonly running: Held<S, T>;
  readonly metric: NdArray;
  /** Where the chains stood when the phase began, [n, D]. */
  readonly reference: NdArray;
  readonly moments: Moments;
}

/** Transitions of the phase that every chain has made. */
export const least = ({ moments }: Standing<unknown, unknown>): number => moments.count.reduce((a, b) => Math.min(a, b));
