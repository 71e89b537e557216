import { abs, broadcastTo, expm1, log, type Tensor, zerosLike } from "@credence/tensor";
import { type Argument, type Domain, finite, floatType, hold } from "../argument.ts";
import { type Bijector, invert } from "./bijector.ts";

const nonzero: Domain = { expected: "finite and not 0", contains: (value) => Number.isFinite(value) && value !== 0 };

/** y = x, for events of any rank. */
export const identityBijector = (eventRank = 0): Bijector => {
  const zero = (x: Tensor): Tensor => {
    const axes = Array.from({ length: eventRank }, (_, i) => i - eventRank);
    return axes.length > 0 ? zerosLike(x).sum(axes) : zerosLike(x);
  };
  return { name: "identity", eventRank, forward: (x) => x, inverse: (y) => y, logDerivative: zero, inverseLogDerivative: zero };
};

/** y = shift + scale x, element by element. */
export function affineBijector({ shift = 0, scale = 1 }: { readonly shift?: Argument; readonly scale?: Argument }): Bijector {
  const a = hold("affineBijector", "shift", shift, finite);
  const b = hold("affineBijector", "scale", scale, nonzero);
  const logScale = (x: Tensor): Tensor => broadcastTo(log(abs(b.at(floatType(x)))), x.shape);
  return {
    name: "affine",
    eventRank: 0,
    forward: (x) => x.mul(b.at(floatType(x))).add(a.at(floatType(x))),
    inverse: (y) => y.sub(a.at(floatType(y))).div(b.at(floatType(y))),
    logDerivative: logScale,
    inverseLogDerivative: (y) => logScale(y).neg(),
  };
}

/** y = e^x, from all numbers to the positive ones. */
export const expBijector: Bijector = {
  name: "exp",
  eventRank: 0,
  forward: (x) => x.exp(),
  inverse: (y) => y.log(),
  logDerivative: (x) => x,
  inverseLogDerivative: (y) => y.log().neg(),
};

/** y = log x, from the positive numbers to all. */
export const logBijector: Bijector = { ...invert(expBijector), name: "log" };

/** y = log(1 + e^x), from all numbers to the positive ones; near y = x for large x. */
export const softplusBijector: Bijector = {
  name: "softplus",
  eventRank: 0,
  forward: (x) => x.softplus(),
  // y + log(1 - e^-y)
  inverse: (y) => y.add(log(expm1(y.neg()).neg())),
  // log sigmoid(x)
  logDerivative: (x) => x.neg().softplus().neg(),
  // -log(1 - e^-y)
  inverseLogDerivative: (y) => log(expm1(y.neg()).neg()).neg(),
};
