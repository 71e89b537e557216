import { array, type NdArray } from "@credence/tensor";
import { momentNames, type Placed, type TwinPrograms, type Weighed } from "./twin-programs.ts";

/** Ranges of t = log(1 + lambda / mu) and of s = 1 / mu. */
export type Box = readonly [readonly [number, number], readonly [number, number]];

/** Where the posterior is looked at, and what readings have said so far. */
export interface TwinView {
  readonly box: Box;
  readonly placed: Placed;
  readonly weighed: Weighed;
}

/** The prior, over all that the material may be. */
export async function wholeView(programs: TwinPrograms, limits: Box, points: number): Promise<TwinView> {
  const placed = await placeOn(programs, limits, points);
  return { box: limits, placed, weighed: await programs.begin(placed) };
}

/** Narrows the grid where the posterior has become narrow for it, and widens it where it is cut off inside the limits. */
export async function settledView(programs: TwinPrograms, limits: Box, points: number, view: TwinView): Promise<TwinView> {
  let settled = view;
  for (let turn = 0; turn < turnsMax; turn++) {
    const box = betterBox(settled, limits, points);
    if (box === undefined) break;
    const placed = await placeOn(programs, box, points);
    settled = { box, placed, weighed: await programs.look(placed, settled.weighed) };
  }
  return settled;
}

const turnsMax = 12;

/** Density at an edge over the highest, above which the grid is too small. */
const edgeMax = 1e-13;

const placeOn = (programs: TwinPrograms, box: Box, points: number): Promise<Placed> => {
  const [t, s] = box.map(([low, high]) =>
    array(Float64Array.from({ length: points }, (_, i) => low + ((high - low) * i) / (points - 1))),
  ) as [NdArray, NdArray];
  return programs.place(t, s);
};

/** The posterior's moments by name. */
export function momentsOf({ weighed }: TwinView): Readonly<Record<(typeof momentNames)[number], number>> {
  const values = weighed.moments.data();
  return Object.fromEntries(momentNames.map((name, k) => [name, values[k]!])) as Record<(typeof momentNames)[number], number>;
}

function betterBox(view: TwinView, limits: Box, points: number): Box | undefined {
  const { tMean, sMean, tSd, sSd, gridCorrelation, tLow, tHigh, sLow, sHigh } = momentsOf(view);
  let changed = false;
  const better = (
    [
      [tMean, tSd, tLow, tHigh],
      [sMean, sSd, sLow, sHigh],
    ] as const
  ).map(([mean, sd, atLow, atHigh], k): readonly [number, number] => {
    const [low, high] = view.box[k]!;
    const [lowest, highest] = limits[k]!;
    const cutLow = atLow > edgeMax && low > lowest;
    const cutHigh = atHigh > edgeMax && high < highest;
    if (cutLow || cutHigh) {
      changed = true;
      const reach = (high - low) / 2;
      return [cutLow ? Math.max(lowest, low - reach) : low, cutHigh ? Math.min(highest, high + reach) : high];
    }
    const step = (high - low) / (points - 1);
    const reach = 9 * Math.max(sd, step);
    const fitted = [Math.max(lowest, mean - reach), Math.min(highest, mean + reach)] as const;
    const wide = high - low > 40 * sd || step > stepMax * aloneSd(sd, gridCorrelation);
    if (!wide || fitted[1] - fitted[0] > 0.7 * (high - low)) return [low, high];
    changed = true;
    return fitted;
  });
  return changed ? (better as unknown as Box) : undefined;
}

/** Of one coordinate with the other held still. */
const aloneSd = (sd: number, correlation: number): number => sd * Math.sqrt(Math.max(0, 1 - correlation ** 2));

/** The trapezoidal rule is exact to 1e-9 where a step is no longer than the sd along it, the other coordinate held still. */
const stepMax = 0.8;

/** Why the posterior that a view shows is not to be trusted. */
export function warningsOf(view: TwinView, points: number): string[] {
  const { tSd, sSd, gridCorrelation, tLow, tHigh, sLow, sHigh } = momentsOf(view);
  const coarse = [tSd, sSd].some((sd, k) => (view.box[k]![1] - view.box[k]![0]) / (points - 1) > 1.2 * aloneSd(sd, gridCorrelation));
  const cut = [
    ...(Math.max(tLow, tHigh) > 1e-6 ? ["Poisson's ratio at an end of the model's range"] : []),
    ...(Math.max(sLow, sHigh) > 1e-6 ? ["mu at an end of its range"] : []),
  ];
  return [
    ...(cut.length > 0 ? [`the readings so far do not exclude ${cut.join(" and ")}: the posterior is cut off there`] : []),
    ...(coarse ? [`the posterior is narrower than ${points} places along an axis can tell; give the twin more points`] : []),
  ];
}
