import type { Equation, Graph, Variable } from "../ir.ts";
import { ruleOf } from "../op.ts";

/** Functions worth applying while a product's result is in the cache: those that networks put between two products. */
const activations: ReadonlySet<string> = new Set(["relu", "tanh", "sigmoid", "softplus"]);

/**
 * The same graph where products start from the bias that was added to them and end with the activation that was applied: one instruction
 * in place of two or three, and one way through memory. A third input of a matmul is its bias [n]; `activation` names its function.
 */
export function epilogue(graph: Graph): Graph {
  const uses = new Map<number, number>();
  const definitions = new Map<number, Equation>();
  const factors = new Set<number>();
  const count = (v: Variable): void => void uses.set(v.id, (uses.get(v.id) ?? 0) + 1);
  for (const equation of graph.equations) {
    equation.inputs.forEach(count);
    for (const v of equation.outputs) definitions.set(v.id, equation);
    if (equation.op === "matmul") for (const v of equation.inputs) factors.add(v.id);
  }
  graph.outputs.forEach(count);
  const absorbed = new Set<Equation>();
  const products = new Map<number, Equation>();
  const productOf = (v: Variable): Equation | undefined => {
    const product = products.get(v.id);
    return product && uses.get(v.id) === 1 && product.attributes.activation === undefined ? product : undefined;
  };
  const grown = (product: Equation, more: Partial<Equation>): Equation => {
    absorbed.add(product);
    return { ...product, ...more };
  };

  const equations = graph.equations.map((equation) => {
    const { op, inputs, outputs } = equation;
    let result: Equation = withBodies(equation);
    if (op === "add") {
      const [a, b] = inputs as [Variable, Variable];
      for (const [v, other] of [
        [a, b],
        [b, a],
      ] as const) {
        const product = productOf(v);
        const bias = biasOf(other, definitions);
        if (!product || product.inputs.length > 2 || !bias || result !== equation) continue;
        result = grown(product, { inputs: [...product.inputs, bias], outputs });
      }
    } else if (activations.has(op) && factors.has(outputs[0]!.id)) {
      const product = productOf(inputs[0]!);
      if (product) result = grown(product, { attributes: { ...product.attributes, activation: op }, outputs });
    }
    if (result.op === "matmul") products.set(result.outputs[0]!.id, result);
    return result;
  });
  return { ...graph, equations: equations.filter((equation) => !absorbed.has(equation)) };
}

/** The row [n] that `v` repeats, if that is all it does. */
function biasOf(v: Variable, definitions: ReadonlyMap<number, Equation>): Variable | undefined {
  const definition = definitions.get(v.id);
  if (definition?.op !== "broadcast") return undefined;
  const [row] = definition.inputs as [Variable];
  const n = v.shape.at(-1);
  return row.shape.at(-1) === n && row.shape.slice(0, -1).every((extent) => extent === 1) ? row : undefined;
}

function withBodies(equation: Equation): Equation {
  if (!["scan", "while", "cond"].includes(ruleOf(equation.op).kind)) return equation;
  const attributes = Object.fromEntries(
    Object.entries(equation.attributes).map(([k, v]) => [
      k,
      v !== null && typeof v === "object" && "equations" in v ? epilogue(v as Graph) : v,
    ]),
  );
  return { ...equation, attributes };
}
