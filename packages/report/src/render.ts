import { createHash } from "node:crypto";
import * as vega from "vega";
import { config } from "./theme.ts";

/** Shape of a figure: `width` and `height` include the margins. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly spec: Pick<vega.Spec, "data" | "scales" | "axes" | "marks">;
}

const escapeAttribute = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** A tag with coordinates to a hundredth of a pixel, without what only Vega's own scripts and its descriptions of single marks need. */
const lighten = (tag: string): string =>
  tag
    .replace(/-?\d+\.\d{3,}(?:e-?\d+)?/g, (number) => String(Math.round(Number(number) * 100) / 100))
    .replace(/ (?:role|aria-roledescription|aria-label|aria-hidden|pointer-events|class)="[^"]*"/g, "");

/**
 * One SVG from a Vega specification; `variant` tells two drawings of one figure apart. Vega lays everything out and writes the
 * markup; what is added is a description for those who cannot see it, and ids that no other figure on the page shares.
 */
export async function renderSvg({ width, height, spec }: Drawing, description: string, variant: string): Promise<string> {
  const runtime = vega.parse({ ...spec, width, height, padding: 0, autosize: "none" }, config);
  const view = new vega.View(runtime, { renderer: "none" });
  // Vega logs a failing transform and goes on to draw an empty figure; here it is an error.
  const faults: unknown[] = [];
  const logger = vega.logger(vega.Error);
  logger.error = (...args: readonly unknown[]) => {
    faults.push(...args);
    return logger;
  };
  view.logger(logger);
  let svg: string;
  try {
    svg = await view.toSVG();
  } finally {
    view.finalize();
  }
  if (faults.length > 0) throw new Error(`cannot draw "${description}": ${faults.map(String).join("; ")}`, { cause: faults[0] });
  const lean = svg.replace(/<[^>]*>/g, (tag) => (/ display="none"/.test(tag) ? "" : lighten(tag)));
  const ids = [...new Set([...lean.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]!))];
  const digest = createHash("sha256")
    .update(variant + description)
    .update(lean.replace(/(?:clip|gradient_?)\d+/g, "id"))
    .digest("hex")
    .slice(0, 10);
  let own = lean;
  ids.forEach((id, index) => {
    own = own.replaceAll(`id="${id}"`, `id="f${digest}-${index}"`).replaceAll(`url(#${id})`, `url(#f${digest}-${index})`);
  });
  return own.replace(
    /^<svg [^>]*>/,
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" aria-label="${escapeAttribute(description)}">`,
  );
}
