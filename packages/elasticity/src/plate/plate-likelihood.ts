import {
  array,
  cholesky,
  concat,
  constant,
  eye,
  jvp,
  map,
  type NdArray,
  program,
  type Tensor,
  take,
  triangularSolve,
  where,
} from "@credence/tensor";
import type { DisplacementModel } from "../oracle/displacement-model.ts";
import type { Misfit, Whitened } from "../oracle/misfit.ts";
import type { CosineBasis } from "./discrepancy.ts";
import type { TensionTest } from "./plate-problem.ts";

/** Points inside the plate with their readings and what predicts them. */
export interface Plate {
  readonly model: DisplacementModel;
  /** mm, n pairs. */
  readonly points: Float64Array;
  readonly readings: Float64Array;
  readonly test: TensionTest;
}

/** Readings of some rows in units of their noise, with the sds. */
export interface WhitenedPlate extends Whitened {
  readonly nuisance: NdArray;
  /** [2 n] */
  readonly sds: NdArray;
}

/** What a camera may do between its pictures: shift and turn, or change its scale as well. */
export type Camera = "rigid" | "rigid and scaled";

interface WhitenedPlateOptions {
  /** Of u_x and u_y, mm. */
  readonly noise: readonly [number, number];
  /** Points that are kept. */
  readonly rows: Int32Array;
  readonly camera: Camera;
  readonly signal?: AbortSignal;
}

/** Shifts along x and y, a rotation and, where it is free, a stretch about the middle of the plate are marginalised. */
export async function whitenedPlate(plate: Plate, { noise, rows, camera, signal }: WhitenedPlateOptions): Promise<WhitenedPlate> {
  const { model, points, readings, test } = plate;
  const n = rows.length;
  const columns = array(Int32Array.from({ length: 2 * n }, (_, k) => 2 * rows[k >> 1]! + (k & 1)));
  const run = program(
    (c: Tensor, y: Tensor, x: Tensor, at: Tensor) => {
      const sds = constant([...noise], "f64")
        .broadcastTo([n, 2])
        .reshape([2 * n]);
      const middle = constant([test.length / 2, test.height / 2], "f64");
      const from = take(x, at).reshape([n, 2]).sub(middle);
      const [px, py] = [from.slice([0, 0], [n, 1]), from.slice([0, 1], [n, 2])];
      const one = px.mul(0).add(1);
      const motions = [[one, px.mul(0)], [px.mul(0), one], [py.neg(), px], ...(camera === "rigid" ? [] : [[px, py]])].map((pair) =>
        concat(pair, 1).reshape([1, 2 * n]),
      );
      return {
        coefficients: take(c, at, 1).div(sds),
        values: take(y, at).div(sds),
        nuisance: concat(motions, 0).div(sds),
        sds,
      };
    },
    { name: "whitened plate" },
  );
  const found = await run.runAsync([model.coefficients, array(readings), array(points), columns], signal ? { signal } : {});
  return { ...found, logNoise: n * (Math.log(noise[0]) + Math.log(noise[1])) };
}

/** A process with weights ~ N(0, 1): k further motions of u_x and k of u_y, and as many readings of 0 with unit noise, one of each weight. */
export async function augmented(
  bare: WhitenedPlate,
  { basis, points, sds }: { readonly basis: CosineBasis; readonly points: NdArray; readonly sds: readonly Float64Array[] },
): Promise<WhitenedPlate> {
  const k = basis.squares.length;
  const n = points.shape[0]!;
  const [terms] = bare.coefficients.shape as [number];
  const run = program((c: Tensor, y: Tensor, motions: Tensor, noise: Tensor, x: Tensor) => {
    const functions = basis.at(x);
    const none = functions.mul(0);
    const part = (a: 0 | 1): Tensor => {
      const own = functions.mul(constant(sds[a]!).expandDims(1)).expandDims(2);
      const other = none.expandDims(2);
      return concat(a === 0 ? [own, other] : [other, own], 2)
        .reshape([k, 2 * n])
        .div(noise);
    };
    const zeros = (rows: number): Tensor => constant(new Float64Array(2 * k), "f64").broadcastTo([rows, 2 * k]);
    return {
      coefficients: concat([c, zeros(terms)], 1),
      values: concat([y, zeros(1).squeeze(0)], 0),
      nuisance: concat([concat([motions, zeros(motions.shape[0]!)], 1), concat([concat([part(0), part(1)], 0), eye(2 * k, "f64")], 1)], 0),
    };
  });
  const found = await run.runAsync([bare.coefficients, bare.values, bare.nuisance, bare.sds, points]);
  return { ...found, sds: bare.sds, logNoise: bare.logNoise };
}

/** How much of each motion the best fit has, and what is left. */
export interface Amounts {
  readonly amounts: Float64Array;
  /** mm, n pairs. */
  readonly residuals: Float64Array;
  /** Of the process, without the motions of the camera; mm, n pairs. */
  readonly process: Float64Array;
}

/** Least squares of what the best material leaves, along all motions. */
export async function amountsOf(misfit: Misfit, whitened: WhitenedPlate, bare: WhitenedPlate, signal?: AbortSignal): Promise<Amounts> {
  const size = bare.sds.size;
  const run = program((centre: Tensor, c: Tensor, y: Tensor, motions: Tensor, sds: Tensor) => {
    const left = y.sub(centre.expandDims(0).matmul(c).squeeze(0));
    const factor = cholesky(motions.matmul(motions.T));
    const right = motions.matmul(left.expandDims(1));
    const amounts = triangularSolve(factor, triangularSolve(factor, right), { transpose: true });
    const along = (rows: Tensor, weights: Tensor): Tensor => weights.T.matmul(rows).squeeze(0).slice([0], [size]).mul(sds);
    const [count, ofCamera] = [motions.shape[0]!, bare.nuisance.shape[0]!];
    const process =
      count > ofCamera
        ? along(motions.slice([ofCamera, 0], [count, motions.shape[1]!]), amounts.slice([ofCamera, 0], [count, 1]))
        : sds.mul(0);
    return { amounts: amounts.squeeze(1), residuals: left.slice([0], [size]).mul(sds).sub(along(motions, amounts)), process };
  });
  const { coefficients, values, nuisance, sds } = whitened;
  const found = await run.runAsync([misfit.centre, coefficients, values, nuisance, sds], signal ? { signal } : {});
  return {
    amounts: found.amounts.data() as Float64Array,
    residuals: found.residuals.data() as Float64Array,
    process: found.process.data() as Float64Array,
  };
}

/** What a fit has left open in u_x and in u_y, [4, n] each: the shift, the rotation's part, and the slopes along log lambda and log mu. */
export async function slopesOf({ model, points, test }: Plate, { best }: Misfit, rows: Int32Array): Promise<[NdArray, NdArray]> {
  const n = rows.length;
  const run = program((c: Tensor, x: Tensor, at: Tensor) => {
    const material = [constant([best.lambda], "f64"), constant([best.mu], "f64")];
    const along = (i: number): Tensor => {
      const way = material.map((m, j) => m.mul(Number(i === j)));
      return jvp((l: Tensor, m: Tensor) => model.features(l, m), material, way)[1]
        .matmul(c)
        .reshape([points.length / 2, 2]);
    };
    const slopes = [0, 1].map((i) => take(along(i), at));
    const from = take(x.reshape([points.length / 2, 2]), at).sub(constant([test.length / 2, test.height / 2], "f64"));
    return [0, 1].map((a) => {
      const turn = from.slice([0, 1 - a], [n, 2 - a]);
      const one = turn.mul(0).add(1);
      return concat([one, turn, ...slopes.map((s) => s.slice([0, a], [n, a + 1]))], 1).T;
    });
  });
  return (await run.runAsync([model.coefficients, array(points), array(rows)])) as unknown as [NdArray, NdArray];
}

/**
 * For u_x and u_y, the sum over other points within `reach` of the correlation of residuals: by so much more the variance of a mean of many of them exceeds
 * that of independent ones. Facets of a camera overlap, so that neighbours share noise.
 */
export async function neighbourExcess(points: NdArray, residuals: Float64Array, reach = 1): Promise<[number, number]> {
  const n = points.shape[0]!;
  const run = program((x: Tensor, r: Tensor) => {
    const one = ([place, own]: [Tensor, Tensor]): Tensor => {
      const near = x
        .sub(place)
        .square()
        .sum(1)
        .less(reach * reach);
      return where(near.expandDims(1), r, 0).sum(0).sub(own).mul(own);
    };
    return (map(one as never, [x, r]) as Tensor).sum(0).div(r.square().sum(0));
  });
  const found = await run.runAsync([points, array(residuals, { shape: [n, 2] })]);
  return Array.from(found.data()) as [number, number];
}
