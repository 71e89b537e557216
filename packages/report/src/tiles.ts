/** Panels of a figure with one panel a parameter: how many a row, how wide, and where each stands. */
export interface Tiles {
  readonly width: number;
  readonly panelWidth: number;
  readonly height: number;
  at(index: number): { readonly x: number; readonly y: number; readonly first: boolean; readonly bottom: boolean };
}

/** Lays `count` panels of `panelHeight` out in rows; margins are of each panel, `left` only of a row's first where `sharedLeft`. */
export function tiles(
  count: number,
  width: number,
  {
    panelHeight,
    panelWidthMin,
    left,
    right,
    top,
    bottom,
  }: { panelHeight: number; panelWidthMin: number; left: number; right: number; top: number; bottom: number },
): Tiles {
  const fit = Math.max(1, Math.floor(width / (left + panelWidthMin + right)));
  // Rows of even length: five panels are three and two, not four and one.
  const columns = Math.ceil(count / Math.ceil(count / Math.min(fit, count)));
  const rows = Math.ceil(count / columns);
  const cell = width / columns;
  return {
    width,
    panelWidth: Math.floor(cell - left - right),
    height: rows * (top + panelHeight + bottom),
    at: (index) => {
      const row = Math.floor(index / columns);
      return {
        x: Math.round((index % columns) * cell) + left,
        y: row * (top + panelHeight + bottom) + top,
        first: index % columns === 0,
        bottom: row === rows - 1,
      };
    },
  };
}
