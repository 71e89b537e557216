import type { Summary } from "@credence/core";
import { formatEstimate, formatNumber } from "@credence/report";
import { duration } from "./duration.ts";
import { textTable } from "./text-table.ts";

/** What a run found, for a terminal: a table of parameters with the exact answer beside them, checks, cost. */
export function describeSummary(summary: Summary): string {
  const { parameters, oracle, checks, cost } = summary;
  const rows = Object.entries(parameters).map(([name, { unit, mean, sd, q05, q95 }]) => {
    const exact = oracle?.[name];
    return [
      name,
      formatEstimate(mean, sd),
      `${formatNumber(q05)} to ${formatNumber(q95)}`,
      ...(oracle === undefined ? [] : [exact === undefined ? "" : formatEstimate(exact.mean, exact.sd)]),
      unit,
    ];
  });
  const header = ["parameter", "mean ± sd", "5 % to 95 %", ...(oracle === undefined ? [] : ["exact"]), "unit"];
  const found: string[] = [];
  if (checks.c2stOracle !== undefined) found.push(`C2ST against the exact posterior ${formatNumber(checks.c2stOracle)} (0.5 is equal)`);
  if (checks.sbc !== undefined) {
    const lowest = Math.min(...Object.values(checks.sbc).map(({ pValue }) => pValue));
    found.push(`SBC, smallest p-value ${formatNumber(lowest)}`);
  }
  if (checks.coverage90 !== undefined) found.push(`coverage of 90 % regions ${formatNumber(100 * checks.coverage90)} %`);
  const seconds = Object.values(cost.seconds).reduce((sum, s) => sum + s, 0);
  return [
    textTable([header, ...rows]),
    ...(found.length === 0 ? [] : ["", ...found]),
    "",
    `${formatNumber(cost.simulations)} simulations, ${duration(seconds)}`,
  ].join("\n");
}
