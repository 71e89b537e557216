import { nuts } from "@credence/core";
import { array, program, type Tensor } from "@credence/tensor";
import { afterEach, expect, test, vi } from "vitest";
import { leastEss, timeChains, total } from "../chains.ts";
import { mcmc } from "./index.ts";
import { eightSchools, logistic } from "./problems.ts";
import { rstan } from "./rstan.ts";

afterEach(() => void vi.unstubAllEnvs());

test("the peer gets the rows of the regression by columns, then the outcomes", () => {
  const [rows, columns] = [7, 2];
  const { target, data } = logistic(rows, columns);
  expect([...data.slice(0, 2)]).toEqual([rows, columns]);
  const beta = [0.4, -1.1];
  // log density = log N(beta; 0, 1) + sum of y eta - log(1 + e^eta)
  let expected = -0.5 * (beta[0]! ** 2 + beta[1]! ** 2) - Math.log(2 * Math.PI);
  for (let i = 0; i < rows; i++) {
    const eta = beta[0]! * data[2 + i]! + beta[1]! * data[2 + rows + i]!;
    expected += data[2 + 2 * rows + i]! * eta - Math.log1p(Math.exp(eta));
  }
  const density = program((u: Tensor) => target.logDensity(u))(array([beta], { dtype: "f64" }));
  expect(density.item()).toBeCloseTo(expected, 10);
});

test("seconds add up, and gradients are those of the draws", async () => {
  const { target } = eightSchools();
  const begin = performance.now();
  const timed = await timeChains(nuts, target, { seed: 1, chains: 2, warmup: 100, draws: 200 });
  const { warmup, draws, checks } = timed.seconds;
  expect(Math.min(warmup, draws, checks)).toBeGreaterThan(0);
  expect(warmup + draws + checks).toBeLessThanOrEqual((performance.now() - begin) / 1e3);
  expect(timed.gradients).toBe(total(timed.draws, "n_steps"));
  expect(leastEss(timed.draws, 2)).toBeGreaterThan(10);
  expect(() => total(timed.draws, "luck")).toThrow("the sampler says nothing of luck; it says");
});

test("a machine without R says so", async () => {
  vi.stubEnv("PATH", "/nonexistent");
  const options = { chains: 1, cores: 1, warmup: 10, draws: 10 };
  expect(await rstan("eight_schools", eightSchools().data, options)).toBe("there is no Rscript; apt-get install r-cran-rstan");
});

test("groups must be some of those that there are", async () => {
  await expect(mcmc.run({ groups: "probit" }, () => {})).rejects.toThrow("--groups must be some of logistic, schools, first-draw");
});
