export { gridOperator, type StationGrid } from "./forward/grid-operator.ts";
export { denseOperator, type LinearOperator } from "./forward/linear-operator.ts";
export { type MeshOperatorOptions, meshOperator } from "./forward/mesh-operator.ts";
export { type FieldComponent, fieldUnit, gravitationalConstant, type Prism, prismField, type Station } from "./forward/prism.ts";
export { cellSensitivity, planesOf, prismSensitivity, prismTable } from "./forward/sensitivity.ts";
export { pointMassField, type Sphere, sphereField, sphereSensitivity } from "./forward/sphere.ts";
export { type Stations, stationTable } from "./forward/stations.ts";
export { cellCounts, type Mesh, meshOf } from "./mesh.ts";
