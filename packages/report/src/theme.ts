import type { Config } from "vega";

/** Colours are CSS variables, so that a figure inside the report follows its theme; the fallback serves a figure on its own. */
export const colour = {
  ink: "var(--ink, #1f2530)",
  muted: "var(--muted, #5b6472)",
  rule: "var(--rule, #d9dde3)",
  paper: "var(--paper, #ffffff)",
  posterior: "var(--posterior, #1c6e8c)",
  oracle: "var(--oracle, #c8551b)",
  prior: "var(--prior, #8b93a1)",
  band: "var(--band, #e4e8ee)",
} as const;

/** Hues for points of reference, and for curves where there are several. */
export const markerColours = ["var(--marker-1, #7a3b8f)", "var(--marker-2, #3d7d3f)", "var(--marker-3, #a0522d)"] as const;
export const curveColours = [colour.posterior, colour.oracle, ...markerColours, colour.muted] as const;

export const font = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
export const fontSize = 12;
export const tickSize = 11;

export const config: Config = {
  background: "transparent",
  text: { font, fontSize, fill: colour.ink },
  axis: {
    labelFont: font,
    labelFontSize: tickSize,
    labelColor: colour.muted,
    labelOverlap: true,
    labelPadding: 4,
    titleFont: font,
    titleFontSize: fontSize,
    titleFontWeight: "normal",
    titleColor: colour.ink,
    domainColor: colour.rule,
    tickColor: colour.rule,
    tickSize: 4,
    gridColor: colour.rule,
    gridOpacity: 0.6,
    maxExtent: 200,
  },
};
