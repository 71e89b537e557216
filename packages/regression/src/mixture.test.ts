import { gaussianMixture } from "@credence/core";
import { array, type NdArray, program, random, type Tensor } from "@credence/tensor";
import { expect, test } from "vitest";
import { featuresOf } from "./features.ts";
import { gaussianMixtureModel, mixtureDraws } from "./mixture.ts";

const wave = (n: number, phase: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(12.9898 * (i + phase) ** 2));
const rows = 80;
const first = wave(rows, 1).map((e, i) => (i % 2 ? 10 : 20) + e);
const features = featuresOf({ first, second: wave(rows, 300).map((e, i) => (i % 2 ? 1 : 4) + e + 0.1 * first[i]!) });

test("the likelihood is that of the normals that the derived quantities describe", () => {
  const model = gaussianMixtureModel(features, 2, { concentration: 1 });
  const out = program((key: Tensor) => {
    const u = model.samplePrior(key, 3);
    return { q: model.constrain(u), x: model.terms(u)["x"]! };
  })(Uint32Array.of(4, 0)) as { q: NdArray; x: NdArray };
  const quantities = out.q.data();
  const at = (row: number, name: string): number => quantities[row * model.names.length + model.names.indexOf(name)]!;
  for (let row = 0; row < 3; row++) {
    let expected = 0;
    for (let i = 0; i < rows; i++) {
      let density = 0;
      for (let k = 0; k < 2; k++) {
        const [a, b] = [0, 1].map(
          (d) =>
            (features.x[2 * i + d]! * features.scale[d]! + features.centre[d]! - at(row, `mean[${k},${d}]`)) / at(row, `sd[${k},${d}]`),
        ) as [number, number];
        const r = at(row, `correlation[${k},0,1]`);
        const z = (a * a - 2 * r * a * b + b * b) / (1 - r * r);
        // Of standardised columns: the density in units times both scales.
        const volume = (at(row, `sd[${k},0]`) / features.scale[0]!) * (at(row, `sd[${k},1]`) / features.scale[1]!) * Math.sqrt(1 - r * r);
        density += (at(row, `weight[${k}]`) * Math.exp(-z / 2)) / (2 * Math.PI * volume);
      }
      expected += Math.log(density);
    }
    // Prior draws may have tight components: 80 logarithms of size up to 1e3, and 1 - r² loses digits where r is near 1.
    expect(Math.abs(out.x.data()[row]! / expected - 1)).toBeLessThan(1e-8);
  }
});

test("precisions drawn from the prior are Wishart(I, d): their mean is d I", () => {
  const model = gaussianMixtureModel(features, 1, { concentration: 1 });
  const count = 20_000;
  const q = program(() => model.constrain(model.samplePrior(random.key(3), count)))() as NdArray;
  const width = model.names.length;
  const values = q.data();
  const column = (name: string): number[] => Array.from({ length: count }, (_, i) => values[i * width + model.names.indexOf(name)]!);
  const mean = (values: readonly number[]): number => values.reduce((s, value) => s + value, 0) / values.length;
  const [t11, t22, l] = [column("square[0,0]"), column("square[0,1]"), column("lower[0,0]")];
  // P = T T^T: P11 = T11², P12 = T11 T21, P22 = T21² + T22²; variances of a Wishart are 2 nu, nu, 2 nu. Five standard errors.
  expect(Math.abs(mean(t11) - 2)).toBeLessThan(5 * Math.sqrt(4 / count));
  expect(Math.abs(mean(t11.map((s, i) => Math.sqrt(s) * l[i]!)))).toBeLessThan(5 * Math.sqrt(2 / count));
  expect(Math.abs(mean(t22.map((s, i) => s + l[i]! ** 2)) - 2)).toBeLessThan(5 * Math.sqrt(4 / count));
});

test("draws of coordinate ascent have its moments, in the units of the columns", async () => {
  const model = gaussianMixtureModel(features, 2, { concentration: 1 });
  const fit = await gaussianMixture({ x: array(features.x, { shape: [rows, 2] }), components: 2 });
  const count = 4000;
  const { draws, names } = await mixtureDraws(model, fit, count, 5);
  const all = draws.data();
  const moments = (name: string): { mean: number; sd: number } => {
    const values = Array.from({ length: count }, (_, i) => all[i * names.length + names.indexOf(name)]!);
    const mean = values.reduce((s, value) => s + value, 0) / count;
    return { mean, sd: Math.sqrt(values.reduce((s, value) => s + (value - mean) ** 2, 0) / (count - 1)) };
  };
  for (let k = 0; k < 2; k++) {
    const weight = moments(`weight[${k}]`);
    expect(Math.abs(weight.mean - fit.weights.data()[k]!)).toBeLessThan((5 * weight.sd) / Math.sqrt(count));
    for (let d = 0; d < 2; d++) {
      const centre = moments(`mean[${k},${d}]`);
      const expected = fit.mean.data()[2 * k + d]! * features.scale[d]! + features.centre[d]!;
      expect(Math.abs(centre.mean - expected)).toBeLessThan((5 * centre.sd) / Math.sqrt(count));
      // E of a covariance under inverse Wishart: (W^-1)_dd / (nu - d - 1); what is seen is E sqrt of it, below by Jensen by less than its own relative variance.
      const spread = moments(`sd[${k},${d}]`);
      const nu = fit.factors.degrees.data()[k]!;
      const meanSquare = (fit.factors.scaleInverse.data()[4 * k + 3 * d]! / (nu - 3)) * features.scale[d]! ** 2;
      expect(Math.abs(spread.mean ** 2 + spread.sd ** 2 - meanSquare) / meanSquare).toBeLessThan(
        5 * Math.sqrt(2 / (nu - 3) / count) + 1e-3,
      );
    }
  }
});
