import { numbersOf, readDataTable } from "@credence/data";
import { mercator } from "../geodesy/reductions.ts";
import { meshOf } from "../mesh.ts";
import { cellsOf, planesBetween } from "./cells.ts";
import type { Survey } from "./survey.ts";
import { columnsOf, requireReadings } from "./two-body-surveys.ts";

/** Density contrast of the mafic rocks to what surrounds them that thicknesses are stated for, kg/m3. */
export const maficContrast = 350;

/** Depth to which the upper cells reach, and between which the crust may be thicker than elsewhere, m. */
const sheet = { bottom: -9000 } as const;
export const moho = { top: -40_000, bottom: -46_000 } as const;

/** Side of the squares within which stations are averaged, m, and latitude at which Mercator's metres are true. */
const square = 16_000;

/** Of the cells, in both directions, m. */
const cellSide = 20_000;

/** Places with mafic rock at or near the surface in the west and the east, and between them, degrees. */
const places = {
  west: { longitude: 27.2, latitude: -25.2, label: "in the western limb" },
  east: { longitude: 30.0, latitude: -24.9, label: "in the eastern limb" },
  centre: { longitude: 28.6, latitude: -25.0, label: "between the limbs" },
} as const;
const radius = 35_000;

/**
 * The Bouguer anomaly of the Bushveld Complex over squares of 16 km, each the mean of its stations: two layers of cells, mafic rock above 9 km and the crust-mantle
 * boundary below 40 km, over a regional of order 2.
 */
export async function bushveldSurvey(): Promise<Survey> {
  const { name, title, source, licence, checksum, table } = await readDataTable("bushveld");
  const column = (header: string): Float64Array => Float64Array.from(numbersOf(table, header));
  const [eastings, northings, heights] = [column("easting_m"), column("northing_m"), column("height_sea_level_m")];
  const bouguer = column("gravity_bouguer_mgal");
  requireReadings(name, bouguer);
  const latitudes = column("latitude");
  const trueScale = latitudes.reduce((sum, latitude) => sum + latitude, 0) / latitudes.length;
  const squares = new Map<string, number[]>();
  for (let i = 0; i < bouguer.length; i++) {
    const key = `${Math.floor(eastings[i]! / square)},${Math.floor(northings[i]! / square)}`;
    squares.set(key, [...(squares.get(key) ?? []), i]);
  }
  const mean = (values: Float64Array, of: readonly number[]): number => of.reduce((sum, i) => sum + values[i]!, 0) / of.length;
  const groups = [...squares.values()];
  const stations = columnsOf(
    groups.map((of) => ({ easting: mean(eastings, of), northing: mean(northings, of), upward: mean(heights, of) })),
  );
  const bounds = (values: Float64Array): readonly [number, number] => [
    Math.floor(Math.min(...values) / cellSide - 1) * cellSide,
    Math.ceil(Math.max(...values) / cellSide + 1) * cellSide,
  ];
  const [west, east] = bounds(stations.eastings);
  const [south, north] = bounds(stations.northings);
  const mesh = meshOf({
    eastings: planesBetween(west, east, cellSide),
    northings: planesBetween(south, north, cellSide),
    upwards: Float64Array.of(moho.bottom, moho.top, sheet.bottom, -6000, -3000, 0),
  });
  const cells = cellsOf(mesh);
  const thicknessNear = ({ longitude, latitude }: { readonly longitude: number; readonly latitude: number }): Float64Array => {
    const centre = mercator(longitude, latitude, trueScale);
    const near = cells.map(({ easting, northing }) => Math.hypot(easting - centre.easting, northing - centre.northing) < radius);
    const columns = cells.filter(({ at }, i) => near[i] && at[0] === cells.at(-1)!.at[0]).length;
    return Float64Array.from(cells, ({ upward, height }, i) =>
      near[i] && upward > sheet.bottom ? height / 1000 / maficContrast / columns : 0,
    );
  };
  return {
    dataset: name,
    title,
    source,
    licence,
    checksum,
    note: `${bouguer.length} stations averaged over ${groups.length} squares of ${square / 1000} km`,
    stations,
    data: Float64Array.from(groups, (of) => mean(bouguer, of)),
    mesh,
    // Between the layers nothing is looked for.
    weights: Float64Array.from(cells, ({ upward }) => (upward > sheet.bottom || upward < moho.top ? 1 : 1e-4)),
    regionalOrder: 2,
    candidates: { ranges: [60_000, 120_000, 240_000], sds: [50, 100, 200], noiseSds: [5, 8, 12] },
    quantities: Object.entries(places).map(([key, place]) => ({
      name: `thickness${key[0]!.toUpperCase()}${key.slice(1)}`,
      label: `thickness of mafic rock ${place.label}, if its contrast is ${maficContrast} kg/m³`,
      unit: "km",
      weights: thicknessNear(place),
    })),
  };
}
