import { array, cholesky, concat, constant, eye, program, random, type Tensor, triangularSolve } from "@credence/tensor";
import { expect, test } from "vitest";
import { lameOf } from "../material.ts";
import { displacementModel } from "../oracle/displacement-model.ts";
import { quadraturePosteriorOf } from "../oracle/quadrature-posterior.ts";
import { cosineBasis, weightSds } from "./discrepancy.ts";
import { augmented, whitenedPlate } from "./plate-likelihood.ts";
import { s235Test, tensionProblem } from "./plate-problem.ts";

test("a process as further motions with one reading each is the normal with its covariance", async () => {
  const places = Array.from({ length: 60 }, (_, i) => [1.3 * i + 1, 1 + ((7 * i) % 5)]);
  const points = Float64Array.from(places.flat());
  const model = await displacementModel(tensionProblem(s235Test), places, { order: 5, ratios: 8, poisson: [0.05, 0.45] });
  const truth = lameOf({ young: 210_000, poisson: 0.3 });
  const readings = program((l: Tensor, m: Tensor) =>
    model
      .predict(l, m)
      .reshape([120])
      .add(random.normal(random.key(1), [120], { dtype: "f64" }).mul(4e-4)),
  )(array(Float64Array.of(truth.lambda)), array(Float64Array.of(truth.mu))).data() as Float64Array;
  const plate = { model, points, readings, test: s235Test };
  const noise = [4e-4, 3e-4] as const;
  const rows = Int32Array.from(places.keys());
  const bare = await whitenedPlate(plate, { noise, rows, camera: "rigid" });
  const basis = cosineBasis(
    [
      [-10, 90],
      [-5, 25],
    ],
    12,
  );
  const processes = [
    { amplitude: 5e-4, lengthScale: 20, noise: 1 },
    { amplitude: 2e-4, lengthScale: 9, noise: 1 },
  ];
  const sds = processes.map((process) => weightSds(basis, process));
  const at = array(points, { shape: [60, 2] });
  const wide = await quadraturePosteriorOf(model, await augmented(bare, { basis, points: at, sds }));

  // In units of the noise: covariance I + F F^T over readings, x and y in turn, factorised as a whole.
  const dense = program((x: Tensor, c: Tensor, y: Tensor, motions: Tensor) => {
    const functions = basis.at(x);
    const part = (a: number): Tensor => {
      const own = functions.mul(constant(sds[a]!).expandDims(1)).div(noise[a]!).expandDims(2);
      const none = own.mul(0);
      return concat(a === 0 ? [own, none] : [none, own], 2).reshape([basis.squares.length, 120]);
    };
    const all = concat([part(0), part(1)], 0);
    const factor = cholesky(all.T.matmul(all).add(eye(120, "f64")));
    const white = (rowsOf: Tensor): Tensor => triangularSolve(factor, rowsOf.T).T;
    return { coefficients: white(c), values: triangularSolve(factor, y), nuisance: white(motions), factor };
  })(at, bare.coefficients, bare.values, bare.nuisance);
  const diagonal = dense.factor.data().filter((_: number, k: number) => k % 121 === 0) as Float64Array;
  const direct = await quadraturePosteriorOf(model, {
    ...dense,
    logNoise: bare.logNoise + diagonal.reduce((sum, v) => sum + Math.log(v), 0),
  });
  for (const name of ["lambda", "mu"] as const) {
    expect(wide[name].mean / direct[name].mean).toBeCloseTo(1, 8);
    expect(wide[name].sd / direct[name].sd).toBeCloseTo(1, 7);
  }
  expect(wide.logEvidence).toBeCloseTo(direct.logEvidence, 6);
});
