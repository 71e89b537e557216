import { array, type NdArray, program, scatterAdd, type Tensor, take } from "@credence/tensor";
import { elementsOfFace, elementsOfPatch } from "./element.ts";
import type { Mesh } from "./mesh.ts";
import type { ElasticProblem } from "./problem.ts";

/**
 * (lambda K_lambda + mu K_mu) v = load - lambda f_lambda - mu f_mu for the N components v of nodes that are free; the held ones are known and are in f.
 * All f64, lambda that of the setting.
 */
export interface Assembled {
  /** [N, N] */
  readonly stiffness: { readonly lambda: NdArray; readonly mu: NdArray };
  /** Forces on body and boundary, [N]. */
  readonly load: NdArray;
  /** Forces of the held displacements, [N]. */
  readonly pull: { readonly lambda: NdArray; readonly mu: NdArray };
  /** Displacement that is held, or 0, of every component of every node, [nodes d]. */
  readonly held: NdArray;
  /** Place among the free ones of every component of every node, a + d node, or N where it is held. i32. */
  readonly equations: NdArray;
  /** N */
  readonly free: number;
  /** Whether some held displacement is not 0. */
  readonly moved: boolean;
}

/**
 * Galerkin's equations of a problem on a mesh, in one program.
 * @throws {RangeError} where a pin is no node, or nothing holds the body
 */
export async function assemble(problem: ElasticProblem, mesh: Mesh, signal?: AbortSignal): Promise<Assembled> {
  const fixed = heldComponents(problem, mesh);
  const size = mesh.points.size;
  const equations = new Int32Array(size);
  const free = size - fixed.size;
  for (let k = 0, next = 0; k < size; k++) equations[k] = fixed.has(k) ? free : next++;
  const run = program(
    (points: Tensor, equationOf: Tensor) => {
      const isHeld = equationOf.equal(free).cast("f64");
      const held = problem.held ? problem.held(points).reshape([size]).mul(isHeld) : isHeld.mul(0);
      return { held, ...sums(problem, mesh, equationOf, held, free) };
    },
    { name: "assemble" },
  );
  const numbered = array(equations);
  const { held, lambda, mu, load, pullLambda, pullMu } = await run.runAsync([mesh.points, numbered], signal ? { signal } : {});
  return {
    stiffness: { lambda, mu },
    load,
    pull: { lambda: pullLambda, mu: pullMu },
    held,
    equations: numbered,
    free,
    moved: held.data().some((v: number) => v !== 0),
  };
}

/** Sums over elements and faces, traced. Equation N takes what belongs to held components, and is dropped. */
function sums(problem: ElasticProblem, mesh: Mesh, equationOf: Tensor, held: Tensor, free: number) {
  const { patches, faces } = mesh.body;
  const cells = patches.map((_, k) => elementsOfPatch(problem, mesh, k));
  const edges = Object.entries(faces).flatMap(([name, list]) => list.map((face) => elementsOfFace(problem, mesh, name, face)));
  const vector = (components: NdArray, x: Tensor): Tensor => scatterAdd(free + 1, take(equationOf, components), x).slice([0], [free]);
  const matrix = (components: NdArray, x: Tensor): Tensor => {
    const rows = take(equationOf, components);
    const at = rows
      .expandDims(2)
      .mul(free + 1)
      .add(rows.expandDims(1));
    return scatterAdd((free + 1) ** 2, at, x)
      .reshape([free + 1, free + 1])
      .slice([0, 0], [free, free]);
  };
  const pull = (components: NdArray, x: Tensor): Tensor => vector(components, x.matmul(take(held, components).expandDims(2)).squeeze(2));
  const total = (terms: readonly Tensor[]): Tensor => terms.reduce((a, b) => a.add(b));
  const loads = [...cells.map((cell) => cell.forces), ...edges].flatMap((f) => (f ? [vector(f.components, f.force)] : []));
  const over = (f: (cell: (typeof cells)[number]["matrices"]) => Tensor): Tensor => total(cells.map((cell) => f(cell.matrices)));
  const pullMu = over((m) => pull(m.components, m.mu));
  return {
    lambda: over((m) => matrix(m.components, m.lambda)),
    mu: over((m) => matrix(m.components, m.mu)),
    load: loads.length > 0 ? total(loads) : pullMu.mul(0),
    pullLambda: over((m) => pull(m.components, m.lambda)),
    pullMu,
  };
}

function heldComponents({ name, supports, pins = [] }: ElasticProblem, mesh: Mesh): Set<number> {
  const d = mesh.body.dimension;
  const points = mesh.points.data();
  const held = new Set<number>();
  for (const [face, components] of Object.entries(supports))
    for (const node of mesh.nodesOn(face)) for (const a of components) held.add(node * d + a);
  for (const { at, components } of pins) {
    const apart = Array.from({ length: points.length / d }, (_, i) => Math.hypot(...at.map((x, k) => points[i * d + k]! - x)));
    const node = apart.indexOf(Math.min(...apart));
    if (!(apart[node]! < 1e-9 * (1 + Math.hypot(...at))))
      throw new RangeError(`${name}: the pin at (${at.join(", ")}) is no node of the mesh; pin a corner of a patch`);
    for (const a of components) held.add(node * d + a);
  }
  // Two dimensions have three rigid motions, three have six.
  if (held.size < (d === 2 ? 3 : 6)) throw new RangeError(`${name}: the body can move as a whole; hold a face, or pin points`);
  return held;
}
