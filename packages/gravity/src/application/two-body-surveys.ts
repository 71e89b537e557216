import { DatasetError, numbersOf, readDataTable } from "@credence/data";
import { program, random } from "@credence/tensor";
import { prismField } from "../forward/prism.ts";
import { sphereField } from "../forward/sphere.ts";
import { type Mesh, meshOf } from "../mesh.ts";
import { type Cell, cellsOf, planesBetween } from "./cells.ts";
import type { BodyPriors, Quantity, Survey, TwoBodies } from "./survey.ts";

/** Seed of the noise of the simulated survey: part of the data, not of the run. */
const dataSeed = 20261127;

/** A dense block and a light ball under level ground, 196 stations 2 m above it, noise of 0.005 mGal. */
export function simulatedSurvey(): Survey {
  const bodies: TwoBodies = {
    block: { west: -130, east: -50, south: -60, north: 40, bottom: -90, top: -30 },
    blockDensity: 300,
    ball: { easting: 90, northing: 40, upward: -80, radius: 45 },
    ballDensity: -250,
  };
  const places = Array.from({ length: 196 }, (_, i) => ({
    easting: -195 + 30 * (i % 14),
    northing: -195 + 30 * Math.floor(i / 14),
    upward: 2,
  }));
  const noiseSd = 0.005;
  const noise = program(() => random.normal(random.key(dataSeed), [places.length], { dtype: "f64" }).mul(noiseSd))().data();
  const data = Float64Array.from(
    places,
    (place, i) => prismField(bodies.block, bodies.blockDensity, place) + sphereField(bodies.ball, bodies.ballDensity, place) + noise[i]!,
  );
  const mesh = meshOf({
    eastings: planesBetween(-220, 220, 20),
    northings: planesBetween(-220, 220, 20),
    upwards: planesBetween(-140, 0, 20),
  });
  return {
    dataset: "simulated",
    title: "A dense block and a light ball under level ground, simulated",
    source: "simulated here from the closed forms of prism and ball, with independent normal noise of sd 0.005 mGal",
    licence: "MIT",
    stations: columnsOf(places),
    data,
    mesh,
    candidates: { ranges: [100, 160, 250], sds: [30, 60, 120], noiseSds: [0.005, 0.0075] },
    quantities: quantitiesOf(mesh, bodies),
    truth: bodies,
    bodyPriors: {
      block: { easting: [-200, 0], northing: [-150, 150], top: [-80, -5], side: [60, 0.6], density: [250, 0.6], sign: 1 },
      ball: { easting: [0, 200], northing: [-150, 150], upward: [-150, -50], radius: [35, 0.4], density: [250, 0.6], sign: -1 },
    },
  };
}

/** The tutorial's stations and true bodies. */
const tutorial: TwoBodies = {
  block: { west: -50, east: -20, south: -15, north: 15, bottom: 50, top: 70 },
  blockDensity: -200,
  ball: { easting: 35, northing: 0, upward: 60, radius: 14 },
  ballDensity: 200,
};

const tutorialPriors: BodyPriors = {
  block: { easting: [-80, 0], northing: [-50, 50], top: [40, 84], side: [25, 0.6], density: [250, 0.6], sign: -1 },
  ball: { easting: [0, 80], northing: [-50, 50], upward: [20, 70], radius: [15, 0.4], density: [250, 0.6], sign: 1 },
};

/**
 * The survey of SimPEG's tutorial, with gravity down. The ground above the cells is as low as 85 m; the mesh ends at 84 m, so that no cell is in the air.
 *
 * @throws {DatasetError} where a reading is missing or a station lies in the ground
 */
export async function tutorialSurvey(): Promise<Survey> {
  const { name, title, source, licence, checksum, table } = await readDataTable("simpeg-tutorial");
  const column = (header: string): Float64Array => Float64Array.from(numbersOf(table, header));
  const [eastings, northings, upwards] = [column("x_m"), column("y_m"), column("z_m")];
  const data = column("gz_mgal_simpeg_sign(z_up)").map((value) => -value);
  requireReadings(name, data);
  // The tutorial's ground; its table of heights is rougher by less than a metre.
  const buried = upwards.findIndex((z, i) => z < 100 - 15 * Math.exp(-(eastings[i]! ** 2 + northings[i]! ** 2) / 80 ** 2));
  if (buried >= 0) throw new DatasetError("DATASET_FILE", `${name}: station ${buried + 1} lies in the ground, at ${upwards[buried]} m`);
  const mesh = meshOf({ eastings: planesBetween(-100, 100, 8), northings: planesBetween(-80, 80, 8), upwards: planesBetween(20, 84, 8) });
  const noiseSd = 0.01 * data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return {
    dataset: name,
    title,
    source,
    licence,
    checksum,
    stations: { eastings, northings, upwards },
    data,
    mesh,
    candidates: { ranges: [40, 80, 160], sds: [15, 30, 60], noiseSds: [noiseSd, 1.5 * noiseSd, 2 * noiseSd, 3 * noiseSd] },
    quantities: quantitiesOf(mesh, tutorial),
    truth: tutorial,
    bodyPriors: tutorialPriors,
  };
}

export const columnsOf = (places: readonly { easting: number; northing: number; upward: number }[]) => ({
  eastings: Float64Array.from(places, ({ easting }) => easting),
  northings: Float64Array.from(places, ({ northing }) => northing),
  upwards: Float64Array.from(places, ({ upward }) => upward),
});

export function requireReadings(name: string, data: Float64Array): void {
  if (data.length < 2) throw new DatasetError("DATASET_FILE", `${name}: expected two or more stations, got ${data.length}`);
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new DatasetError(
      "DATASET_FILE",
      `${name}: the reading of station ${bad + 1} is ${data[bad]}; leave out stations without a reading`,
    );
}

/** Excess masses of the two halves of the ground, and mean contrasts of the cells in each body. */
function quantitiesOf(mesh: Mesh, bodies: TwoBodies): Quantity[] {
  const { block, ball } = bodies;
  const cells = cellsOf(mesh);
  const between = (block.east + ball.easting - ball.radius) / 2;
  const inBlock = ({ easting: x, northing: y, upward: z }: Cell): boolean =>
    x > block.west && x < block.east && y > block.south && y < block.north && z > block.bottom && z < block.top;
  const inBall = ({ easting: x, northing: y, upward: z }: Cell): boolean =>
    Math.hypot(x - ball.easting, y - ball.northing, z - ball.upward) < ball.radius;
  const mass = (keep: (cell: Cell) => boolean): Float64Array => Float64Array.from(cells, (cell) => (keep(cell) ? cell.volume / 1e6 : 0));
  const meanOver = (keep: (cell: Cell) => boolean): Float64Array => {
    const volume = cells.reduce((sum, cell) => sum + (keep(cell) ? cell.volume : 0), 0);
    return Float64Array.from(cells, (cell) => (keep(cell) ? cell.volume / volume : 0));
  };
  const blockMass = ((block.east - block.west) * (block.north - block.south) * (block.top - block.bottom) * bodies.blockDensity) / 1e6;
  const ballMass = ((4 / 3) * Math.PI * ball.radius ** 3 * bodies.ballDensity) / 1e6;
  return [
    {
      name: "massWest",
      label: "excess mass in the west, with the block",
      unit: "kt",
      weights: mass(({ easting }) => easting < between),
      truth: blockMass,
    },
    {
      name: "massEast",
      label: "excess mass in the east, with the ball",
      unit: "kt",
      weights: mass(({ easting }) => easting >= between),
      truth: ballMass,
    },
    {
      name: "contrastBlock",
      label: "mean contrast where the block is",
      unit: "kg/m3",
      weights: meanOver(inBlock),
      truth: bodies.blockDensity,
    },
    { name: "contrastBall", label: "mean contrast where the ball is", unit: "kg/m3", weights: meanOver(inBall), truth: bodies.ballDensity },
  ];
}
