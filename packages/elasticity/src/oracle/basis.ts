import { concat, constant, program, solve, type Tensor } from "@credence/tensor";
import { column } from "../body/body.ts";
import { gaussLobatto } from "./gauss.ts";

/** Polynomials of degree `order` in each coordinate of the unit square or cube, each 1 at one node and 0 at the others. */
export interface Basis {
  readonly order: number;
  readonly dimension: 2 | 3;
  /** Of one coordinate, order + 1 of them. */
  readonly nodes: Float64Array;
  /** Values [n, (order + 1)^k] at coordinates [n, k], k = d or on a face d - 1, the last coordinate's node varying fastest. Traced. */
  at(coordinates: Tensor): Tensor;
}

/** P_0 .. P_order of 2 x - 1, [n, order + 1], for x [n]. */
function legendre(x: Tensor, order: number): Tensor {
  const z = x.mul(2).sub(1);
  const rows = [z.mul(0).add(1), z];
  for (let k = 2; k <= order; k++)
    rows.push(
      z
        .mul(rows[k - 1]!)
        .mul((2 * k - 1) / k)
        .sub(rows[k - 2]!.mul((k - 1) / k)),
    );
  return concat(
    rows.slice(0, order + 1).map((r) => r.expandDims(1)),
    1,
  );
}

/** Lagrange's basis on Gauss-Lobatto nodes. Its values come from Legendre polynomials, so that degree 20 keeps its digits. */
export function lagrangeBasis(order: number, dimension: 2 | 3): Basis {
  const nodes = gaussLobatto(order);
  // Rows of legendre(node) times this matrix are the identity.
  const toLagrange = program((x: Tensor) => solve(legendre(x, order), constant(identity(order + 1), "f64")))(nodes);
  const along = (x: Tensor): Tensor => legendre(x, order).matmul(constant(toLagrange));
  const products = (coordinates: Tensor): Tensor => {
    const [n, d] = coordinates.shape as [number, number];
    const axes = Array.from({ length: d }, (_, k) => along(column(coordinates, k)));
    return axes.reduce((all, axis) =>
      all
        .expandDims(2)
        .mul(axis.expandDims(1))
        .reshape([n, all.shape[1]! * axis.shape[1]!]),
    );
  };
  return { order, dimension, nodes, at: products };
}

const identity = (n: number): number[][] => Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => Number(i === j)));
