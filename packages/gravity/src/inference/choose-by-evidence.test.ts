import { array, program, random, type Tensor } from "@credence/tensor";
import { expect, test } from "vitest";
import { meshOperator } from "../forward/mesh-operator.ts";
import { maternPrior } from "../prior/matern-prior.ts";
import { chooseByEvidence } from "./choose-by-evidence.ts";
import { exactPosterior } from "./exact-posterior.ts";
import { gravityModel } from "./gravity-model.ts";
import { meshFor, stationsOver } from "./test/survey.ts";

const mesh = meshFor(3, 10, 10);
const count = 150;
const stations = stationsOver(mesh, count);
const operator = meshOperator(mesh, stations);
const truth = maternPrior(mesh, { range: 80, sd: 150 });
const data = program((key: Tensor) => {
  const z = random.normal(random.fold(key, 0), [truth.size, 1], { dtype: "f64" });
  const e = random.normal(random.fold(key, 1), [count], { dtype: "f64" });
  return operator.apply(truth.colour(z)).squeeze(1).add(e.mul(0.04));
})(array(Uint32Array.of(8, 0)));

test("range, sd and noise that data were made with are found, with an honest spread; the noise sd given was half", {
  timeout: 60_000,
}, async () => {
  const chosen = await chooseByEvidence({
    operator,
    data,
    noiseSd: 0.02,
    stations,
    regional: { order: 1 },
    prior: ({ range, sd }) => maternPrior(mesh, { range, sd }),
    parameters: { range: [20, 600], sd: [10, 1000], noiseScale: [0.2, 5] },
    threads: 2,
  });
  const want = { range: 80, sd: 150, noiseScale: 2 };
  for (const name of ["range", "sd", "noiseScale"] as const) {
    expect(Math.abs(Math.log(chosen.values[name] / want[name]))).toBeLessThan(3 * chosen.logSd[name]);
    expect(chosen.logSd[name]).toBeLessThan(1);
  }
  expect(chosen.logSd.noiseScale).toBeLessThan(0.2);
  expect(chosen.warnings).toEqual([]);
  // The evidence is that of the posterior, and no neighbour has more.
  expect((await exactPosterior(chosen.model)).logEvidence).toBeCloseTo(chosen.logEvidence, 6);
  for (const [range, sd, scale] of [
    [1.2, 1, 1],
    [1, 1.2, 1],
    [1, 1, 1.2],
    [0.8, 1, 1],
    [1, 0.8, 1],
    [1, 1, 0.8],
  ] as const) {
    const { values } = chosen;
    const beside = gravityModel({
      operator,
      data,
      noiseSd: 0.02 * values.noiseScale * scale,
      stations,
      regional: { order: 1 },
      prior: maternPrior(mesh, { range: values.range * range, sd: values.sd * sd }),
    });
    expect((await exactPosterior(beside)).logEvidence).toBeLessThan(chosen.logEvidence);
  }
});

test("a value at its bound is said to be, and bounds that are none are refused", async () => {
  const options = { operator, data, noiseSd: 0.04, prior: ({ sd }: { sd: number | Tensor }) => maternPrior(mesh, { range: 80, sd }) };
  const held = await chooseByEvidence({ ...options, parameters: { sd: [1, 20] }, starts: 1, threads: 2 });
  expect(held.warnings.join()).toMatch(/sd = .* lies at its bound \[1, 20\]/);
  expect(held.logSd.sd).toBeNaN();
  await expect(chooseByEvidence({ ...options, parameters: { sd: [0, 20] } })).rejects.toThrow(
    "sd needs bounds 0 < low < high, got [0, 20]",
  );
});
