export { type CornerPlotSpec, cornerPlot } from "./corner-plot.ts";
export { type CoverageCurve, type CoverageCurveSpec, coverageCurve } from "./coverage-curve.ts";
export type { Figure } from "./figure.ts";
export { formatEstimate, formatNumber } from "./format-number.ts";
export {
  type InferenceData,
  type InferenceDataOptions,
  type InferenceGroup,
  type NumericArray,
  type Variable,
  writeInferenceData,
} from "./inference-data.ts";
export { type MarginalOverlaySpec, marginalOverlay } from "./marginal-overlay.ts";
export { type PredictiveFigureSpec, predictiveFigure } from "./predictive-figure.ts";
export { type Fact, type Report, type ReportFigure, type ReportSection, type ReportTable, writeReport } from "./report.ts";
export type { Marker, Parameter, SampleSet } from "./samples.ts";
export { type SbcHistogramsSpec, sbcHistograms } from "./sbc-histograms.ts";
export { type TrainingCurveSpec, type TrainingRecord, trainingCurve } from "./training-curve.ts";
export { WriteError, type WriteErrorCode } from "./write-error.ts";
export { writeAtomically } from "./write-file.ts";
export { writeJson } from "./write-json.ts";
