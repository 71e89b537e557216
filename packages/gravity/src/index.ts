export { denseOperator, type LinearOperator } from "./forward/linear-operator.ts";
export { type FieldComponent, fieldUnit, gravitationalConstant, type Prism, prismField, type Station } from "./forward/prism.ts";
export { pointMassField, type Sphere, sphereField } from "./forward/sphere.ts";
export { cellCounts, type Mesh, meshOf } from "./mesh.ts";
