import * as t from "../../index.ts";
import { type Case, m, v } from "./case.ts";

// Above a prism, beside it, below it and inside: in units of its size, so that differences of step 1e-5 tell.
const places = m([4, 3], 0.3, -0.2, 1.9, 2.4, 0.7, 0.1, 0.2, 0.4, -1.8, 0.1, -0.3, 0.2);
const prisms = m([2, 6], -1, 1, -0.8, 0.9, -1.2, 1.1, 1.2, 2, -0.5, 1.3, -2, -0.4);
const planes = { x: t.array([-1, -0.1, 0.6, 1], { dtype: "f64" }), y: [-0.8, 0.9], z: [-1.2, 0.3, 1.1] };
const mesh = { x: planes.x, y: t.array(planes.y, { dtype: "f64" }), z: t.array(planes.z, { dtype: "f64" }) };

const field =
  (derivative: t.FieldDerivative) =>
  (x: t.Tensor, p: t.Tensor): t.Tensor =>
    t.prismField(x, p, { derivative, scale: 0.7 });
const cells =
  (derivative: t.FieldDerivative) =>
  (x: t.Tensor): t.Tensor =>
    t.meshField(x, mesh, { derivative, scale: 0.7 });

export const fields: readonly Case[] = [
  // Gravity in mGal of 1000 kg/m3, worked out with 40 digits.
  {
    ops: ["prismField"],
    f: (x, p) => t.prismField(x, p, { derivative: "z", scale: -6.6743e-3 }),
    at: [m([2, 3], 0, 0, 5, 37.5, -12.25, 3), m([1, 6], -10, 10, -20, 20, -50, -10)],
    want: () => [0.184966882016182, 0.04693032636057156],
    order: 0,
  },
  { ops: ["prismField"], f: field("none"), at: [places, prisms], order: 1 },
  { ops: ["prismField"], f: field("x"), at: [places, prisms], order: 1 },
  { ops: ["prismField"], f: field("y"), at: [v(2.4, 0.7, 0.1), prisms], order: 1 },
  {
    ops: ["prismField"],
    f: (x) => field("none")(x, t.constant(t.array(prisms.data as number[], { dtype: "f64", shape: [2, 6] }))),
    at: [places],
  },
  { ops: ["meshField"], f: cells("none"), at: [places] },
  { ops: ["meshField"], f: cells("z"), at: [places], order: 1 },
];
