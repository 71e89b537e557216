import { add, asTensor, concat, map, matrixTranspose, type NdArray, scan, sliceAxis, type Tensor, zeros } from "@credence/tensor";
import { cellCounts, type Mesh } from "../mesh.ts";
import { type LinearOperator, requireOperand } from "./linear-operator.ts";
import type { FieldComponent } from "./prism.ts";
import { cellSensitivity, planesOf, requireComponent } from "./sensitivity.ts";
import { type Stations, stationTable } from "./stations.ts";

export interface MeshOperatorOptions {
  /** Which part of the field; "down" unless given. */
  readonly component?: FieldComponent;
  /**
   * Of what is kept of the sensitivity and of the products. It is computed in f64 always: f32 loses 1e-7 of each element, takes half the
   * memory and multiplies faster. f64 unless given.
   */
  readonly dtype?: "f32" | "f64";
  /** How many stations' rows are kept at a time; 32 unless given. */
  readonly blockStations?: number;
}

/**
 * The field of the cells of a mesh, of density 1 kg/m3 each, at scattered stations, in the units of `prismField`: [N, nz ny nx]. Rows are
 * worked out anew in each product, a block of stations at a time, and the matrix is never there: a product with k vectors side by side
 * costs the rows once.
 *
 * @throws {RangeError} where stations are none or not finite, a block has no stations, or there is no such component
 */
export function meshOperator(mesh: Mesh, stations: Stations, options: MeshOperatorOptions = {}): LinearOperator {
  const { component = "down", dtype = "f64", blockStations = 32 } = options;
  if (!Number.isInteger(blockStations) || blockStations < 1)
    throw new RangeError(`meshOperator: blockStations must be a whole number >= 1, got ${blockStations}`);
  requireComponent(component);
  const table = stationTable(stations);
  const planes = planesOf(mesh);
  const [rows, columns] = [table.shape[0]!, cellCounts(mesh).reduce((a, b) => a * b)];
  const sensitivity = (block: Tensor): Tensor => cellSensitivity(block, planes, component, dtype);
  return {
    rows,
    columns,
    apply: (x) => {
      const operand = requireOperand("apply", x, columns).cast(dtype);
      const product = (block: Tensor): Tensor => sensitivity(block).matmul(operand).cast("f64");
      const { blocks, rest } = blocksOf(table, blockStations);
      const parts = [
        ...(blocks ? [map((block: Tensor) => product(block), blocks).reshape([-1, ...x.shape.slice(1)])] : []),
        ...(rest ? [product(rest)] : []),
      ];
      return parts.length === 1 ? parts[0]! : concat(parts, 0);
    },
    applyTransposed: (y) => {
      const operand = requireOperand("applyTransposed", y, rows).cast(dtype);
      const product = (block: Tensor, part: Tensor): Tensor => matrixTranspose(sensitivity(block)).matmul(part).cast("f64");
      const { blocks, rest, restFrom } = blocksOf(table, blockStations);
      let sum: Tensor = zeros([columns, ...y.shape.slice(1)], "f64");
      if (blocks) {
        const parts = sliceAxis(operand, 0, 0, restFrom).reshape([restFrom / blockStations, blockStations, ...y.shape.slice(1)]);
        sum = scan((total: Tensor, [block, part]: [Tensor, Tensor]) => [add(total, product(block, part)), []] as const, sum, [
          blocks,
          parts,
        ])[0];
      }
      return rest ? add(sum, product(rest, sliceAxis(operand, 0, restFrom, rows))) : sum;
    },
    dense: () => cellSensitivity(asTensor(table), planes, component),
  };
}

/** Stations in whole blocks [blocks, size, 3], and those that are left, from `restFrom` on. */
function blocksOf(table: NdArray, size: number): { blocks?: Tensor; rest?: Tensor; restFrom: number } {
  const stations = asTensor(table);
  const count = stations.shape[0]!;
  const restFrom = count - (count % size);
  return {
    restFrom,
    ...(restFrom > 0 && { blocks: sliceAxis(stations, 0, 0, restFrom).reshape([restFrom / size, size, 3]) }),
    ...(restFrom < count && { rest: sliceAxis(stations, 0, restFrom, count) }),
  };
}
