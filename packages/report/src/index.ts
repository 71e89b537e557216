export type { ChainDraws, Values } from "./chain-draws.ts";
export { type CornerPlotSpec, cornerPlot } from "./corner-plot.ts";
export { type CoverageCurve, type CoverageCurveSpec, coverageCurve } from "./coverage-curve.ts";
export { type DiagnosticsSectionSpec, diagnosticsSection, type QuantitySummary } from "./diagnostics-section.ts";
export { type EcdfFigureSpec, ecdfFigure } from "./ecdf-figure.ts";
export { type ElboCurveSpec, elboCurve } from "./elbo-curve.ts";
export { type Ellipse, type EllipseFigureSpec, ellipseFigure } from "./ellipse-figure.ts";
export { type EnergyPlotSpec, energyPlot } from "./energy-plot.ts";
export type { Figure } from "./figure.ts";
export { type ForestPlotSpec, forestPlot } from "./forest-plot.ts";
export { formatEstimate, formatNumber } from "./format-number.ts";
export {
  type InferenceData,
  type InferenceDataOptions,
  type InferenceGroup,
  type NumericArray,
  type Variable,
  writeInferenceData,
} from "./inference-data.ts";
export { type InferenceSource, inferenceFromDraws, type NamedValues } from "./inference-from-draws.ts";
export { type KHatPlotSpec, kHatPlot } from "./k-hat-plot.ts";
export { type MarginalOverlaySpec, marginalOverlay } from "./marginal-overlay.ts";
export { type PairPlotSpec, pairPlot } from "./pair-plot.ts";
export { type Path, type PathFigureSpec, type PathPanel, pathFigure } from "./path-figure.ts";
export { type PointMapSpec, pointMap } from "./point-map.ts";
export { type PredictiveFigureSpec, predictiveFigure } from "./predictive-figure.ts";
export { type RankPlotSpec, rankPlot } from "./rank-plot.ts";
export { type Fact, type Report, type ReportFigure, type ReportSection, type ReportTable, writeReport } from "./report.ts";
export type { Marker, Parameter, SampleSet } from "./samples.ts";
export { type SbcHistogramsSpec, sbcHistograms } from "./sbc-histograms.ts";
export { type TracePlotSpec, tracePlot } from "./trace-plot.ts";
export { type TrainingCurveSpec, type TrainingRecord, trainingCurve } from "./training-curve.ts";
export { WriteError, type WriteErrorCode } from "./write-error.ts";
export { writeAtomically } from "./write-file.ts";
export { writeJson } from "./write-json.ts";
