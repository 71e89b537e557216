import { execFileSync } from "node:child_process";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import h5wasm from "h5wasm";
import { expect, test } from "vitest";
import { writeInferenceData } from "./inference-data.ts";
import { type InferenceSource, inferenceFromDraws } from "./inference-from-draws.ts";

const counted = (...shape: number[]) => ({
  shape,
  data: () => Float64Array.from({ length: shape.reduce((n, m) => n * m, 1) }, (_, i) => i),
});

/** Two chains of three draws of mu, a vector of three, a 2 x 2 matrix and the lower triangle of another. */
const names = ["mu", "theta[0]", "theta[1]", "theta[2]", "W[0,0]", "W[0,1]", "W[1,0]", "W[1,1]", "L[0,0]", "L[1,0]", "L[1,1]"];
const source: InferenceSource = {
  posterior: {
    names,
    draws: counted(2, 3, names.length),
    logDensity: counted(2, 3),
    stats: {
      energy: counted(2, 3),
      tree_depth: counted(2, 3),
      diverging: { shape: [2, 3], data: () => Float64Array.of(0, 1, 0, 0, 0, 1) },
    },
    warnings: ["2 of 6 transitions diverged."],
  },
  prior: { names: ["mu", "theta[0]", "theta[1]", "theta[2]"], draws: counted(1, 5, 4) },
  logLikelihood: { y: counted(2, 3, 3) },
  posteriorPredictive: { y: counted(2, 3, 3) },
  priorPredictive: { y: counted(1, 5, 3) },
  observedData: { y: counted(3) },
  constantData: { sigma: counted(3) },
  dimensions: { theta: ["school"], y: ["school"], sigma: ["school"] },
  coordinates: { school: ["A", "B", "C"] },
  units: { mu: "points" },
  diagnostics: {
    byQuantity: { r_hat: names.map((_, d) => 1 + d / 1000) },
    byChain: { e_bfmi: [0.9, 0.2] },
    byDatum: { k_hat: [0.1, Number.NEGATIVE_INFINITY, 0.8] },
    dataNames: ["A", "B", "C"],
  },
};

test("quantities become variables with axes, a triangle lies along one, and every group is there", () => {
  const groups = inferenceFromDraws(source);
  expect(Object.keys(groups)).toEqual([
    "posterior",
    "sample_stats",
    "log_likelihood",
    "posterior_predictive",
    "prior",
    "prior_predictive",
    "observed_data",
    "constant_data",
    "diagnostics",
  ]);
  expect(groups.diagnostics!.coordinates).toEqual({ quantity: names, datum: ["A", "B", "C"] });
  expect([...groups.diagnostics!.variables.k_hat!.values]).toEqual([0.1, Number.NEGATIVE_INFINITY, 0.8]);
  const { variables, coordinates } = groups.posterior!;
  expect(
    Object.fromEntries(Object.entries(variables).map(([name, { dimensions, shape }]) => [name, [dimensions.slice(2), shape.slice(2)]])),
  ).toEqual({
    mu: [[], []],
    theta: [["school"], [3]],
    W: [
      ["W_dim_0", "W_dim_1"],
      [2, 2],
    ],
    L: [["L_dim_0"], [3]],
  });
  expect(coordinates).toEqual({ school: ["A", "B", "C"], L_dim_0: ["0,0", "1,0", "1,1"] });
  // Draw 2 of chain 1 is row 5.
  expect([...variables.theta!.values].slice(15)).toEqual([1, 2, 3].map((d) => 5 * names.length + d));
  expect(variables.mu!.unit).toBe("points");
  const stats = groups.sample_stats!;
  expect(stats.variables.diverging).toMatchObject({ values: Uint8Array.of(0, 1, 0, 0, 0, 1), attributes: { dtype: "bool" } });
  expect(stats.variables.tree_depth!.values).toBeInstanceOf(Int32Array);
  expect(stats.variables.lp!.values).toEqual(counted(2, 3).data());
  expect(stats.attributes).toEqual({ warnings: "2 of 6 transitions diverged." });
  expect(groups.log_likelihood!.variables.y!.dimensions).toEqual(["chain", "draw", "school"]);
});

const written = async (): Promise<string> => {
  const path = join(await mkdtemp(join(tmpdir(), "credence-inference-")), "draws.nc");
  await writeInferenceData(path, inferenceFromDraws(source), { createdAt: new Date(0) });
  return path;
};

test("the file holds them, with scales attached", async () => {
  const { FS } = await h5wasm.ready;
  FS.writeFile("draws.nc", await readFile(await written()));
  const file = new h5wasm.File("draws.nc", "r");
  try {
    const W = file.get("posterior/W") as InstanceType<typeof h5wasm.Dataset>;
    expect(W.shape).toEqual([2, 3, 2, 2]);
    expect(W.get_attached_scales(3)).toEqual(["/posterior/W_dim_1"]);
    const diverging = file.get("sample_stats/diverging") as InstanceType<typeof h5wasm.Dataset>;
    expect(diverging.attrs.dtype!.value).toBe("bool");
  } finally {
    file.close();
  }
});

/** A Python that has ArviZ; the test shows as skipped where there is none. */
const python = [process.env.CREDENCE_PEER_PYTHON ?? "", "python3"].find((command) => {
  try {
    execFileSync(command, ["-W", "ignore", "-c", "import arviz, netCDF4"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});

test.skipIf(python === undefined)("ArviZ reads it: groups, axes, coordinates, and divergences as booleans", async () => {
  const script = `
import json, sys, arviz
data = arviz.from_netcdf(sys.argv[1])
print(json.dumps({
  "groups": sorted(data.groups()),
  "theta": [list(data.posterior.theta.dims), [str(s) for s in data.posterior.school.values]],
  "diverging": [str(data.sample_stats.diverging.dtype), data.sample_stats.diverging.values.tolist()],
  "depth": str(data.sample_stats.tree_depth.dtype),
  "r_hat": [[str(s) for s in data.diagnostics.quantity.values][3], float(data.diagnostics.r_hat[3])],
  "triangle": [str(s) for s in data.posterior.L_dim_0.values],
}))`;
  const read = JSON.parse(execFileSync(python!, ["-W", "ignore", "-c", script, await written()], { encoding: "utf8" }));
  expect(read).toEqual({
    groups: [
      "constant_data",
      "diagnostics",
      "log_likelihood",
      "observed_data",
      "posterior",
      "posterior_predictive",
      "prior",
      "prior_predictive",
      "sample_stats",
    ],
    theta: [
      ["chain", "draw", "school"],
      ["A", "B", "C"],
    ],
    diverging: [
      "bool",
      [
        [false, true, false],
        [false, false, true],
      ],
    ],
    depth: "int32",
    r_hat: ["theta[2]", 1.003],
    triangle: ["0,0", "1,0", "1,1"],
  });
});

test.each<[string, Partial<InferenceSource>, string]>([
  [
    "axes of another number",
    { dimensions: { theta: ["school", "year"] } },
    "theta has 1 axes beyond chain and draw, and dimensions names 2: school, year",
  ],
  [
    "draws of another width",
    { posterior: { ...source.posterior, names: ["mu"] } },
    "draws have shape [2, 3, 11], expected [chains, draws, 1]",
  ],
  [
    "statistics of another shape",
    { posterior: { ...source.posterior, stats: { energy: counted(6) } } },
    "the statistic energy has shape [6], expected [2, 3]",
  ],
  ["diagnostics of another number", { diagnostics: { byChain: { e_bfmi: [1] } } }, "the diagnostic e_bfmi has 1 values for 2 of chain"],
  ["a log-likelihood without draws", { logLikelihood: { y: counted(3) } }, "y has shape [3]; expected it to begin with chain, draw"],
])("%s are refused", (_, change, words) => {
  expect(() => inferenceFromDraws({ ...source, ...change })).toThrow(words);
});
