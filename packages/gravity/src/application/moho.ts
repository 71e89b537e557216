import { type DonePhase, type JsonValue, type ParameterSummary, type PublishedValue, phase } from "@credence/core";
import { formatEstimate, type ReportSection } from "@credence/report";
import type { LinearOperator } from "../forward/linear-operator.ts";
import { prismField } from "../forward/prism.ts";
import { exactPosterior } from "../inference/exact-posterior.ts";
import { maficContrast, moho } from "./bushveld-survey.ts";
import { cellsOf } from "./cells.ts";
import { type Chosen, groundModel } from "./ground.ts";
import { inputsOf, type Run } from "./run.ts";
import { phaseFormat } from "./settings.ts";

/** Thickness of the sheet that is asked about, in the middle of what is published. */
const sheetKm = 7;

const cawthorn = "Cawthorn, Cooper and Webb, South African Journal of Geology 101, 1998, 291";

/** Thicknesses of the mafic sheet, km. */
const published: Readonly<Record<string, PublishedValue>> = {
  thicknessWest: { value: sheetKm, unit: "km", source: `6 to 8 km; ${cawthorn}` },
  thicknessEast: { value: sheetKm, unit: "km", source: `6 to 8 km; ${cawthorn}` },
};

/**
 * Is there room for a sheet of mafic rock that connects the limbs? Gravity of such a sheet is known; where it is not observed, either the sheet is not there or something
 * light lies below it, as where a load has pressed the crust into the mantle. Models with and without cells at that depth are told apart by their evidence.
 *
 * @param between posterior of the thickness between the limbs, km
 */
export async function mohoStory(
  run: Run,
  operator: LinearOperator,
  chosen: Chosen,
  between: ParameterSummary,
): Promise<{ readonly facts: JsonValue; readonly published: typeof published; readonly section: ReportSection }> {
  const { survey } = run;
  const done: DonePhase<{ readonly without: number; readonly with: number }> = await phase<{
    readonly without: number;
    readonly with: number;
  }>({
    directory: run.directory,
    format: phaseFormat,
    name: "moho",
    inputs: [inputsOf(run), chosen],
    compute: async () => {
      const upper = cellsOf(survey.mesh).map(({ upward }, i) => (upward < moho.top ? 1e-4 : survey.weights![i]!));
      const shallow = await exactPosterior(groundModel({ ...survey, weights: Float64Array.from(upper) }, operator, chosen), {
        signal: run.context.signal,
      });
      return { facts: { without: shallow.logEvidence, with: chosen.logEvidence } };
    },
  });
  const half = 150_000;
  const sheet = { west: -half, east: half, south: -half, north: half, bottom: -1000 * sheetKm, top: 0 };
  const root = { ...sheet, bottom: moho.bottom, top: moho.top };
  const above = { easting: 0, northing: 0, upward: 1200 };
  const [ofSheet, ofRoot] = [prismField(sheet, maficContrast, above), prismField(root, -maficContrast, above)];
  const { without, with: together } = done.facts;
  const difference = together - without;
  return {
    published,
    facts: { logEvidenceWithout: without, logEvidenceWith: together, sheetMgal: ofSheet, rootMgal: ofRoot },
    section: {
      heading: "Is there a sheet between the limbs?",
      paragraphs: [
        `A sheet of ${sheetKm} km with a contrast of ${maficContrast} kg/m³ that connects the limbs would pull ${ofSheet.toFixed(0)} mGal at its middle. Between the limbs the posterior has ${formatEstimate(between.mean, between.sd)} km: such a sheet alone is ${between.q95 < sheetKm ? "not what the data show" : "within what the data allow"}. Either the sheet is not there, or the crust is thicker below it: a root of 6 km with a contrast of −${maficContrast} kg/m³ pulls ${ofRoot.toFixed(0).replace("-", "−")} mGal and nearly cancels it. Gravity tells only the sum of the two.`,
        `Cells between ${-moho.top / 1000} and ${-moho.bottom / 1000} km beside those above 9 km change the log evidence by ${difference.toFixed(1)} nats${difference > 3 ? ": the data ask for something deep and wide" : difference < -3 ? ": the data do without them" : ": the data do not decide"}.`,
        `Thicknesses are stated for a contrast of ${maficContrast} kg/m³; gravity fixes their product with the contrast, so that with 300 kg/m³ they are a sixth larger. They are means within 35 km of a place, beyond what the regional of order 2 and the cells at depth take up, and the prior is smooth: less than the 6 to 8 km that are published for the limbs themselves, which are narrower than that.`,
      ],
      tables: [
        {
          columns: [{ label: "cells" }, { label: "log evidence", unit: "nats" }],
          rows: [
            ["above 9 km", without.toFixed(1)],
            ["above 9 km and at 40 to 46 km", together.toFixed(1)],
          ],
        },
      ],
    },
  };
}
