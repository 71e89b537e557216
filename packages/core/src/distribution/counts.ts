import { equal, floor, greaterEqual, log, log1p, logicalAnd, type Tensor, type TensorLike, where } from "@credence/tensor";

/** Whether x is an integer >= 0. */
export const isCount = (x: Tensor): Tensor => logicalAnd(greaterEqual(x, 0), equal(floor(x), x));

/** x log y, and 0 where x = 0 whatever y. */
export const xLogY = (x: Tensor, y: TensorLike): Tensor => x.mul(log(where(equal(x, 0), 1, y)));

/** x log(1 + y), and 0 where x = 0 whatever y. */
export const xLog1pY = (x: Tensor, y: TensorLike): Tensor => x.mul(log1p(where(equal(x, 0), 0, y)));
