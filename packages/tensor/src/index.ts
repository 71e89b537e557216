export { array, NdArray, type NestedNumbers } from "./array.ts";
export { grad, jvp, valueAndGrad, vjp } from "./derive.ts";
export { checkDevice, defaultThreads, devices } from "./device.ts";
export type { DType, TypedArray } from "./dtype.ts";
export { DeviceError, DTypeError, RunError, ShapeError, TraceError } from "./errors.ts";
export { type DeviceInfo, NativeLoadError } from "./native.ts";
export { birthDeathEvents, birthDeathLogTransition, birthDeathStep } from "./ops/birth-death.ts";
export { cond } from "./ops/cond.ts";
export { type Convolution1dOptions, type Convolution2dOptions, convolution1d, convolution2d } from "./ops/convolution.ts";
export { arange, asTensor, constant, eye, full, iota, oneHot, ones, onesLike, zeros, zerosLike } from "./ops/creation.ts";
export { cumprod, cumsum, linearRecurrence } from "./ops/cumulative.ts";
export {
  abs,
  add,
  cast,
  ceil,
  clamp,
  cos,
  digamma,
  div,
  elu,
  equal,
  erf,
  erfinv,
  exp,
  expm1,
  floor,
  greater,
  greaterEqual,
  isFinite,
  less,
  lessEqual,
  lgamma,
  log,
  log1p,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  logSigmoid,
  maximum,
  minimum,
  mul,
  neg,
  notEqual,
  polygamma,
  pow,
  reciprocal,
  relu,
  rem,
  round,
  shiftLeft,
  shiftRight,
  sigmoid,
  sign,
  silu,
  sin,
  softplus,
  sqrt,
  square,
  sub,
  tanh,
  trigamma,
  whenPositive,
  where,
} from "./ops/elementwise.ts";
export { type Complex, type ComplexLike, fft, fft2, ifft, ifft2, irfft, irfft2, rfft, rfft2 } from "./ops/fft.ts";
export { type FieldDerivative, type FieldOptions, type MeshPlanes, meshField, prismField } from "./ops/gravity.ts";
export { argsort, scatterAdd, sort, take, takeAlong } from "./ops/indexing.ts";
export { cholesky } from "./ops/linalg/cholesky.ts";
export { eigenSymmetric } from "./ops/linalg/eigen.ts";
export { inverse, logDeterminant, type SolveOptions, signedLogDeterminant, solve } from "./ops/linalg/lu.ts";
export { diagonal } from "./ops/linalg/matrix.ts";
export { logDeterminantTriangular, triangularSolve } from "./ops/linalg/triangular.ts";
export { dot, matmul, matrixTranspose, outer } from "./ops/matmul.ts";
export { type NutsScalar, type NutsVector, nutsAtRest, nutsLeaf, nutsRowLength, nutsScalar, nutsVector } from "./ops/nuts-leaf.ts";
export { averagePool1d, averagePool2d, maxPool1d, maxPool2d, type Pool1dOptions, type Pool2dOptions } from "./ops/pooling.ts";
export * as random from "./ops/random.ts";
export { all, any, argmax, argmin, logSoftmax, logSumExp, max, mean, min, norm, prod, softmax, std, sum, variance } from "./ops/reduce.ts";
export { rowOperation } from "./ops/rows.ts";
export { map, repeat, scan } from "./ops/scan.ts";
export {
  broadcastTo,
  concat,
  expandDims,
  flip,
  index,
  moveAxis,
  pad,
  reshape,
  slice,
  sliceAxis,
  split,
  squeeze,
  stack,
  stopGradient,
  tile,
  transpose,
} from "./ops/shape.ts";
export { rationalQuadratic, rationalQuadraticComposite, type SplineOptions } from "./ops/spline.ts";
export { whileLoop } from "./ops/while.ts";
export { type Program, type ProgramOptions, program, type RunOptions } from "./program.ts";
export type { Shape } from "./shape.ts";
export { Tensor, type TensorLike } from "./tensor.ts";
export { abstractly } from "./trace.ts";
export type { Tree } from "./tree.ts";
export * as tree from "./tree.ts";
export { type AxisSpec, vmap } from "./vmap.ts";
