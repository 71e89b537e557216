// A digital twin of a plate takes in readings one by one; every update is timed, those too that narrow the grid.
import { digitalTwin, displacementModel, haghighatPlate, problemOf } from "@credence/elasticity";
import { program, random } from "@credence/tensor";
import { type Measurement, spread } from "../measurement.ts";

const side = 20;
const noiseSd = 0.01;
/** What an update promises to take at most, as a median over readings. */
const secondsMax = 0.005;

/** Every sensor of a grid of 20 x 20 reads once. */
export async function twinUpdates(): Promise<Measurement> {
  const places = Array.from({ length: side * side }, (_, i) => [(i % side) / (side - 1), Math.floor(i / side) / (side - 1)]);
  const model = await displacementModel(problemOf(haghighatPlate()), places, { order: 14 });
  const twin = await digitalTwin({ model, mu: [0.1, 2], noiseSd });
  const noise = program(() => random.normal(random.key(1), [places.length, 2], { dtype: "f64" }))().data();
  const taken: number[] = [];
  for (let i = 0; i < places.length; i++) {
    const sensor = (i * 157) % places.length;
    const [x, y] = places[sensor] as [number, number];
    const exact = [Math.cos(2 * Math.PI * x) * Math.sin(Math.PI * y), y ** 4 * Math.sin(Math.PI * x)];
    const displacement = exact.map((u, k) => u + noiseSd * noise[2 * i + k]!);
    const begun = performance.now();
    await twin.update({ sensor, displacement });
    taken.push((performance.now() - begun) / 1000);
  }
  return {
    name: "digital twin, one reading",
    size: `${places.length} readings of 2 displacements`,
    device: "cpu",
    threads: 1,
    seconds: spread(taken),
    secondsMax,
    figures: { secondsOf99Percent: [...taken].sort((a, b) => a - b)[Math.floor(0.99 * taken.length)]! },
  };
}
