import { matmul, type Tensor, where } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import {
  bernoulliLogit,
  chees,
  densityTarget,
  fitVariational,
  flat,
  halfNormal,
  hmc,
  improperAlong,
  laplaceApproximation,
  linearRegression,
  logNormal,
  metropolis,
  model,
  normal,
  nuts,
  observed,
  pathfinder,
  plate,
  studentT,
  type Target,
  variationalLogistic,
} from "./index.ts";

const chains = { seed: 1, chains: 4, warmup: 100, draws: 100 };

/** Every method that takes any target, and the warnings that it gives. */
const methods = {
  nuts: (target: Target) => nuts(target, { ...chains, treeDepthMax: 5 }),
  hmc: (target: Target) => hmc(target, { ...chains, stepsMax: 30 }),
  chees: (target: Target) => chees(target, { ...chains, stepsMax: 30 }),
  metropolis: (target: Target) => metropolis(target, chains),
  "mean-field": (target: Target) => fitVariational(target, { seed: 1, family: "mean-field" }),
  "full-rank": (target: Target) => fitVariational(target, { seed: 1, family: "full-rank" }),
  "low-rank": (target: Target) => fitVariational(target, { seed: 1, family: { kind: "low-rank", rank: 1 } }),
  flow: (target: Target) => fitVariational(target, { seed: 1, family: { kind: "flow", flow: "affine" }, steps: 50 }),
  adam: (target: Target) => fitVariational(target, { seed: 1, family: "full-rank", method: "adam", steps: 50 }),
  laplace: (target: Target) => laplaceApproximation(target, { seed: 1 }),
  pathfinder: (target: Target) => pathfinder(target, { seed: 1 }),
} satisfies Record<string, (target: Target) => Promise<{ readonly warnings: readonly string[] }>>;

type Method = keyof typeof methods;
const every = Object.keys(methods) as Method[];

/** What a method says of a target: its error, or else its warnings. */
const said = (method: Method, target: Target): Promise<string> =>
  methods[method](target).then(
    ({ warnings }) => warnings.join(" "),
    (error: Error) => {
      if (!(error instanceof RangeError)) throw error;
      return error.message;
    },
  );

const rows = Array.from({ length: 20 }, (_, i) => (i - 9.5) / 5);
const logistic = (b: Tensor, x: Tensor) => bernoulliLogit(matmul(x, b.expandDims(1)).squeeze(1));

describe.each(every)("%s", (method) => {
  test("names the part of a log density that is NaN, or else the point", async () => {
    const part = model({ a: normal(0, 1), b: normal(0, 1) }, ({ a, b }) => ({ good: observed(normal(a, 1), [1]), bad: b.sub(100).log() }));
    expect(await said(method, part)).toMatch(/NaN at .*a = .*, b = .*the part of bad is NaN.*check the model and its data/);
    const all = densityTarget({ parameters: ["x"], logDensity: (u) => u.sum().mul(Number.NaN) });
    expect(await said(method, all)).toMatch(/log density is .*NaN at .*x = /);
  });

  test("says where it cannot start, for a target whose support it does not meet", async () => {
    const far = densityTarget({ parameters: ["x"], logDensity: (u) => where(u.greater(1000), u.mul(-1), -Infinity).sum() });
    expect(await said(method, far)).toMatch(/-Infinity at .*x = /);
  });

  test("names the coefficient that separates the classes", async () => {
    const separated = model({ b: plate(flat(), 2) }, ({ b }, { x, y }) => observed(logistic(b, x!), y!), {
      data: { x: rows.map((x) => [1, x]), y: rows.map((x) => Number(x > 0)) },
    });
    expect(await said(method, separated)).toMatch(/density is improper along b\[1\] \(upwards\).*separates the classes/);
  });

  test("says that data without variance leave their sd without bound, and nothing of it where its prior keeps it from 0 or data vary", async () => {
    const same = model({ mu: normal(0, 5), sd: halfNormal(1) }, ({ mu, sd }) => observed(normal(mu, sd), [2, 2, 2, 2, 2]));
    const words = /All 5 values of y are 2: their likelihood grows without bound as the sd of the normal goes to 0\. /;
    expect(await said(method, same)).toMatch(words);
    const known = model({ mu: normal(0, 5) }, ({ mu }) => observed(normal(mu, 1), [2, 2, 2, 2, 2]));
    expect(await said(method, known)).not.toMatch(/without bound/);
  });

  test("refuses what is no target, and options that are not there", async () => {
    await expect(methods[method](((u: Tensor) => u) as never)).rejects.toThrow(/: expected a target, such as model.* got function/);
  });
});

test("options that are not there are asked for", async () => {
  const target = model({ a: normal(0, 1) });
  for (const call of [nuts, hmc, chees, metropolis, fitVariational, laplaceApproximation, pathfinder])
    await expect((call as (t: Target) => Promise<unknown>)(target)).rejects.toThrow(
      /^(nuts|hmc|chees|metropolis|fitVariational|laplaceApproximation|pathfinder): expected options, \{ .*seed \} at least, got undefined$/,
    );
});

test("one chain, and chains that diverge everywhere, are said so with what to do", async () => {
  const one = await nuts(model({ a: normal(0, 1) }), { seed: 1, chains: 1, warmup: 100, draws: 50 });
  expect(one.warnings.join()).toMatch(/^There is one chain: .* Run at least 4/);
  // The support is a ball of 1e-9, which every step leaves.
  const ball = densityTarget({
    parameters: ["x", "y"],
    logDensity: (u) => where(u.square().sum().less(1e-18), 0, -Infinity).cast("f64").add(u.square().sum()),
  });
  const init = Array.from({ length: 4 }, () => [0, 0]);
  const lost = await nuts(ball, { ...chains, init, warmup: 0 });
  expect(lost.warnings.join()).toMatch(/400 of 400 transitions diverged, all of those of chain 1, 2, 3, 4: .*start elsewhere/);
});

test("collinear columns of data are named where priors are improper", async () => {
  const x = rows.map((value) => [1, value, 2 * value]);
  const y = rows.map((value, i) => 1 + 2 * value + 0.3 * Math.sin(7 * i));
  const make = (wide: boolean) =>
    model(
      { b: plate(wide ? flat() : normal(0, 10), 3) },
      ({ b }, data) => observed(normal(matmul(data.x, b.expandDims(1)).squeeze(1), 0.3), data.y),
      { data: { x, y } },
    );
  expect(make(true).warnings).toEqual([
    expect.stringMatching(/^Of the data, columns x\[, 1\], x\[, 2\] are collinear .*leave out one of them\.$/),
  ]);
  expect(make(false).warnings).toEqual([]);
  const exact = await linearRegression({ x, y, prior: { sd: 10 }, noise: { sd: 0.3 } });
  expect(exact.warnings.join()).toMatch(/are collinear/);
  const holes = x.with(3, [1, Number.NaN, 0]);
  await expect(linearRegression({ x: holes, y, prior: { sd: 10 }, noise: { sd: 0.3 } })).rejects.toThrow("got NaN in row 3, column 1");
  const prior = { sd: 10 };
  const noise = { sd: 0.3 };
  // JavaScript counts null as 0.
  await expect(linearRegression({ x, y: y.with(4, null as never), prior, noise })).rejects.toThrow(
    "linearRegression: y must hold numbers, got null at place 4; leave out rows with missing values",
  );
  await expect(linearRegression({ x: x.with(2, [1, "2" as never, 4]), y, prior, noise })).rejects.toThrow(
    "x must hold numbers, got string in row 2, column 1",
  );
  await expect(linearRegression({ x, y, noise } as never)).rejects.toThrow("prior must be given, such as { sd: 10 }, got undefined");
  await expect(linearRegression({ x, y, prior } as never)).rejects.toThrow("noise must be given");
  await expect(variationalLogistic({ x, y: y.map((value) => Number(value > 1)) } as never)).rejects.toThrow(
    "must have either sd or covariance",
  );
  await expect(variationalLogistic({ x: holes, y: rows.map((value) => Number(value > 0)) } as never)).rejects.toThrow("got NaN in row 3");
});

describe("improperAlong", () => {
  const at = (dimension: number, logDensity: (u: Tensor) => Tensor) =>
    improperAlong(densityTarget({ parameters: dimension, logDensity }), new Float64Array(dimension).fill(0.5));
  const part = (u: Tensor, d: number) => u.slice([d], [d + 1]).sum();

  test("tells 1 / t, which has no finite mass, from what falls faster", async () => {
    const power = (p: number) =>
      at(2, (u) =>
        u
          .square()
          .log1p()
          .mul(-p / 2)
          .sum(),
      );
    expect(await power(1)).toEqual(["u[0] (both ways)", "u[1] (both ways)"]);
    expect(await power(0.5)).toHaveLength(2);
    expect(await power(1.05)).toEqual([]);
    expect(await power(2)).toEqual([]);
  });

  test("says which way, and passes over what is proper on a log or logit scale", async () => {
    expect(await at(3, (u) => part(u, 0).neg().sub(part(u, 1).square()).sub(part(u, 2).exp()))).toEqual([
      "u[0] (downwards)",
      "u[2] (downwards)",
    ]);
    const proper = model({ s: halfNormal(1), t: logNormal(0, 1), h: studentT(1, 0, 3), wide: normal(0, 1e8) }, ({ s, h }) =>
      observed(normal(h, s), [1, 2]),
    );
    expect(await improperAlong(proper, new Float64Array(4))).toEqual([]);
  });

  test("looks as far as the point is away", async () => {
    const target = densityTarget({ parameters: ["x", "y"], logDensity: (u) => part(u, 1).square().mul(-0.5).add(part(u, 0)) });
    expect(await improperAlong(target, [1e30, 0])).toEqual(["x (upwards)"]);
  });
});
