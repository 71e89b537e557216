import { array, type NdArray } from "@credence/tensor";
import { engineeringOf } from "../material.ts";
import { displacementModel } from "../oracle/displacement-model.ts";
import type { Summary } from "../oracle/grid-summary.ts";
import { type QuadraturePosterior, quadraturePosteriorOf } from "../oracle/quadrature-posterior.ts";
import { cosineBasis, type Discrepancy, fitDiscrepancy, weightSds } from "./discrepancy.ts";
import { type Amounts, amountsOf, augmented, type Camera, neighbourExcess, slopesOf, whitenedPlate } from "./plate-likelihood.ts";
import { s235Test, type TensionTest, tensionProblem } from "./plate-problem.ts";
import { insideOf, type PlateReadings, pairsOf, pick, sdsOf, startingNoise } from "./plate-readings.ts";

export interface CalibratePlateOptions {
  readonly test?: TensionTest;
  /** Points nearer to an edge than this are left out, since a camera's facets reach over it there, mm; 0.3 if absent. */
  readonly margin?: number;
  /** Readings that lie further from the fit than so many sds are left out; 4 if absent. */
  readonly clip?: number;
  /** Degree of the elements' polynomials; 8 if absent. */
  readonly order?: number;
  /** The finest half wave of the discrepancy, mm; 5 if absent. */
  readonly finest?: number;
  /** Length scales of u_x for `byLengthScale`, mm; 10, 20, 40 and 80 if absent. */
  readonly lengthScales?: readonly number[];
  readonly signal?: AbortSignal;
}

/** What a plate's displacements say of its material. Stresses in N/mm^2. */
export interface MaterialEstimate {
  readonly posterior: QuadraturePosterior;
  readonly young: Summary;
  readonly poisson: Summary;
}

export interface PlateCalibration {
  /** With independent noise: the formal answer, right only if the model is. */
  readonly independent: MaterialEstimate;
  /** With independent noise and a camera whose scale is not known either, as when the plate comes nearer to it: a free stretch of x and y alike. */
  readonly freeScale: MaterialEstimate;
  /** With a Gaussian process for what the model does not explain, and noise that neighbours share. */
  readonly withDiscrepancy: MaterialEstimate;
  /** The same with the length scale of u_x held, its amplitude and noise by evidence: how much the answer hangs on what counts as discrepancy. */
  readonly byLengthScale: readonly (MaterialEstimate & { readonly lengthScale: number; readonly amplitude: number })[];
  /** Of u_x and of u_y; noise before it is inflated, mm. */
  readonly discrepancy: readonly [Discrepancy, Discrepancy];
  /** By how much the noise's variance counts more, since neighbours share some of it; of u_x and of u_y. */
  readonly inflation: readonly [number, number];
  /** Sds of the residuals of the independent fit, mm. */
  readonly noise: readonly [number, number];
  /** Readings within the plate, and those kept of them: places in the data. */
  readonly inside: Int32Array;
  readonly kept: Int32Array;
  readonly clipped: Int32Array;
  /** Of kept points: reading less fit with its shift and rotation, mm, [kept, 2]. */
  readonly residuals: Float64Array;
  /** Of kept points: the mean of the process, mm, [kept, 2]. */
  readonly discrepancyAt: Float64Array;
  /** Shift in x and y, mm, and rotation, radians. */
  readonly motion: readonly [number, number, number];
}

/**
 * Elastic constants of a plate with a hole from the displacements of its surface: the finite-element model of {@link tensionProblem}, a shift and a rotation of the camera
 * marginalised. First with independent noise, whose sds are those of the residuals, and readings beyond `clip` sds left out until nothing changes. Then with a Gaussian process
 * on top, its scales by maximal evidence, since residuals of a real plate are correlated over centimetres and 5,000 of them are worth far fewer.
 *
 * A factor in the load or in the displacements is a factor in the stiffness, and no reading can tell them apart: no such interval holds it.
 *
 * @throws {RangeError} for shapes that do not fit, values that are not finite, and fewer than ten points inside the plate
 */
export async function calibratePlate(data: PlateReadings, options: CalibratePlateOptions = {}): Promise<PlateCalibration> {
  const { test = s235Test, margin = 0.3, clip = 4, order = 8, finest = 5, lengthScales = [10, 20, 40, 80], signal } = options;
  for (const [name, value] of Object.entries({ clip, finest }))
    if (!(value > 0)) throw new RangeError(`calibratePlate: ${name} must be > 0, got ${value}`);
  const [points, displacements] = [pairsOf("points", data.points), pairsOf("displacements", data.displacements)];
  if (points.length !== displacements.length)
    throw new RangeError(`calibratePlate: ${points.length / 2} points and ${displacements.length / 2} displacements; give one for each`);
  const inside = insideOf(points, test, margin);
  const cancel = signal ? { signal } : {};
  const places = pick(points, inside);
  const model = await displacementModel(tensionProblem(test), array(places, { shape: [inside.length, 2] }), {
    order,
    ratios: 12,
    poisson: [0, 0.49],
    ...cancel,
  });
  const all = { model, points: places, readings: pick(displacements, inside), test };
  type Process = Parameters<typeof augmented>[1];
  const posteriorOf = async (noise: readonly [number, number], rows: Int32Array, process?: Process, camera: Camera = "rigid") => {
    const bare = await whitenedPlate(all, { noise, rows, camera, ...cancel });
    const whitened = process ? await augmented(bare, process) : bare;
    const posterior = await quadraturePosteriorOf(model, whitened, cancel);
    return { posterior, amounts: await amountsOf(posterior.misfit, whitened, bare, signal) };
  };

  let rows = Int32Array.from(inside.keys());
  let noise = startingNoise(all.readings);
  let fit = await posteriorOf(noise, rows);
  for (let turn = 0; turn < 50; turn++) {
    const { residuals } = fit.amounts;
    const found = sdsOf(residuals);
    const near = rows.filter((_, i) => [0, 1].every((a) => Math.abs(residuals[2 * i + a]!) <= clip * found[a]!));
    const settled = near.length === rows.length && found.every((sd, a) => Math.abs(sd / noise[a]! - 1) < 1e-6);
    [noise, rows] = [found, near];
    if (settled) break;
    fit = await posteriorOf(noise, rows);
  }

  const { residuals, amounts } = fit.amounts;
  const freeScale = await posteriorOf(noise, rows, undefined, "rigid and scaled");
  const kept = pick(places, rows);
  const [[x0, x1], [y0, y1]] = [
    [0, test.length],
    [0, test.height],
  ] as const;
  // Beyond the plate by a fifth of its length and half its height, so that the free edges of the cosines lie outside.
  const [aside, above] = [(x1 - x0) / 5, (y1 - y0) / 2];
  const basis = cosineBasis(
    [
      [x0 - aside, x1 + aside],
      [y0 - above, y1 + above],
    ],
    finest,
  );
  const at = array(kept, { shape: [rows.length, 2] });
  const open = await slopesOf(all, fit.posterior.misfit, rows);
  const component = (a: number): NdArray => array(Float64Array.from({ length: rows.length }, (_, i) => residuals[2 * i + a]!));
  const fitted = async (a: 0 | 1, lengthScale?: number): Promise<Discrepancy> =>
    fitDiscrepancy({
      points: at,
      residuals: component(a),
      open: open[a],
      basis,
      ...(lengthScale !== undefined && { lengthScale }),
      ...cancel,
    });
  const explained = async (both: readonly [Discrepancy, Discrepancy], excess: readonly [number, number]) =>
    posteriorOf([both[0].noise * Math.sqrt(excess[0]), both[1].noise * Math.sqrt(excess[1])], rows, {
      basis,
      points: at,
      sds: both.map((d) => weightSds(basis, d)),
    });
  const discrepancy = [await fitted(0), await fitted(1)] as const;
  const first = await explained(discrepancy, [1, 1]);
  const inflation = (await neighbourExcess(at, first.amounts.residuals)).map((excess) => Math.max(1, 1 + excess)) as [number, number];
  const second = await explained(discrepancy, inflation);
  const byLengthScale = [];
  for (const lengthScale of lengthScales) {
    const other = await fitted(0, lengthScale);
    const { posterior } = await explained([other, discrepancy[1]], inflation);
    byLengthScale.push({ lengthScale, amplitude: other.amplitude, ...estimate(posterior) });
  }
  const chosen = new Set(rows);
  return {
    independent: estimate(fit.posterior),
    freeScale: estimate(freeScale.posterior),
    withDiscrepancy: estimate(second.posterior),
    byLengthScale,
    discrepancy,
    inflation,
    noise,
    inside,
    kept: inside.filter((_, i) => chosen.has(i)),
    clipped: inside.filter((_, i) => !chosen.has(i)),
    residuals,
    discrepancyAt: second.amounts.process,
    motion: motionOf(amounts, test),
  };
}

const estimate = (posterior: QuadraturePosterior): MaterialEstimate => ({
  posterior,
  young: posterior.of((material) => engineeringOf(material).young),
  poisson: posterior.of((material) => engineeringOf(material).poisson),
});

/** Amounts of the motions about the middle of the plate, as a shift of the origin and a rotation. */
function motionOf(amounts: Amounts["amounts"], { length, height }: TensionTest): [number, number, number] {
  const [x, y, turn] = amounts as unknown as [number, number, number];
  return [x + (turn * height) / 2, y - (turn * length) / 2, turn];
}
