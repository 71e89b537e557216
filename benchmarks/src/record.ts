import type { Measurement, Table } from "./measurement.ts";

/** Whether every bar is met: of the ratio, of the seconds, and the benchmark's own. `null` where there is none, or nothing to compare with. */
function verdict({ seconds, bar, secondsMax, kept }: Measurement, ratio: number | null): boolean | null {
  const verdicts = [
    ...(bar !== undefined && ratio !== null ? [ratio >= bar] : []),
    ...(secondsMax !== undefined ? [seconds.median <= secondsMax] : []),
    ...(kept !== undefined ? [kept] : []),
  ];
  return verdicts.length > 0 ? verdicts.every(Boolean) : null;
}

/** One row of the JSON file: a measurement with its ratio and verdict. `null` where the peer did not run or no bar is set. */
export function row(measurement: Measurement) {
  const { peer, bar, secondsMax, kept: _, limit, figures, ...ours } = measurement;
  const ratio = peer?.seconds ? peer.seconds.median / ours.seconds.median : null;
  return {
    ...ours,
    peer: peer?.peer ?? null,
    peerThreads: peer?.threads ?? null,
    peerSeconds: peer?.seconds?.median ?? null,
    peerSpread: peer?.seconds ?? null,
    peerNote: peer?.note ?? null,
    ratio,
    bar: bar ?? null,
    secondsMax: secondsMax ?? null,
    limit: limit?.of ?? null,
    shareOfLimit: limit ? limit.seconds / ours.seconds.median : null,
    met: verdict(measurement, ratio),
    ...figures,
  };
}

const columns = [
  "benchmark",
  "size",
  "device",
  "threads",
  "median",
  "min .. max",
  "of limit",
  "peer",
  "peer median",
  "ratio",
  "bar",
  "",
] as const;
const widths = [20, 31, 7, 7, 10, 21, 15, 26, 11, 7, 9, 6];

/** Cells padded to widths, two spaces apart. */
export const aligned = (cells: readonly string[], widths: readonly number[]): string =>
  cells
    .map((cell, i) => cell.padEnd(widths[i]!))
    .join("  ")
    .trimEnd();

/** The two lines above a table. */
export const headOf = (columns: readonly string[], widths: readonly number[]): string =>
  `${aligned(columns, widths)}\n${aligned(
    widths.map((width) => "-".repeat(width)),
    widths,
  )}`;

/** One line of the printed table; a peer that did not run is a line of its own that says why. */
function timingLine(measurement: Measurement): string {
  const { name, size, device, threads, seconds, limit, shareOfLimit, peer, peerSeconds, peerNote, ratio, bar, secondsMax, met } =
    row(measurement);
  const cells = [
    name,
    size,
    device,
    String(threads),
    duration(seconds.median),
    `${duration(seconds.min)} .. ${duration(seconds.max)}`,
    limit === null ? "" : `${Math.round(100 * shareOfLimit!)} % ${limit}`,
    peer ?? "none",
    peerSeconds === null ? (peer === null ? "" : "not run") : duration(peerSeconds),
    ratio === null ? "" : ratio.toPrecision(3),
    bar !== null ? String(bar) : secondsMax !== null ? duration(secondsMax) : "",
    met === null ? "" : met ? "met" : "MISSED",
  ];
  const line = aligned(cells, widths);
  return peerNote === null ? line : `${line}\n  ${peer}: ${peerNote}`;
}

/** Times beside a peer's. */
export const timings: Table = { head: headOf(columns, widths), line: timingLine };

/** Seconds with a unit that leaves one to three digits before the point. */
export function duration(seconds: number): string {
  const [value, unit] =
    seconds >= 1
      ? [seconds, "s"]
      : seconds >= 1e-3
        ? [seconds * 1e3, "ms"]
        : seconds >= 1e-6
          ? [seconds * 1e6, "us"]
          : [seconds * 1e9, "ns"];
  return `${value.toPrecision(3)} ${unit}`;
}
