import { concat, type Tensor, type TensorLike } from "@credence/tensor";
import { alongAxes, column } from "../body/body.ts";
import type { Collocation } from "./collocation.ts";
import { type Features, ofComponent } from "./features.ts";

/** Rows of a linear map from weights: times lambda, times mu. */
export interface MaterialRows {
  readonly lambda: Tensor;
  readonly mu: Tensor;
}

/** Matrix from blocks, row by row. */
const blocks = (rows: readonly (readonly Tensor[])[]): Tensor =>
  concat(
    rows.map((row) => concat([...row], 1)),
    0,
  );

const range = (d: number): number[] => Array.from({ length: d }, (_, i) => i);

/**
 * u_i = sum_k w_ik phi_k: displacements, rows i n + p for component i at place p, columns i K + k.
 */
export function displacementRows(features: Features, places: Tensor): Tensor {
  const d = places.shape[1]!;
  const value = range(d).map((j) => ofComponent(features, j)(places));
  return blocks(range(d).map((i) => range(d).map((j) => (i === j ? value[j]! : value[j]!.mul(0)))));
}

/** div sigma = lambda grad div u + mu (lap u + grad div u), with second derivatives forward over forward. */
export function divergenceRows(features: Features, places: Tensor): MaterialRows {
  const d = places.shape[1]!;
  // Of component j, along axes i and k.
  const second = range(d).map((j) => range(d).map((i) => alongAxes((x) => alongAxes(ofComponent(features, j), x)[i]!, places)));
  const laplacian = second.map((along) =>
    range(d)
      .map((k) => along[k]![k]!)
      .reduce((a, b) => a.add(b)),
  );
  return {
    lambda: blocks(range(d).map((i) => range(d).map((j) => second[j]![i]![j]!))),
    mu: blocks(range(d).map((i) => range(d).map((j) => (i === j ? second[j]![i]![j]!.add(laplacian[j]!) : second[j]![i]![j]!)))),
  };
}

/** sigma n = lambda n div u + mu (grad u + grad u^T) n. */
export function tractionRows(features: Features, places: Tensor, normals: Tensor): MaterialRows {
  const d = places.shape[1]!;
  const slopes = range(d).map((j) => alongAxes(ofComponent(features, j), places));
  const normal = range(d).map((i) => column(normals, i).expandDims(1));
  const across = slopes.map((of) =>
    range(d)
      .map((k) => of[k]!.mul(normal[k]!))
      .reduce((a, b) => a.add(b)),
  );
  return {
    lambda: blocks(range(d).map((i) => range(d).map((j) => slopes[j]![j]!.mul(normal[i]!)))),
    mu: blocks(
      range(d).map((i) => range(d).map((j) => (i === j ? slopes[j]![i]!.mul(normal[j]!).add(across[j]!) : slopes[j]![i]!.mul(normal[j]!)))),
    ),
  };
}

/** sds of what the problem asks of the field, in units of the problem. */
export interface EquationNoise<T = number> {
  /** Force per volume, one measurement of it at each place inside. */
  readonly force: T;
  /** Force per area, one at each place of a face. */
  readonly traction: T;
  /** Displacement where it is prescribed. */
  readonly held: T;
}

/**
 * The equations in units of their noise, as (rows_0 + lambda rows_lambda + mu rows_mu) w = right: div sigma + b = 0 inside, tractions and displacements on the
 * boundary.
 */
export function equationRows(features: Features, at: Collocation<Tensor>, noise: EquationNoise<TensorLike>) {
  const flat = (t: Tensor): Tensor => t.T.reshape([t.size, 1]);
  const d = at.inside.shape[1]!;
  const same = (weight: Tensor): Tensor => weight.broadcastTo([weight.shape[0]!, d]);
  const insideScale = flat(same(at.insideWeight.sqrt())).div(noise.force);
  const inside = divergenceRows(features, at.inside);
  const weight = same(at.boundaryWeight.sqrt()).mul(at.counts);
  const tractionScale = flat(weight.mul(at.isHeld.neg().add(1))).div(noise.traction);
  const heldScale = flat(weight.mul(at.isHeld)).div(noise.held);
  const traction = tractionRows(features, at.boundary, at.normal);
  const held = displacementRows(features, at.boundary).mul(heldScale);
  return {
    inside: { lambda: inside.lambda.mul(insideScale), mu: inside.mu.mul(insideScale), right: flat(at.force).neg().mul(insideScale) },
    traction: {
      lambda: traction.lambda.mul(tractionScale),
      mu: traction.mu.mul(tractionScale),
      right: flat(at.traction).mul(tractionScale),
    },
    held: { rows: held, right: flat(at.held).mul(heldScale) },
  };
}
