import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatEstimate, formatNumber } from "./format-number.ts";
import type { Report } from "./report.ts";
import { writeReport } from "./report.ts";

const report: Report = {
  title: "Cranes <at> Aransas",
  subtitle: "1938–2009",
  answer: "The flock grows by *2.7 % a year*.",
  facts: [
    { label: "Agreement", value: 0.51234, note: "0.5 is equal", verdict: "pass" },
    { label: "Growth", value: "0.027 ± 0.014", unit: "1/year" },
  ],
  sections: [
    {
      heading: "What was inferred",
      paragraphs: ["With `lambda` & 2 * 3 * 4 left alone."],
      figures: [{ figure: { wide: "<svg>w</svg>", narrow: "<svg>n</svg>", description: "d" }, caption: "Read *so*." }],
      tables: [
        {
          caption: "Values",
          columns: [{ label: "Parameter" }, { label: "Mean", unit: "1/year" }],
          rows: [
            ["λ", 0.19],
            ["μ", null],
          ],
        },
      ],
    },
  ],
  provenance: { Seed: 1 },
};

async function written(content: Report): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), "credence-report-")), "deep", "report.html");
  await writeReport(path, content);
  expect(await readdir(join(path, ".."))).toEqual(["report.html"]);
  return readFile(path, "utf8");
}

test("a report asks nothing of the network and forbids that it could", async () => {
  const html = await written(report);
  expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  expect(html).not.toMatch(/<(script|link|img|iframe)|https?:\/\/(?!www\.w3\.org)|@import|url\((?!#)/);
});

test("text is escaped, and only emphasis and code are honoured", async () => {
  const html = await written(report);
  expect(html).toContain("<h1>Cranes &lt;at&gt; Aransas</h1>");
  expect(html).toContain("grows by <em>2.7 % a year</em>.");
  expect(html).toContain("With <code>lambda</code> &amp; 2 * 3 * 4 left alone.");
});

test("numbers are formatted with their units, and a missing one is a dash", async () => {
  const html = await written(report);
  expect(html).toContain('<span class="value">0.512</span>');
  expect(html).toContain('<th scope="col">Mean <span class="unit">1/year</span></th>');
  expect(html).toContain('<th scope="row">μ</th><td class="number">–</td>');
});

test("both widths of a figure are on the page, and sections can be linked to", async () => {
  const html = await written(report);
  expect(html).toContain("<svg>w</svg>");
  expect(html).toContain("<svg>n</svg>");
  expect(html).toContain('<a href="#what-was-inferred">');
  expect(html).toContain('<section id="what-was-inferred">');
});

test("a row that does not fit its columns is refused and nothing is written", async () => {
  const sections = [{ heading: "h", tables: [{ caption: "Values", columns: [{ label: "a" }, { label: "b" }], rows: [["1"]] }] }];
  await expect(written({ ...report, sections })).rejects.toThrow('row 0 of the table "Values" has 1 cells, expected 2: a, b');
});

test.each([
  [0, "0"],
  [0.051234, "0.0512"],
  [0.5, "0.500"],
  [72, "72"],
  [1234.5, "1235"],
  [100_000, "100,000"],
  [-0.25, "−0.250"],
  [0.00001234, "1.23 × 10⁻⁵"],
  [6.02e23, "6.02 × 10²³"],
  [Number.NaN, "not a number"],
])("%d is written %s", (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test.each([
  [0.17412, 0.0712, "0.174 ± 0.071"],
  [-0.000102, 0.0362, "0.000 ± 0.036"],
  [-12.3, 1.04, "−12.3 ± 1.0"],
  [54_321, 382, "54,320 ± 380"],
  [1, 0, "1 ± 0"],
  [6.02e23, 1e21, "6.02 × 10²³ ± 1.0 × 10²¹"],
])("%d with uncertainty %d is written %s", (value, sd, text) => {
  expect(formatEstimate(value, sd)).toBe(text);
});
