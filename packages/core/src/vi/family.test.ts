import {
  array,
  eye,
  grad,
  jvp,
  logDeterminant,
  matmul,
  matrixTranspose,
  program,
  random,
  solve,
  type Tensor,
  type Tree,
  tree,
} from "@credence/tensor";
import { describe, expect, it } from "vitest";
import { composeFlow, couplingSpline, luLinear, maskedAutoregressive, type Transform } from "../flow/index.ts";
import type { VariationalFamily } from "./family.ts";
import { flowFamily } from "./flow-family.ts";
import { fullRankNormal } from "./full-rank.ts";
import { lowRankNormal } from "./low-rank.ts";
import { meanFieldNormal } from "./mean-field.ts";

const dimension = 3;
const families: Readonly<Record<string, VariationalFamily>> = {
  "mean-field": meanFieldNormal(dimension) as VariationalFamily,
  "full-rank": fullRankNormal(dimension) as VariationalFamily,
  "low-rank": lowRankNormal(dimension, 2) as VariationalFamily,
  "affine flow": flowFamily(composeFlow([luLinear(dimension) as Transform], { dimension, context: 0 })) as VariationalFamily,
  "spline flow": flowFamily(couplingSpline({ dimension, transforms: 2, hidden: 8 })) as VariationalFamily,
  "autoregressive flow": flowFamily(maskedAutoregressive({ dimension, transforms: 2, hidden: 8 })) as VariationalFamily,
};

/** Parameters moved away from where they start. */
const shaken = (family: VariationalFamily): Tree<Tensor> => {
  let leaf = 0;
  return tree.map(
    (p: Tensor) => p.add(random.normal(random.fold(random.key(3), ++leaf), p.shape, { dtype: "f64" }).mul(0.3)),
    family.init(random.key(1)),
  );
};

describe.each(Object.entries(families))("the %s family", (_, family) => {
  it("gives draws the density that it says: the noise's, over the volume that the draw stretches", () => {
    const n = 40;
    const run = program(() => {
      const params = shaken(family);
      const noise = random.normal(random.key(2), [n, family.noise], { dtype: "f64" });
      const u = family.transform(params, noise);
      const logProb = family.logProb(params, u);
      if (family.noise > dimension) {
        // More noise than numbers: the dense normal of the same moments.
        const { mean, covariance } = family.moments!(params);
        const centred = u.sub(mean);
        const squares = centred.mul(matrixTranspose(solve(covariance, matrixTranspose(centred)))).sum(1);
        const volume = logDeterminant(covariance)
          .mul(0.5)
          .add((dimension / 2) * Math.log(2 * Math.PI));
        return { logProb, expected: squares.mul(-0.5).sub(volume) };
      }
      const columns = Array.from({ length: dimension }, (_, d) => {
        const direction = noise.mul(0).add(array(Float64Array.from({ length: dimension }, (_, e) => Number(e === d))));
        return jvp((z: Tensor) => family.transform(params, z), [noise], [direction])[1] as Tensor;
      });
      const entry = (i: number, j: number) => columns[j]!.slice([0, i], [n, i + 1]).squeeze(1);
      const minor = (a: number, b: number) =>
        entry(1, a)
          .mul(entry(2, b))
          .sub(entry(1, b).mul(entry(2, a)));
      const volume = entry(0, 0)
        .mul(minor(1, 2))
        .sub(entry(0, 1).mul(minor(0, 2)))
        .add(entry(0, 2).mul(minor(0, 1)));
      const expected = noise
        .square()
        .sum(1)
        .mul(-0.5)
        .sub((dimension / 2) * Math.log(2 * Math.PI))
        .sub(volume.abs().log());
      return { logProb, expected };
    });
    const { logProb, expected } = run();
    const wanted = expected.data();
    // f64 rounding through a few layers.
    logProb.data().forEach((value, i) => {
      expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-9);
    });
  });

  it("carries a base: what is placed has the density of the standard one, moved", () => {
    const run = program(() => {
      const params = shaken(family);
      const mean = random.normal(random.key(5), [dimension], { dtype: "f64" });
      const rough = random.normal(random.key(6), [dimension, dimension], { dtype: "f64" });
      const dense = matmul(rough, matrixTranspose(rough)).add(eye(dimension, "f64"));
      const factor = family.base === "dense" ? lower(dense) : dense.mul(eye(dimension, "f64"));
      const placed = family.place(params, { mean, factor });
      const noise = random.normal(random.key(7), [20, family.noise], { dtype: "f64" });
      const v = family.transform(params, noise);
      const u = family.transform(placed, noise);
      const logVolume = factor.mul(eye(dimension, "f64")).sum(1).log().sum();
      return {
        place: u
          .sub(matmul(v, matrixTranspose(factor)).add(mean))
          .abs()
          .max(),
        density: family.logProb(placed, u).sub(family.logProb(params, v).sub(logVolume)).abs().max(),
      };
    });
    const { place, density } = run();
    expect(place.item()).toBeLessThan(1e-12);
    expect(density.item()).toBeLessThan(1e-9);
  });
});

/** The lower triangle. */
const lower = (x: Tensor): Tensor => {
  const mask = Array.from({ length: dimension ** 2 }, (_, k) => Number(k % dimension <= Math.floor(k / dimension)));
  return x.mul(array(Float64Array.from(mask), { shape: [dimension, dimension] }));
};

describe.each(["mean-field", "full-rank", "low-rank"] as const)("the closed forms of the %s family", (name) => {
  const family = families[name]!;
  it("are those of its draws", () => {
    const n = 200_000;
    const run = program(() => {
      const params = shaken(family);
      const u = family.sample(params, random.key(9), n);
      const { mean, covariance } = family.moments!(params);
      const centred = u.sub(mean);
      return {
        mean: centred.mean(0).abs().max(),
        covariance: matmul(matrixTranspose(centred), centred)
          .mul(1 / n)
          .sub(covariance)
          .abs()
          .max(),
        scale: covariance.abs().max(),
        entropy: family.logProb(params, u).mean().add(family.entropy!(params)),
      };
    });
    const { mean, covariance, scale, entropy } = run();
    // Monte Carlo errors of 200,000 draws, times about 5; log q has variance D / 2.
    expect(mean.item()).toBeLessThan(5 * Math.sqrt(scale.item() / n));
    expect(covariance.item()).toBeLessThan(5 * scale.item() * Math.sqrt(2 / n));
    expect(Math.abs(entropy.item())).toBeLessThan(5 * Math.sqrt(dimension / 2 / n));
  });

  it("give the entropy the gradient of -E log q along the draws", () => {
    const run = program(() => {
      const params = shaken(family);
      const noise = random.normal(random.key(4), [50_000, family.noise], { dtype: "f64" });
      const direct = grad((p: Tree<Tensor>) => family.entropy!(p) as Tensor)(params) as Tree<Tensor>;
      const drawn = grad((p: Tree<Tensor>) => family.logProb(p, family.transform(p, noise)).mean().neg())(params) as Tree<Tensor>;
      return tree.map((a: Tensor, b: Tensor) => a.sub(b).abs().max(), direct, drawn);
    });
    // Noise of the mean of 50,000 draws with sd of order 1.
    for (const difference of tree.flatten(run() as never).leaves as { item(): number }[]) expect(difference.item()).toBeLessThan(0.03);
  });
});

describe("refusals", () => {
  it("names what does not fit", () => {
    expect(() => meanFieldNormal(0)).toThrow("dimension must be a positive integer, got 0");
    expect(() => lowRankNormal(3, 4)).toThrow("rank must be at most the dimension, 3, got 4");
    expect(() => flowFamily(couplingSpline({ dimension: 2, context: 1 }))).toThrow(
      "expected a flow without context, got one of 1 features",
    );
  });
});
