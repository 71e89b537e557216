import { execFileSync } from "node:child_process";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import h5wasm from "h5wasm";
import { expect, test } from "vitest";
import { type InferenceData, writeInferenceData } from "./inference-data.ts";

const range = (count: number) => Float64Array.from({ length: count }, (_, i) => i / 8);
const years = Float64Array.from([1938, 1940]);
const groups: InferenceData = {
  posterior: {
    variables: {
      birth_rate: { dimensions: ["chain", "draw"], shape: [2, 3], values: range(6), unit: "1/year", description: "birth rate" },
    },
  },
  posterior_predictive: {
    variables: { count: { dimensions: ["chain", "draw", "time"], shape: [2, 3, 2], values: Int32Array.from(range(12), (x) => 8 * x) } },
    coordinates: { time: years },
  },
  observed_data: {
    variables: {
      count: { dimensions: ["time"], shape: [2], values: Int32Array.from([9, 11]) },
      site: { dimensions: ["place"], shape: [2], values: range(2) },
    },
    coordinates: { time: years, place: ["Aransas", "Wood Büffel"] },
    attributes: { dataset: "whooping-crane" },
  },
};

async function written(content: InferenceData = groups): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), "credence-inference-")), "posterior.nc");
  await writeInferenceData(path, content, { createdAt: new Date(0), attributes: { seed: 7 } });
  return path;
}

test("the file is netCDF-4: dimensions are scales, and variables have them attached in order", async () => {
  const { FS } = await h5wasm.ready;
  FS.writeFile("read.nc", await readFile(await written()));
  const file = new h5wasm.File("read.nc", "r");
  try {
    const count = file.get("posterior_predictive/count") as InstanceType<typeof h5wasm.Dataset>;
    expect(count.shape).toEqual([2, 3, 2]);
    expect([0, 1, 2].map((axis) => count.get_attached_scales(axis))).toEqual([
      ["/posterior_predictive/chain"],
      ["/posterior_predictive/draw"],
      ["/posterior_predictive/time"],
    ]);
    const birthRate = file.get("posterior/birth_rate") as InstanceType<typeof h5wasm.Dataset>;
    expect([...(birthRate.value as Float64Array)]).toEqual([...range(6)]);
    expect(birthRate.attrs.units!.value).toBe("1/year");
    expect(file.attrs.seed!.value).toBe(7);
    const posterior = file.get("posterior") as InstanceType<typeof h5wasm.Group>;
    expect(posterior.attrs.created_at!.value).toBe("1970-01-01T00:00:00.000Z");
    expect(posterior.attrs.inference_library!.value).toBe("credence");
  } finally {
    file.close();
  }
});

/** A Python that has xarray with both netCDF engines; the test shows as skipped where there is none. */
const python = ["python3", "/usr/bin/python3"].find((command) => {
  try {
    execFileSync(command, ["-c", "import xarray, netCDF4, h5netcdf"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});

test.skipIf(python === undefined).each(["netcdf4", "h5netcdf"])(
  "xarray reads it through %s: dimensions, coordinates, values, attributes",
  async (engine) => {
    const script = `
import json, sys, xarray
path, engine = sys.argv[1:]
post = xarray.open_dataset(path, group="posterior", engine=engine)
pred = xarray.open_dataset(path, group="posterior_predictive", engine=engine)
obs = xarray.open_dataset(path, group="observed_data", engine=engine)
print(json.dumps({
  "posterior": [list(post.birth_rate.dims), post.birth_rate.values.tolist(), post.birth_rate.attrs, post.chain.values.tolist()],
  "predictive": [list(pred["count"].dims), str(pred["count"].dtype), pred.time.values.tolist()],
  "observed": [obs["count"].values.tolist(), [str(p) for p in obs.place.values], obs.attrs["dataset"]],
}))`;
    const read = JSON.parse(execFileSync(python!, ["-c", script, await written(), engine], { encoding: "utf8" }));
    expect(read).toEqual({
      posterior: [
        ["chain", "draw"],
        [
          [0, 0.125, 0.25],
          [0.375, 0.5, 0.625],
        ],
        { units: "1/year", long_name: "birth rate" },
        [0, 1],
      ],
      predictive: [["chain", "draw", "time"], "int32", [1938, 1940]],
      observed: [[9, 11], ["Aransas", "Wood Büffel"], "whooping-crane"],
    });
  },
);

const variable = (dimensions: string[], shape: number[], values = range(shape.reduce((a, b) => a * b, 1))) => ({
  dimensions,
  shape,
  values,
});

test.each<[string, InferenceData, string]>([
  [
    "a posterior without draws",
    { posterior: { variables: { a: variable(["time"], [3]) } } },
    "posterior.a has dimensions [time]; in the group posterior they begin with chain, draw",
  ],
  [
    "values that do not fill the shape",
    { observed_data: { variables: { a: variable(["time"], [3], range(2)) } } },
    "observed_data.a has 2 values, expected 3",
  ],
  ["more names than sizes", { observed_data: { variables: { a: variable(["time", "place"], [3]) } } }, "expected as many sizes as names"],
  [
    "two lengths of a dimension",
    { observed_data: { variables: { a: variable(["time"], [3]), b: variable(["time"], [2]) } } },
    "observed_data.b has 2 along time, where another variable of observed_data has 3",
  ],
  [
    "a NaN draw",
    { posterior: { variables: { a: variable(["chain", "draw"], [1, 2], Float64Array.from([1, Number.NaN])) } } },
    "posterior.a holds NaN",
  ],
  [
    "a coordinate of nothing",
    { observed_data: { variables: { a: variable(["time"], [3]) }, coordinates: { place: range(3) } } },
    "a coordinate place, which is a dimension of none",
  ],
  [
    "a short coordinate",
    { observed_data: { variables: { a: variable(["time"], [3]) }, coordinates: { time: range(2) } } },
    "2 coordinates along time, expected 3",
  ],
  ["a name with a slash", { observed_data: { variables: { "a/b": variable(["time"], [3]) } } }, '"a/b" is no netCDF name'],
])("%s is refused", async (_, content, words) => {
  await expect(written(content)).rejects.toThrow(words);
});
