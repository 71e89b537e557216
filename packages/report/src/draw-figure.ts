import type { Figure } from "./figure.ts";
import { type Drawing, renderSvg } from "./render.ts";

/** Widths in CSS pixels. Two figures of half a page stand side by side. */
export const fullWidth = 736;
export const halfWidth = 356;
/** Of the plots of such figures, so that their captions stand level. */
export const halfHeight = 276;
export const narrowWidth = 342;

/** Draws a figure at the width given and at that of a phone. */
export async function drawFigure(description: string, wideWidth: number, draw: (width: number) => Drawing): Promise<Figure> {
  const [wide, narrow] = await Promise.all([
    renderSvg(draw(wideWidth), description, "wide"),
    renderSvg(draw(narrowWidth), description, "narrow"),
  ]);
  return { wide, narrow, description };
}
