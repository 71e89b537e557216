// Gravity of 64 x 64 x 32 cells: the sensitivity itself beside NumPy, and products with the matrix of 10,000 stations, 10 GB that is never there.
import { gridOperator, type LinearOperator, meshOf, meshOperator, planesOf, type Stations } from "@credence/gravity";
import { array, meshField, type NdArray, program, type Tensor } from "@credence/tensor";
import { type Benchmark, type Measurement, spread } from "../measurement.ts";
import { count, numbers } from "../options.ts";
import { pythonPeer } from "../python.ts";
import { time } from "../timing.ts";

const cells = { x: 64, y: 64, z: 32 };
const cellCount = cells.x * cells.y * cells.z;
const size = `${cells.x} x ${cells.y} x ${cells.z}`;
const step = 50; // metres

const planes = (n: number, first = 0): Float64Array => Float64Array.from({ length: n + 1 }, (_, i) => first + step * i);
const mesh = meshOf({ eastings: planes(cells.x), northings: planes(cells.y), upwards: planes(cells.z, -step * cells.z) });

/** How many times faster than NumPy one thread is, and the pairs of cell and station a second that it does at least. */
const promised = { ratio: 1.5, pairsPerSecond: 100e6 };
/** What the matrix-free products promise of the memory of the whole process. */
const peakMiBMax = 1024;

/** Stations all over the mesh, at heights from 1 to 7 m. */
const scattered = (n: number): Stations => ({
  eastings: Float64Array.from({ length: n }, (_, i) => (37.7 * i) % (step * cells.x)),
  northings: Float64Array.from({ length: n }, (_, i) => (91.3 * i) % (step * cells.y)),
  upwards: Float64Array.from({ length: n }, (_, i) => 1 + (i % 7)),
});
const wave = (rows: number, k: number): NdArray =>
  array(
    Float64Array.from({ length: rows * k }, (_, i) => Math.sin(i)),
    { shape: k === 1 ? [rows] : [rows, k] },
  );

export const gravity: Benchmark = {
  summary: "gravity of mesh cells, against NumPy; products with the matrix of a survey, without the matrix",
  options: {
    threads: { type: "string", default: "1,2" },
    seconds: { type: "string", default: "3" },
    stations: { type: "string", default: "10000" },
    columns: { type: "string", default: "1,64" },
  },
  async run(options, emit) {
    const seconds = numbers(options, "seconds")[0]!;
    const threads = numbers(options, "threads").map(count);
    // The products come first: the most memory of the process is then theirs.
    const stations = count(numbers(options, "stations")[0]!);
    for (const k of numbers(options, "columns").map(count)) await products(stations, k, Math.max(...threads), emit);
    await onGrid(Math.max(...threads), seconds, emit);
    const peer = await pythonPeer(
      { peer: "NumPy", module: "numpy", debian: "python3-numpy" },
      "gravity",
      ["--cells", String(cells.x), String(cells.y), String(cells.z), "--budget", String(seconds)],
      1,
    );
    for (const n of threads) emit({ ...(await sensitivity(n, seconds)), peer, ...(n === 1 && { bar: promised.ratio }) });
  },
};

/** Seconds a pair of cell and station. */
async function sensitivity(threads: number, seconds: number): Promise<Measurement> {
  const stations = 16;
  const places = Float64Array.from(
    { length: 3 * stations },
    (_, i) => [100 + 37.7 * Math.floor(i / 3), 200 + 91.3 * Math.floor(i / 3), 5][i % 3]!,
  );
  const run = program((s: Tensor) => meshField(s, planesOf(mesh), { derivative: "z", scale: -6.6743e-6 }), { threads });
  const at = array(places, { shape: [stations, 3] });
  const taken = await time(() => run(at).dispose(), { seconds, unitsPerCall: stations * cellCount });
  return {
    name: "gravity of a cell",
    size: `${size}, f64`,
    device: "cpu",
    threads,
    seconds: taken,
    ...(threads === 1 && { secondsMax: 1 / promised.pairsPerSecond }),
    figures: { pairsPerSecond: 1 / taken.median },
  };
}

/** Both products with k vectors side by side: three times, or once where it takes long. */
async function products(stations: number, k: number, threads: number, emit: (row: Measurement) => void): Promise<void> {
  const survey = meshOperator(mesh, scattered(stations));
  for (const { name, call } of runs(survey, k, threads)) {
    const taken: number[] = [];
    for (let sample = 0; sample < (k === 1 ? 3 : 1); sample++) {
      const start = performance.now();
      await call();
      taken.push((performance.now() - start) / 1000);
    }
    const seconds = spread(taken);
    const peakMiB = process.resourceUsage().maxRSS / 1024;
    emit({
      name,
      size: `${size}, ${stations} stations x ${k}`,
      device: "cpu",
      threads,
      seconds,
      kept: peakMiB <= peakMiBMax,
      figures: { peakMiB, peakMiBMax, pairsPerSecond: (survey.rows * survey.columns) / seconds.median },
    });
  }
}

async function onGrid(threads: number, seconds: number, emit: (row: Measurement) => void): Promise<void> {
  const grid = { easting: step / 2, northing: step / 2, upward: 5, counts: [cells.y, cells.x] as const };
  const survey = await gridOperator(mesh, grid);
  for (const { name, call } of runs(survey, 1, threads))
    emit({
      name: `${name} on a grid`,
      size: `${size}, 64 x 64 stations`,
      device: "cpu",
      threads,
      seconds: await time(call, { seconds: seconds / 2 }),
    });
}

function runs(survey: LinearOperator, k: number, threads: number): { name: string; call: () => Promise<void> }[] {
  const [x, y] = [wave(survey.columns, k), wave(survey.rows, k)];
  const forward = program((u: Tensor) => survey.apply(u), { threads });
  const back = program((u: Tensor) => survey.applyTransposed(u), { threads });
  return [
    { name: "product", call: async () => (await forward.runAsync([x])).dispose() },
    { name: "transpose", call: async () => (await back.runAsync([y])).dispose() },
  ];
}
