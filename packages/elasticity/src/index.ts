export { type AmortisedOptions, type AmortisedPosterior, amortisedPosterior } from "./amortised/amortised-posterior.ts";
export { pulledSquare, squareLoads } from "./amortised/pulled-square.ts";
export { type RandomLoads, type RandomLoadsOptions, randomLoads } from "./amortised/random-loads.ts";
export { superposed } from "./amortised/superposed.ts";
export { type Body, type Face, type FacePoints, onFace } from "./body/body.ts";
export { boxPatch, type Patch } from "./body/patch.ts";
export { type RayPatchOptions, rayPatch } from "./body/ray-patch.ts";
export { sampleFace, sampleInterior, type WeightedFacePoints, type WeightedPoints } from "./body/sample.ts";
export { box, octantOfShell, type PlateWithHoleOptions, plateWithHole, quarterAnnulus, quarterPlateWithHole } from "./body/shapes.ts";
export { divergenceOf, type ElasticField, gradientOf, hooke, stressOf, type TracedLame } from "./field/elastic-field.ts";
export { haghighatPlate } from "./field/haghighat.ts";
export { type KirschOptions, kirschPlate } from "./field/kirsch.ts";
export { type LameOptions, lameCylinder, lameSphere } from "./field/lame.ts";
export { type ManufacturedCubeOptions, manufacturedCube } from "./field/manufactured-cube.ts";
export { type TimoshenkoOptions, timoshenkoBeam } from "./field/timoshenko.ts";
export { type Engineering, effectiveLambda, engineeringOf, type Lame, lameOf, type Setting } from "./material.ts";
export type { DensityGrid, GridOptions } from "./oracle/density-grid.ts";
export { type DisplacementModel, type DisplacementModelOptions, displacementModel } from "./oracle/displacement-model.ts";
export type { GridPosterior } from "./oracle/grid-posterior.ts";
export type { Summary } from "./oracle/grid-summary.ts";
export type { MeshOptions } from "./oracle/mesh.ts";
export type { Misfit, Whitened } from "./oracle/misfit.ts";
export { type ElasticProblem, problemOf } from "./oracle/problem.ts";
export {
  type QuadratureOptions,
  type QuadraturePosterior,
  quadraturePosterior,
  quadraturePosteriorOf,
} from "./oracle/quadrature-posterior.ts";
export type { ReadingNoise, Readings } from "./oracle/readings.ts";
export type { FieldPosterior, FieldPosteriorOptions } from "./pinn/field-posterior.ts";
export { type LaplacePosterior, laplacePinn } from "./pinn/laplace-pinn.ts";
export { lastLayerPosterior } from "./pinn/last-layer-posterior.ts";
export type { EquationNoise } from "./pinn/operators.ts";
export { type PinnProblem, type PinnProblemOptions, pinnProblem, type Units } from "./pinn/pinn-problem.ts";
export { type RandomFeatureDisplacementOptions, randomFeatureDisplacement } from "./pinn/random-feature-displacement.ts";
export { type RandomFeaturePosteriorOptions, randomFeaturePosterior } from "./pinn/random-feature-posterior.ts";
export { type LossTerm, type PinnFit, type TrainPinnOptions, trainPinn } from "./pinn/train-pinn.ts";
export {
  type CalibratePlateOptions,
  calibratePlate,
  type MaterialEstimate,
  type PlateCalibration,
} from "./plate/calibrate-plate.ts";
export { type CosineBasis, cosineBasis, type Discrepancy, fitDiscrepancy, type Rectangle } from "./plate/discrepancy.ts";
export { s235Test, type TensionTest, tensionProblem } from "./plate/plate-problem.ts";
export type { PlateReadings } from "./plate/plate-readings.ts";
export { application } from "./reproduce.ts";
export {
  type DigitalTwin,
  type DigitalTwinOptions,
  digitalTwin,
  type Reading,
  type TwinPosterior,
  type TwinUpdate,
} from "./twin/digital-twin.ts";
export type { DriftOptions, DriftState } from "./twin/drift.ts";
