export { cellCounts, type Mesh, meshOf } from "./mesh.ts";
