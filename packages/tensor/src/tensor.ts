import type { NdArray } from "./array.ts";
import type { DType } from "./dtype.ts";
import type { Abstract, Variable } from "./ir.ts";
import * as e from "./ops/elementwise.ts";
import { matmul } from "./ops/matmul.ts";
import * as r from "./ops/reduce.ts";
import * as s from "./ops/shape.ts";
import { type Shape, sizeOf } from "./shape.ts";
import type { Trace } from "./trace.ts";

/** What an operation takes: a value of the program, an array that becomes a constant of it, or a number of the other operand's type. */
export type TensorLike = Tensor | NdArray | number | boolean;

type Axes = number | readonly number[];

/** A value of the program that is being traced: shape and type are known, the numbers are not. Methods are the functions of the same name. */
export class Tensor implements Abstract {
  readonly trace: Trace;
  readonly variable: Variable;
  constructor(trace: Trace, variable: Variable) {
    this.trace = trace;
    this.variable = variable;
  }
  get shape(): Shape {
    return this.variable.shape;
  }
  get dtype(): DType {
    return this.variable.dtype;
  }
  get rank(): number {
    return this.shape.length;
  }
  get size(): number {
    return sizeOf(this.shape);
  }
  /** The axes reversed. */
  get T(): Tensor {
    return s.transpose(this);
  }

  add(b: TensorLike): Tensor {
    return e.add(this, b);
  }
  sub(b: TensorLike): Tensor {
    return e.sub(this, b);
  }
  mul(b: TensorLike): Tensor {
    return e.mul(this, b);
  }
  div(b: TensorLike): Tensor {
    return e.div(this, b);
  }
  pow(b: TensorLike): Tensor {
    return e.pow(this, b);
  }
  maximum(b: TensorLike): Tensor {
    return e.maximum(this, b);
  }
  minimum(b: TensorLike): Tensor {
    return e.minimum(this, b);
  }
  less(b: TensorLike): Tensor {
    return e.less(this, b);
  }
  lessEqual(b: TensorLike): Tensor {
    return e.lessEqual(this, b);
  }
  greater(b: TensorLike): Tensor {
    return e.greater(this, b);
  }
  greaterEqual(b: TensorLike): Tensor {
    return e.greaterEqual(this, b);
  }
  equal(b: TensorLike): Tensor {
    return e.equal(this, b);
  }
  notEqual(b: TensorLike): Tensor {
    return e.notEqual(this, b);
  }
  neg(): Tensor {
    return e.neg(this);
  }
  abs(): Tensor {
    return e.abs(this);
  }
  exp(): Tensor {
    return e.exp(this);
  }
  expm1(): Tensor {
    return e.expm1(this);
  }
  log(): Tensor {
    return e.log(this);
  }
  log1p(): Tensor {
    return e.log1p(this);
  }
  sqrt(): Tensor {
    return e.sqrt(this);
  }
  square(): Tensor {
    return e.square(this);
  }
  tanh(): Tensor {
    return e.tanh(this);
  }
  sigmoid(): Tensor {
    return e.sigmoid(this);
  }
  softplus(): Tensor {
    return e.softplus(this);
  }
  relu(): Tensor {
    return e.relu(this);
  }
  cast(dtype: DType): Tensor {
    return e.cast(this, dtype);
  }
  matmul(b: TensorLike): Tensor {
    return matmul(this, b);
  }
  sum(axes?: Axes, keepDims = false): Tensor {
    return r.sum(this, axes, keepDims);
  }
  mean(axes?: Axes, keepDims = false): Tensor {
    return r.mean(this, axes, keepDims);
  }
  max(axes?: Axes, keepDims = false): Tensor {
    return r.max(this, axes, keepDims);
  }
  min(axes?: Axes, keepDims = false): Tensor {
    return r.min(this, axes, keepDims);
  }
  prod(axes?: Axes, keepDims = false): Tensor {
    return r.prod(this, axes, keepDims);
  }
  logSumExp(axes?: Axes, keepDims = false): Tensor {
    return r.logSumExp(this, axes, keepDims);
  }
  reshape(shape: Shape): Tensor {
    return s.reshape(this, shape);
  }
  transpose(permutation?: readonly number[]): Tensor {
    return s.transpose(this, permutation);
  }
  broadcastTo(shape: Shape): Tensor {
    return s.broadcastTo(this, shape);
  }
  expandDims(axis: number): Tensor {
    return s.expandDims(this, axis);
  }
  squeeze(axis?: Axes): Tensor {
    return s.squeeze(this, axis);
  }
  slice(starts: readonly number[], stops?: readonly (number | undefined)[], steps?: readonly number[]): Tensor {
    return s.slice(this, starts, stops, steps);
  }
  index(i: number, axis = 0): Tensor {
    return s.index(this, i, axis);
  }
}
