import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { array, type NdArray, random, type Tensor, where } from "@credence/tensor";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { gamma, normal, parameters, uniform } from "../distribution/index.ts";
import { FileFormatError } from "../file/errors.ts";
import { type Simulations, simulate } from "../simulate/simulate.ts";
import { deepSetEmbedding, mlpEmbedding, recurrentEmbedding } from "./embedding.ts";
import { Posterior } from "./posterior.ts";
import { trainPosterior } from "./train.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const prior = parameters({ a: { prior: normal(0, 1) }, b: { prior: normal(0, 1) } });
const noise = 0.5;
/** x = theta + 0.5 e: the posterior is N(0.8 x, 0.2) in each dimension. */
const run = (key: Tensor, theta: Tensor) => theta.add(random.normal(key, theta.shape, { dtype: theta.dtype }).mul(noise));
const draw = (count: number, seed: number) => simulate({ parameters: prior, simulator: { kind: "program", run }, count, seed });

const quick = { maxEpochs: 5, patience: 5 } as const;
const small = { transforms: 2, hidden: 20, blocks: 1, bins: 6 } as const;

function columns(draws: NdArray): { mean: number[]; sd: number[] } {
  const [n, d] = draws.shape as [number, number];
  const values = draws.data();
  const mean = new Array<number>(d).fill(0);
  const sd = new Array<number>(d).fill(0);
  for (let i = 0; i < n * d; i++) mean[i % d]! += values[i]! / n;
  for (let i = 0; i < n * d; i++) sd[i % d]! += (values[i]! - mean[i % d]!) ** 2 / n;
  return { mean, sd: sd.map(Math.sqrt) };
}

const average = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b) / values.length;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "credence-npe-"));
});
afterEach(() => rm(directory, { recursive: true }));

let simulations: Simulations;
beforeAll(async () => {
  simulations = await draw(4000, 1);
});

describe.each(["nsf", "maf", "autoregressiveSpline"] as const)("a posterior trained with %s", (kind) => {
  it("recovers the exact posterior of a conjugate Gaussian", async () => {
    const { theta, x } = simulations;
    const posterior = await trainPosterior({
      parameters: prior,
      theta,
      x,
      flow: { ...small, kind },
      training: { maxEpochs: 60, learningRate: 2e-3 },
      seed: 1,
    });
    for (const observed of [
      [0, 0],
      [1, -0.5],
    ]) {
      const draws = await posterior.sample(observed, 10_000, { seed: 2 });
      const { mean, sd } = columns(draws);
      observed.forEach((value, d) => {
        // What 4000 simulations teach: the mean to 0.2 posterior sd and the sd to 15 %, several times the error of a good run.
        expect(Math.abs(mean[d]! - 0.8 * value)).toBeLessThan(0.2 * Math.sqrt(0.2));
        expect(Math.abs(sd[d]! / Math.sqrt(0.2) - 1)).toBeLessThan(0.15);
      });
    }
    const fresh = await draw(5000, 99);
    const logQ = average((await posterior.logProbPairs(fresh.theta, fresh.x)).data());
    const best = -Math.log(2 * Math.PI * Math.E * 0.2);
    // The gap is the mean Kullback-Leibler divergence: positive, but for the noise of 5000 rows (0.014), and small.
    expect(best - logQ).toBeLessThan(0.06);
    expect(best - logQ).toBeGreaterThan(-0.06);
  });
});

describe("a trained posterior", () => {
  let posterior: Posterior;
  beforeAll(async () => {
    const { theta, x } = simulations;
    posterior = await trainPosterior({ parameters: prior, theta, x, flow: small, training: { maxEpochs: 8, ensembleSize: 2 }, seed: 3 });
  });

  it("draws the same bits for the same seed, with any number of threads", async () => {
    const one = await posterior.sample([0.3, 0.2], 1500, { seed: 4, threads: 1 });
    const two = await posterior.sample([0.3, 0.2], 1500, { seed: 4, threads: 2 });
    const other = await posterior.sample([0.3, 0.2], 1500, { seed: 5 });
    expect(two.data()).toEqual(one.data());
    expect(other.data()).not.toEqual(one.data());
    expect(one.shape).toEqual([1500, 2]);
  });

  it("draws for many observations at once what it draws for one", async () => {
    const observed = [
      [0.3, 0.2],
      [-1, 1],
      [2, 0],
    ];
    const many = await posterior.sampleMany(observed, 4000, { seed: 4 });
    expect(many.shape).toEqual([3, 4000, 2]);
    for (const [i, x] of observed.entries()) {
      const own = columns(array(many.data().slice(i * 8000, (i + 1) * 8000) as Float64Array, { shape: [4000, 2] }));
      const one = columns(await posterior.sample(x, 4000, { seed: 9 }));
      for (let d = 0; d < 2; d++) {
        // 5 standard errors of the difference of two means of 4000, and 8 % of the sd.
        expect(Math.abs(own.mean[d]! - one.mean[d]!)).toBeLessThan(5 * one.sd[d]! * Math.sqrt(2 / 4000));
        expect(Math.abs(own.sd[d]! / one.sd[d]! - 1)).toBeLessThan(0.08);
      }
    }
  });

  it("has a density that integrates to 1", async () => {
    const n = 160;
    const axis = Array.from({ length: n }, (_, i) => -6 + (12 * (i + 0.5)) / n);
    const grid = array(Float64Array.from(axis.flatMap((a) => axis.flatMap((b) => [a, b]))), { shape: [n * n, 2] });
    const logProb = (await posterior.logProb(grid, [0.3, 0.2])).data();
    const total = Array.from(logProb, Math.exp).reduce((a, b) => a + b) * (12 / n) ** 2;
    expect(Math.abs(total - 1)).toBeLessThan(0.01);
  });

  it("finds a maximum that no draw beats", async () => {
    const { theta, logProb } = await posterior.map([0.3, 0.2], { seed: 1 });
    const draws = await posterior.sample([0.3, 0.2], 5000, { seed: 8 });
    const drawn = (await posterior.logProb(draws, [0.3, 0.2])).data();
    expect(logProb).toBeGreaterThanOrEqual(Math.max(...drawn) - 1e-3);
    expect((await posterior.logProb(theta, [0.3, 0.2])).item()).toBeCloseTo(logProb, 5);
  });

  it("comes back from disk with the same bits", async () => {
    await posterior.save(directory);
    const loaded = await Posterior.load(directory);
    const [before, after] = [posterior, loaded].map((p) => p.sample([0.3, 0.2], 100, { seed: 4 }));
    expect((await after!).data()).toEqual((await before!).data());
    expect(loaded.record).toEqual(posterior.record);
    expect(loaded.names).toEqual(["a", "b"]);
    expect(loaded.bounds).toEqual(posterior.bounds);
  });

  it("refuses files that are damaged or of another version", async () => {
    await posterior.save(directory);
    const weights = join(directory, "weights.safetensors");
    const bytes = await readFile(weights);
    await writeFile(weights, bytes.subarray(0, bytes.length - 5));
    await expect(Posterior.load(directory)).rejects.toThrow(FileFormatError);
    await writeFile(weights, bytes);
    const settings = join(directory, "posterior.json");
    const text = await readFile(settings, "utf8");
    await writeFile(settings, text.slice(0, 200));
    await expect(Posterior.load(directory)).rejects.toThrow("corrupt or cut short");
    await writeFile(settings, text.replace('"version": 1', '"version": 2'));
    await expect(Posterior.load(directory)).rejects.toThrow("this release reads version 1");
    await expect(Posterior.load(join(directory, "none"))).rejects.toThrow("there is no such file");
  });

  it("refuses observations that it was not made for", async () => {
    await expect(posterior.sample([1, 2, 3], 10, { seed: 1 })).rejects.toThrow("must have shape [2], got [3]");
    await expect(posterior.sample([1, Number.NaN], 10, { seed: 1 })).rejects.toThrow("missing (NaN) at index 1");
    await expect(posterior.sample([1, Number.POSITIVE_INFINITY], 10, { seed: 1 })).rejects.toThrow("Infinity at index 1");
    await expect(posterior.sample([1, 2], 0, { seed: 1 })).rejects.toThrow("count must be a positive integer, got 0");
    await expect(posterior.logProb([[1, 2, 3]], [1, 2])).rejects.toThrow("theta must have shape [n, 2] (a, b), got [1, 3]");
  });
});

describe("bounded priors", () => {
  it("leave no mass outside their support", async () => {
    const bounded = parameters({ share: { prior: uniform(0, 1) }, size: { prior: gamma(2, 1) } });
    const simulator = {
      kind: "program",
      run: (key: Tensor, theta: Tensor) => theta.add(random.normal(key, theta.shape, { dtype: theta.dtype })),
    } as const;
    const { theta, x } = await simulate({ parameters: bounded, simulator, count: 2000, seed: 1 });
    const posterior = await trainPosterior({ parameters: bounded, theta, x, flow: small, training: { maxEpochs: 10 }, seed: 1 });
    const draws = (await posterior.sample([-2, -3], 20_000, { seed: 1 })).tolist() as number[][];
    for (const [share, size] of draws) expect(share! >= 0 && share! <= 1 && size! >= 0).toBe(true);
    const outside = (
      await posterior.logProb(
        [
          [1.5, 1],
          [0.5, -1],
          [0.5, 1],
        ],
        [0, 1],
      )
    ).data();
    expect([...outside.slice(0, 2)]).toEqual([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    expect(Number.isFinite(outside[2])).toBe(true);

    const n = 200;
    const grid = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => [(i + 0.5) / n, (14 * (j + 0.5)) / n])).flat();
    const total = Array.from((await posterior.logProb(grid, [0.4, 1.5])).data(), Math.exp).reduce((a, b) => a + b) * (14 / n ** 2);
    expect(Math.abs(total - 1)).toBeLessThan(0.02);
  });
});

describe("nuisance parameters", () => {
  it("are drawn and left out", async () => {
    const withNuisance = parameters({
      a: { prior: normal(0, 1) },
      sigma: { prior: uniform(0.1, 1), nuisance: true },
      b: { prior: normal(0, 1) },
    });
    const { theta } = await simulate({ parameters: withNuisance, simulator: { kind: "program", run }, count: 500, seed: 1 });
    const posterior = await trainPosterior({ parameters: withNuisance, theta, x: theta, flow: small, training: quick, seed: 1 });
    expect(posterior.names).toEqual(["a", "b"]);
    expect((await posterior.sample([0, 0.5, 0], 7, { seed: 1 })).shape).toEqual([7, 2]);
  });
});

describe("missing data", () => {
  it("widens the posterior of what it would have told", async () => {
    const incomplete = (key: Tensor, theta: Tensor) => {
      const x = run(key, theta);
      return where(random.uniform(random.fold(key, 7), x.shape, { dtype: x.dtype }).less(0.3), Number.NaN, x);
    };
    const {
      theta,
      x,
      failed,
      incomplete: some,
    } = await simulate({ parameters: prior, simulator: { kind: "program", run: incomplete }, count: 4000, seed: 1 });
    expect(failed).toBeGreaterThan(250);
    expect(some).toBeGreaterThan(1000);
    const posterior = await trainPosterior({
      parameters: prior,
      theta,
      x,
      flow: small,
      training: { maxEpochs: 60, learningRate: 2e-3 },
      seed: 1,
    });
    expect(posterior.record.droppedRows).toBe(failed);
    const { mean, sd } = columns(await posterior.sample([1, Number.NaN], 5000, { seed: 1 }));
    // Given x_1 alone, a is N(0.8, 0.2) and b is its prior, N(0, 1).
    expect(Math.abs(mean[0]! - 0.8)).toBeLessThan(0.15);
    expect(Math.abs(sd[0]! / Math.sqrt(0.2) - 1)).toBeLessThan(0.25);
    expect(Math.abs(mean[1]!)).toBeLessThan(0.25);
    expect(Math.abs(sd[1]! - 1)).toBeLessThan(0.2);
  });
});

describe("embeddings", () => {
  /** Seven repeats of x, as a set or a series [7, 2]. */
  const repeats = (key: Tensor, theta: Tensor) => {
    const [n] = theta.shape as [number, number];
    return theta.expandDims(1).add(random.normal(key, [n, 7, 2], { dtype: theta.dtype }));
  };
  it.each([
    ["a perceptron", mlpEmbedding({ hidden: [16], output: 4 })],
    ["a deep set", deepSetEmbedding({ hidden: [16], pooled: 8, output: 4 })],
    ["a recurrent network", recurrentEmbedding({ hidden: 8, output: 4 })],
  ])("%s is trained, saved and loaded with the flow", async (_name, embedding) => {
    const { theta, x } = await simulate({ parameters: prior, simulator: { kind: "program", run: repeats }, count: 1000, seed: 1 });
    const posterior = await trainPosterior({
      parameters: prior,
      theta,
      x,
      embedding,
      flow: small,
      training: { maxEpochs: 10, batchSize: 50, learningRate: 2e-3 },
      seed: 1,
    });
    const { validationLogProb } = posterior.record.members[0]!;
    expect(validationLogProb.at(-1)!).toBeGreaterThan(validationLogProb[0]!);
    await posterior.save(directory);
    const loaded = await Posterior.load(directory);
    const observed = array(x.data().slice(0, 14) as Float32Array, { shape: [7, 2] });
    expect((await loaded.sample(observed, 50, { seed: 1 })).data()).toEqual((await posterior.sample(observed, 50, { seed: 1 })).data());
  });
});

describe("training that was stopped", () => {
  it.each([0, 0.99])("goes on and ends with the same bits (moving average %d)", async (averageDecay) => {
    const { theta, x } = await draw(600, 5);
    const options = { parameters: prior, theta, x, flow: small, training: { maxEpochs: 9, ensembleSize: 2, averageDecay }, seed: 7 };
    const whole = await trainPosterior({ ...options, threads: 2 });
    const stop = new AbortController();
    const stopped = trainPosterior({
      ...options,
      threads: 1,
      checkpoint: directory,
      signal: stop.signal,
      onProgress: (_phase, done) => done >= 4 && stop.abort(),
    });
    await expect(stopped).rejects.toThrow(/abort/i);
    const resumed = await trainPosterior({ ...options, checkpoint: directory });
    expect(resumed.record).toEqual(whole.record);
    const draws = await Promise.all([whole, resumed].map((p) => p.sample([0, 0], 200, { seed: 1 })));
    expect(draws[1]!.data()).toEqual(draws[0]!.data());
    // Finished training is read back without another epoch.
    let epochs = 0;
    await trainPosterior({ ...options, checkpoint: directory, onEpoch: () => epochs++ });
    expect(epochs).toBe(0);
  });

  it("refuses a directory of another training, and a damaged file", async () => {
    const { theta, x } = await draw(200, 5);
    const options = { parameters: prior, theta, x, flow: { transforms: 1 }, training: quick, checkpoint: directory };
    await trainPosterior({ ...options, seed: 7 });
    await expect(trainPosterior({ ...options, seed: 8 })).rejects.toThrow("belongs to a training with other data, seed or options");
    const path = join(directory, "member-0.safetensors");
    await writeFile(path, (await readFile(path)).subarray(0, 1000));
    await expect(trainPosterior({ ...options, seed: 7 })).rejects.toThrow(FileFormatError);
  });
});

describe("refusals of training", () => {
  const attempt = (more: object) =>
    trainPosterior({ parameters: prior, theta: simulations.theta, x: simulations.x, training: quick, seed: 1, ...more });

  it("name the option or the row", async () => {
    await expect(attempt({ training: { batchSize: 0 } })).rejects.toThrow("training.batchSize must be a positive integer, got 0");
    await expect(attempt({ training: { validationFraction: 1 } })).rejects.toThrow("training.validationFraction must be in (0, 1), got 1");
    await expect(attempt({ flow: { kind: "glow" } })).rejects.toThrow(
      'flow.kind must be one of nsf, maf, autoregressiveSpline, got "glow"',
    );
    await expect(attempt({ seed: -1 })).rejects.toThrow("seed must be an integer");
    await expect(attempt({ x: array([[1, 2]]) })).rejects.toThrow("theta has 4000 rows and x has 1; they must be pairs");
    await expect(attempt({ theta: array([[1], [2]]) })).rejects.toThrow("theta must have shape [n, 2] (a, b), got [2, 1]");
    const rows = Array.from({ length: 30 }, () => [0, 0]);
    rows[3] = [0, Number.NaN];
    await expect(attempt({ theta: array(rows), x: array(rows) })).rejects.toThrow("theta holds b = NaN in row 3");
    rows[3] = [Number.POSITIVE_INFINITY, 0];
    await expect(attempt({ theta: array(rows.map(() => [0, 0])), x: array(rows) })).rejects.toThrow("x holds Infinity in row 3");
    await expect(attempt({ theta: array(rows.slice(0, 3).map(() => [0, 0])), x: array(rows.slice(0, 3)) })).rejects.toThrow(
      "at least 20 simulations",
    );
    await expect(attempt({ threads: 0 })).rejects.toThrow("threads must be a positive integer, got 0");
  });

  it("stop when the signal says so", async () => {
    await expect(attempt({ signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});
