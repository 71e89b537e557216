import {
  cholesky,
  concat,
  eye,
  grad,
  jvp,
  map,
  matmul,
  matrixTranspose,
  pad,
  stack,
  type Tensor,
  tree,
  triangularSolve,
  valueAndGrad,
  vmap,
} from "@credence/tensor";
import type { Setting } from "../material.ts";
import type { Collocation } from "./collocation.ts";
import { type NetworkShape, weightCount } from "./network-field.ts";
import { boundaryResiduals, insideResiduals, type PinnPoint, readingResiduals, type ScaledReadings } from "./pinn-residuals.ts";

/** What a loss is made of besides the point: places, readings and scales. */
export interface PinnData<T = Tensor> {
  readonly at: Collocation<T>;
  readonly sensors?: ScaledReadings<T>;
  /** sds of force, traction, held displacement and weights, [4]. */
  readonly sds: T;
  /** log lambda and log mu where they are known, [2]. */
  readonly material?: T;
}

/** What the network is for. */
export interface PinnSetup {
  readonly shape: NetworkShape;
  readonly setting: Setting;
  /** Log prior density at lambda and mu in units of the problem. */
  readonly prior?: (lambda: Tensor, mu: Tensor) => Tensor;
}

/** Weights and material of a vector, whose last two numbers are log lambda and log mu where they are inferred. */
function pointOf({ shape }: PinnSetup, vector: Tensor, data: PinnData): PinnPoint {
  const count = weightCount(shape);
  return { weights: vector.slice([0], [count]), material: data.material ?? vector.slice([count], [count + 2]) };
}

/** Residuals by what they are of, each [rows, d]. */
function residualsOf(setup: PinnSetup, vector: Tensor, data: PinnData): Record<string, Tensor> {
  const { shape, setting } = setup;
  const point = pointOf(setup, vector, data);
  const sd = { force: data.sds.index(0), traction: data.sds.index(1), held: data.sds.index(2) };
  return {
    physics: insideResiduals(shape, setting, point, data.at, sd.force),
    boundary: boundaryResiduals(shape, setting, point, data.at, sd),
    ...(data.sensors && { readings: readingResiduals(shape, point, data.sensors) }),
  };
}

const halfSquare = (t: Tensor): Tensor => t.square().sum().mul(0.5);

/** Log prior density at log lambda and log mu; of lambda and mu, not of their logarithms. */
const priorAt = ({ prior }: PinnSetup, logs: Tensor): Tensor =>
  prior ? prior(logs.index(0).exp(), logs.index(1).exp()) : logs.sum().mul(0);

/** Terms of minus the log posterior, nats, up to constants. */
export function pinnTerms(setup: PinnSetup, vector: Tensor, data: PinnData): Record<string, Tensor> {
  const { weights, material } = pointOf(setup, vector, data);
  return {
    ...Object.fromEntries(Object.entries(residualsOf(setup, vector, data)).map(([name, r]) => [name, halfSquare(r)])),
    weights: halfSquare(weights.div(data.sds.index(3))),
    ...(!data.material && { prior: priorAt(setup, material).neg() }),
  };
}

/** Their sum. */
export const pinnLoss = (setup: PinnSetup, vector: Tensor, data: PinnData): Tensor =>
  Object.values(pinnTerms(setup, vector, data)).reduce((a, b) => a.add(b));

/** Residuals [R] and their derivatives [R, P], place by place: a residual knows one place, so its gradient is one reverse pass over one row. */
function jacobianOf(setup: PinnSetup, vector: Tensor, data: PinnData): { readonly residuals: Tensor; readonly jacobian: Tensor } {
  const d = setup.shape.dimension;
  const { inside, insideWeight, force, ...boundary } = data.at;
  const { shape, setting } = setup;
  type Group = readonly [Readonly<Record<string, Tensor>>, (p: PinnPoint, rows: never) => Tensor];
  const groups: readonly Group[] = [
    [{ inside, insideWeight, force }, (p, rows) => insideResiduals(shape, setting, p, rows, data.sds.index(0))],
    [boundary, (p, rows) => boundaryResiduals(shape, setting, p, rows, { force: 1, traction: data.sds.index(1), held: data.sds.index(2) })],
    ...(data.sensors ? [[{ ...data.sensors }, (p, rows) => readingResiduals(shape, p, rows)] satisfies Group] : []),
  ];
  const parts = groups.map(([rows, residuals]) => {
    const one = (row: Record<string, Tensor>) => {
      const lone = tree.map((t: Tensor) => t.expandDims(0), row as never) as never;
      const each = Array.from({ length: d }, (_, i) =>
        valueAndGrad((p: Tensor) =>
          residuals(pointOf(setup, p, data), lone)
            .index(0, 0)
            .index(i),
        )(vector),
      );
      return { value: stack(each.map(([value]) => value as Tensor)), slope: stack(each.map(([, slope]) => slope as Tensor)) };
    };
    const { value, slope } = vmap(one)(rows as never) as { value: Tensor; slope: Tensor };
    return { value: value.reshape([value.size]), slope: slope.reshape([value.size, vector.size]) };
  });
  return {
    residuals: concat(
      parts.map((p) => p.value),
      0,
    ),
    jacobian: concat(
      parts.map((p) => p.slope),
      0,
    ),
  };
}

/** Gauss and Newton's curvature of the loss, [P, P], and its gradient, [P]. */
export function curvatureOf(setup: PinnSetup, vector: Tensor, data: PinnData): { readonly curvature: Tensor; readonly gradient: Tensor } {
  const { residuals, jacobian } = jacobianOf(setup, vector, data);
  const count = weightCount(setup.shape);
  const rest = vector.size - count;
  const precision = concat(
    [vector.slice([0], [count]).mul(0).add(data.sds.index(3).pow(-2)), vector.slice([count], [vector.size]).mul(0)],
    0,
  );
  let curvature = matmul(matrixTranspose(jacobian), jacobian).add(eye(vector.size, "f64").mul(precision));
  let gradient = matmul(matrixTranspose(jacobian), residuals).add(vector.mul(precision));
  if (setup.prior && rest === 2) {
    const slope = grad((logs: Tensor) => priorAt(setup, logs).neg());
    const logs = vector.slice([count], [vector.size]);
    const rows = stack([0, 1].map((k) => jvp(slope as never, [logs], [eye(2, "f64").index(k)])[1] as Tensor));
    curvature = curvature.add(
      pad(rows, [
        [count, 0],
        [count, 0],
      ]),
    );
    gradient = gradient.add(pad(slope(logs) as Tensor, [[count, 0]]));
  }
  return { curvature, gradient };
}

/** Steps of Levenberg and Marquardt with several dampings, [k]: where each leads, [k, P], and the loss there, [k]. */
export function dampedSteps(setup: PinnSetup, vector: Tensor, data: PinnData, dampings: Tensor) {
  const { curvature, gradient } = curvatureOf(setup, vector, data);
  const scale = curvature.mul(eye(vector.size, "f64")).sum(1);
  return map((damping: Tensor) => {
    const lower = cholesky(curvature.add(eye(vector.size, "f64").mul(scale.add(scale.mean().mul(1e-6)).mul(damping))));
    const step = triangularSolve(lower, triangularSolve(lower, gradient.expandDims(1)), { transpose: true }).squeeze(1);
    const point = vector.sub(step);
    return { point, loss: pinnLoss(setup, point, data) };
  }, dampings) as { point: Tensor; loss: Tensor };
}
