// npm run bench -- NAME [--out FILE] [options]
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { benchmarks } from "./benchmarks.ts";
import { commit, machine } from "./machine.ts";
import type { Benchmark, Measurement, OptionValues } from "./measurement.ts";
import { row, timings } from "./record.ts";

const usage = `npm run bench -- NAME [--out FILE] [options]\n\n${Object.entries(benchmarks)
  .map(
    ([name, { summary, options }]) =>
      `  ${name.padEnd(12)} ${summary}\n${" ".repeat(15)}options: ${["out", ...Object.keys(options)].map((option) => `--${option}`).join(" ")}`,
  )
  .join("\n")}`;

const [name = "", ...args] = process.argv.slice(2);
const benchmark = benchmarks[name];
if (!benchmark) {
  console.error(name === "" || name === "--help" ? usage : `There is no benchmark "${name}".\n\n${usage}`);
  process.exit(name === "--help" ? 0 : 2);
}

if (args.includes("--help")) {
  console.log(usage);
  process.exit(0);
}

const values = read(args, benchmark.options);
const measurements: Measurement[] = [];
const { head, line } = benchmark.table ?? timings;
console.log(head);
await benchmark.run(values, (measurement) => {
  measurements.push(measurement);
  console.log(line(measurement));
});
const record = {
  machine: machine(),
  commit: commit(),
  command: `npm run bench -- ${[name, ...args].join(" ")}`,
  date: new Date().toISOString(),
  benchmarks: measurements.map(row),
};
if (typeof values.out === "string") writeFileSync(values.out, `${JSON.stringify(record, null, 2)}\n`);

function read(given: string[], options: Benchmark["options"]): OptionValues {
  try {
    return parseArgs({ args: given, options: { out: { type: "string" }, ...options } }).values as OptionValues;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    process.exit(2);
  }
}
