import { type Graph, showGraph } from "../ir.ts";
import { actual, type Instruction, type Storage, type View } from "./instruction.ts";
import type { Scheduled } from "./schedule.ts";

const place = (s: Storage): string => {
  const root = actual(s);
  if (root.kind === "arena" || root.kind === "own") return `${root.kind}+${root.offset}`;
  if (root.kind === "slice") return `${place(root.base!)}[turn${root.reversed ? " from the end" : ""}]`;
  return `${root.kind}${root.index}`;
};
const showView = (v: View): string => `${v.dtype}[${v.shape.join(",")}]@${place(v.storage)}${v.offset ? `+${v.offset}` : ""}`;

function showInstruction(i: Instruction, indent: string): string {
  const inner = (list: readonly Instruction[]): string => list.map((n) => showInstruction(n, `${indent}  `)).join("\n");
  switch (i.kind) {
    case "barrier":
      return `${indent}barrier`;
    case "cluster": {
      const loads = i.loads.map((l) => `${l.dtype}@${place(l.storage)}`).join(", ");
      const stores = i.stores.map((s) => `${s.lane.dtype}@${place(s.lane.storage)}`).join(", ");
      return `${indent}cluster [${i.dims.join(",")}] parts ${i.parts}: ${loads} -> ${i.steps.map((s) => s.op).join(" ") || "copy"} -> ${stores}`;
    }
    case "reduce":
      return `${indent}${i.monoid} parts ${i.parts}: ${showView(i.input)} -> ${showView(i.output)}`;
    case "matmul":
      return `${indent}matmul ${i.batch}x${i.m}x${i.k}x${i.n} parts ${i.parts}: ${showView(i.a)} by ${showView(i.b)}${i.bias ? ` from ${showView(i.bias)}` : ""} -> ${i.activation ? `${i.activation} -> ` : ""}${showView(i.c)}`;
    case "rows":
      return `${indent}${i.op} ${i.rows} rows: ${i.inputs.map((o) => showView(o.view)).join(", ")} -> ${i.outputs.map((o) => showView(o.view)).join(", ")}`;
    case "loop":
      return `${indent}${i.predicate ? "while" : `${i.independent ? "each of" : "repeat"} ${i.trips}`}\n${i.predicate ? `${inner(i.predicate.code)}\n${indent} holds: ${showView(i.predicate.flag)}\n` : ""}${inner(i.body)}`;
    case "cond":
      return `${indent}if ${showView(i.flag)}\n${inner(i.yes)}\n${indent}else\n${inner(i.no)}`;
  }
}

/** The program after each pass, for people. */
export function explain(traced: Graph, simplified: Graph, scheduled: Scheduled): string {
  return [
    "# traced, with derivatives",
    showGraph(traced),
    "",
    "# simplified",
    showGraph(simplified),
    "",
    `# fused and scheduled: arena ${scheduled.arenaBytes} bytes, of each thread ${scheduled.ownBytes}`,
    scheduled.instructions.map((i) => showInstruction(i, "")).join("\n"),
  ].join("\n");
}
