import { asTensor, type NdArray, ShapeError, type Tensor } from "@credence/tensor";

/**
 * A matrix [rows, columns] by what it does. For a survey the rows are stations and the columns cells: data of a density model, and
 * back. All three functions trace: they are called inside a program.
 */
export interface LinearOperator {
  readonly rows: number;
  readonly columns: number;
  /** The product with a vector [columns] or with k of them side by side [columns, k]: [rows] or [rows, k], f64. */
  apply(x: Tensor): Tensor;
  /** The product of the transpose with [rows] or [rows, k]: [columns] or [columns, k]. */
  applyTransposed(y: Tensor): Tensor;
  /** The matrix itself, [rows, columns], where it fits into memory. */
  dense(): Tensor;
}

/**
 * A matrix [rows, columns] that is there. An array becomes a constant of the programs that use it, without a copy.
 *
 * @throws {ShapeError} unless it has two axes; from its products, where an operand does not fit
 */
export function denseOperator(matrix: NdArray | Tensor): LinearOperator {
  const [rows, columns] = matrix.shape;
  if (matrix.shape.length !== 2 || rows === undefined || columns === undefined)
    throw new ShapeError(`denseOperator: expected a matrix [rows, columns], got [${matrix.shape}]`);
  const dense = (): Tensor => asTensor(matrix);
  return {
    rows,
    columns,
    apply: (x) => dense().matmul(requireOperand("apply", x, columns)),
    applyTransposed: (y) => dense().T.matmul(requireOperand("applyTransposed", y, rows)),
    dense,
  };
}

/** @throws {ShapeError} unless `x` is [length] or [length, k] */
export function requireOperand(product: string, x: Tensor, length: number): Tensor {
  if ((x.rank !== 1 && x.rank !== 2) || x.shape[0] !== length)
    throw new ShapeError(`${product}: expected [${length}] or [${length}, k], got [${x.shape}]`);
  return x;
}
