import type { Measurement } from "./measurement.ts";

/** One row of the JSON file: a measurement with its ratio and verdict. `null` where the peer did not run or no bar is set. */
export function row({ peer, bar, figures, ...ours }: Measurement) {
  const ratio = peer.seconds ? peer.seconds.median / ours.seconds.median : null;
  return {
    ...ours,
    peer: peer.peer,
    peerThreads: peer.threads,
    peerSeconds: peer.seconds?.median ?? null,
    peerSpread: peer.seconds ?? null,
    peerNote: peer.note ?? null,
    ratio,
    bar: bar ?? null,
    met: bar !== undefined && ratio !== null ? ratio >= bar : null,
    ...figures,
  };
}

const columns = ["benchmark", "size", "device", "threads", "median", "min .. max", "peer", "peer median", "ratio", "bar", ""] as const;
const widths = [12, 31, 7, 7, 10, 21, 26, 11, 7, 5, 6];

const line = (cells: readonly string[]): string =>
  cells
    .map((cell, i) => cell.padEnd(widths[i]!))
    .join("  ")
    .trimEnd();

export const tableHead = `${line(columns)}\n${line(widths.map((width) => "-".repeat(width)))}`;

/** One line of the printed table; a peer that did not run is a line of its own that says why. */
export function tableLine(measurement: Measurement): string {
  const { name, size, device, threads, seconds, peer, peerSeconds, peerNote, ratio, bar, met } = row(measurement);
  const cells = [
    name,
    size,
    device,
    String(threads),
    duration(seconds.median),
    `${duration(seconds.min)} .. ${duration(seconds.max)}`,
    peer,
    peerSeconds === null ? "not run" : duration(peerSeconds),
    ratio === null ? "" : ratio.toPrecision(3),
    bar === null ? "" : String(bar),
    met === null ? "" : met ? "met" : "MISSED",
  ];
  return peerNote === null ? line(cells) : `${line(cells)}\n  ${peer}: ${peerNote}`;
}

/** Seconds with a unit that leaves one to three digits before the point. */
export function duration(seconds: number): string {
  const [value, unit] = seconds >= 1 ? [seconds, "s"] : seconds >= 1e-3 ? [seconds * 1e3, "ms"] : [seconds * 1e6, "us"];
  return `${value.toPrecision(3)} ${unit}`;
}
