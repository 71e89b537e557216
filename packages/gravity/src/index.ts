export { type Check, type ResidualChecks, type ResidualChecksOptions, residualChecks } from "./check/residual-checks.ts";
export { gridOperator, type StationGrid } from "./forward/grid-operator.ts";
export { denseOperator, type LinearOperator } from "./forward/linear-operator.ts";
export { type MeshOperatorOptions, meshOperator } from "./forward/mesh-operator.ts";
export { type FieldComponent, fieldUnit, gravitationalConstant, type Prism, prismField, type Station } from "./forward/prism.ts";
export { cellSensitivity, planesOf, prismSensitivity, prismTable } from "./forward/sensitivity.ts";
export { pointMassField, type Sphere, sphereField, sphereSensitivity } from "./forward/sphere.ts";
export { type Stations, stationTable } from "./forward/stations.ts";
export { normalGravity } from "./geodesy/normal-gravity.ts";
export { gravityDisturbance, mercator, slabGravity } from "./geodesy/reductions.ts";
export { type AffineFlow, type AffineFlowOptions, affineFlow } from "./inference/affine-flow.ts";
export { type ChosenByEvidence, chooseByEvidence, type EvidenceOptions, type Hyperparameters } from "./inference/choose-by-evidence.ts";
export { exactPosterior } from "./inference/exact-posterior.ts";
export { type GravityModel, type GravityModelOptions, gravityModel, type Numbers } from "./inference/gravity-model.ts";
export type {
  GravityDraws,
  GravityPosterior,
  Predicted,
  RegionalPosterior,
  ReplicatedResiduals,
  SampleOptions,
} from "./inference/gravity-posterior.ts";
export { type DensityBounds, gravityTarget } from "./inference/gravity-target.ts";
export { type Discarded, type LowRankOptions, type LowRankPosterior, lowRankPosterior } from "./inference/low-rank-posterior.ts";
export { type RandomBlockOptions, randomBlock } from "./inference/random-block.ts";
export { type Regional, type RegionalOptions, regionalField } from "./inference/regional.ts";
export { cellCounts, type Mesh, meshOf } from "./mesh.ts";
export type { CellPrior } from "./prior/cell-prior.ts";
export { type MaternPriorOptions, maternPrior } from "./prior/matern-prior.ts";
export { type SmoothnessPriorOptions, smoothnessPrior } from "./prior/smoothness-prior.ts";
export type { Length, SpectralPriorOptions } from "./prior/spectral-prior.ts";
export { type DepthWeightsOptions, depthWeights, sensitivityWeights } from "./prior/weights.ts";
export { application } from "./reproduce.ts";
