import type { Stations } from "../forward/stations.ts";

/**
 * The k nearest other stations of each, by their distance on the map, the nearest first: i32 [stations, k], row-major. Stations in order of easting are searched outwards
 * from each until no nearer one can come.
 */
export function nearestStations({ eastings, northings }: Stations, k: number): Int32Array {
  const n = eastings.length;
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => eastings[a]! - eastings[b]! || a - b);
  const nearest = new Int32Array(n * k);
  const found: { index: number; square: number }[] = [];
  const offer = (index: number, square: number): void => {
    if (found.length === k && square >= found[k - 1]!.square) return;
    let at = found.length;
    while (at > 0 && found[at - 1]!.square > square) at--;
    found.splice(at, 0, { index, square });
    if (found.length > k) found.pop();
  };
  for (let place = 0; place < n; place++) {
    const i = order[place]!;
    found.length = 0;
    for (const side of [-1, 1])
      for (let other = place + side; other >= 0 && other < n; other += side) {
        const j = order[other]!;
        const across = (eastings[j]! - eastings[i]!) ** 2;
        if (found.length === k && across >= found[k - 1]!.square) break;
        offer(j, across + (northings[j]! - northings[i]!) ** 2);
      }
    found.forEach(({ index }, rank) => {
      nearest[i * k + rank] = index;
    });
  }
  return nearest;
}
