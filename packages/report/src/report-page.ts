import { formatNumber } from "./format-number.ts";
import type { Fact, Report, ReportFigure, ReportSection, ReportTable } from "./report.ts";
import { style } from "./report-style.ts";

const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Escapes, then honours `code` and *emphasis*. */
function inline(text: string): string {
  return escapeHtml(text)
    .replace(/`([^`]+)`/g, "<code>$1</code>")
    .replace(/(^|[\s(])\*(\S(?:[^*]*\S)?)\*/g, "$1<em>$2</em>");
}

const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-|-$/g, "");

function factCard({ label, value, unit, note, verdict }: Fact): string {
  const shown = typeof value === "number" ? formatNumber(value) : value;
  const mark = verdict === undefined ? "" : `<span class="verdict ${verdict}">${verdict === "pass" ? "✓ passed" : "✗ failed"}</span>`;
  return (
    `<div class="fact"><dt>${escapeHtml(label)}</dt>` +
    `<dd><span class="value${shown.length > 9 ? " long" : ""}">${escapeHtml(shown)}</span>${unit === undefined ? "" : ` <span class="unit">${escapeHtml(unit)}</span>`}` +
    `${note === undefined ? "" : `<span class="note">${inline(note)}</span>`}${mark}</dd></div>`
  );
}

/** Cards a row, so that rows are even: four cards stand in one row, five and six in rows of three. */
const factColumns = (count: number): number => (count <= 4 ? count : count % 4 === 0 ? 4 : 3);

function figureBlock({ figure, caption }: ReportFigure): string {
  return (
    `<figure><div class="plot wide">${figure.wide}</div><div class="plot narrow">${figure.narrow}</div>` +
    `<figcaption>${inline(caption)}</figcaption></figure>`
  );
}

function tableBlock({ caption, columns, rows }: ReportTable): string {
  const head = columns
    .map(({ label, unit }) => `<th scope="col">${escapeHtml(label)}${unit ? ` <span class="unit">${escapeHtml(unit)}</span>` : ""}</th>`)
    .join("");
  const body = rows.map((row, r) => {
    if (row.length !== columns.length) {
      throw new RangeError(
        `row ${r} of the table "${caption ?? ""}" has ${row.length} cells, expected ${columns.length}: ${columns.map((c) => c.label).join(", ")}`,
      );
    }
    const cells = row.map((cell, c) => {
      const text = cell === null ? "–" : typeof cell === "number" ? formatNumber(cell) : inline(cell);
      const kind = typeof cell === "number" || cell === null ? ' class="number"' : "";
      return c === 0 ? `<th scope="row">${text}</th>` : `<td${kind}>${text}</td>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  return (
    `<div class="table" tabindex="0"><table>${caption === undefined ? "" : `<caption>${inline(caption)}</caption>`}` +
    `<thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table></div>`
  );
}

function sectionBlock({ heading, paragraphs = [], figures = [], tables = [] }: ReportSection): string {
  return (
    `<section id="${anchor(heading)}"><h2>${escapeHtml(heading)}</h2>` +
    paragraphs.map((text) => `<p>${inline(text)}</p>`).join("") +
    (figures.length === 0 ? "" : `<div class="figures">${figures.map(figureBlock).join("")}</div>`) +
    tables.map(tableBlock).join("") +
    "</section>"
  );
}

/** The whole page. Its policy forbids every request, so that "self-contained" is enforced by the browser. */
export function reportPage({ title, subtitle, answer, facts, sections, provenance }: Report): string {
  const links = sections.map(({ heading }) => `<a href="#${anchor(heading)}">${escapeHtml(heading)}</a>`).join("");
  const origin = Object.entries(provenance)
    .map(([label, value]) => `<div><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(String(value))}</dd></div>`)
    .join("");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<header>
<h1>${escapeHtml(title)}</h1>
${subtitle === undefined ? "" : `<p class="subtitle">${inline(subtitle)}</p>`}
<p class="answer">${inline(answer)}</p>
${facts.length === 0 ? "" : `<dl class="facts by${factColumns(facts.length)}">${facts.map(factCard).join("")}</dl>`}
<nav aria-label="Sections">${links}</nav>
</header>
${sections.map(sectionBlock).join("\n")}
<footer><h2>Provenance</h2><dl>${origin}</dl></footer>
</main>
</body>
</html>
`;
}
