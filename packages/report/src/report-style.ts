/** Style of a report: one column of text, figures as wide as it, cards that wrap; colours in one place, for light and for dark. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #fdfcfa; --card: #f5f4f0; --ink: #1f2530; --muted: #5b6472; --rule: #d9dbdf; --band: #e3e6eb;
  --posterior: #1c6e8c; --oracle: #c8551b; --prior: #8b93a1;
  --marker-1: #7a3b8f; --marker-2: #3d7d3f; --marker-3: #a0522d; --pass: #2f7d4f; --fail: #b3261e;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", "Source Serif 4", Georgia, "Liberation Serif", serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171c; --card: #1c2027; --ink: #e7e9ec; --muted: #a0a8b4; --rule: #353b45; --band: #2a2f38;
    --posterior: #62b6d4; --oracle: #f29a5c; --prior: #848d9b;
    --marker-1: #cf9be0; --marker-2: #8cc98e; --marker-3: #d9a67f; --pass: #74c795; --fail: #f0867e;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 18px/1.6 var(--serif); }
main { max-width: 784px; margin: 0 auto; padding: 72px 24px 96px; }
h1, h2, .subtitle, nav, dl, figcaption, table, code { font-family: var(--sans); }
h1 { margin: 0; font-size: 2.1rem; line-height: 1.18; font-weight: 650; letter-spacing: -0.018em; text-wrap: balance; }
.subtitle { margin: 10px 0 0; color: var(--muted); font-size: 1.02rem; }
.answer { margin: 30px 0 0; padding-left: 20px; border-left: 3px solid var(--posterior); font-size: 1.3rem; line-height: 1.48; text-wrap: pretty; }
.answer em { font-style: normal; color: var(--posterior); font-weight: 600; }
.facts { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 12px; margin: 34px 0 0; }
.facts.by2 { grid-template-columns: repeat(2, minmax(0, 1fr)); }
.facts.by4 { grid-template-columns: repeat(4, minmax(0, 1fr)); }
.fact { padding: 14px 16px 13px; background: var(--card); border-radius: 10px; }
.fact dt { color: var(--muted); font-size: 0.8rem; line-height: 1.3; }
.fact dd { margin: 5px 0 0; }
.fact .value { font-size: 1.32rem; font-weight: 620; letter-spacing: -0.01em; font-variant-numeric: tabular-nums; }
.fact .value.long { font-size: 1.14rem; }
.unit { color: var(--muted); font-weight: 400; font-size: 0.82rem; white-space: nowrap; }
.note { display: block; margin-top: 2px; color: var(--muted); font-size: 0.8rem; line-height: 1.35; }
.verdict { display: block; margin-top: 4px; font-size: 0.8rem; font-weight: 600; }
.verdict.pass { color: var(--pass); }
.verdict.fail { color: var(--fail); }
nav { display: flex; flex-wrap: wrap; gap: 4px 22px; margin-top: 30px; padding-top: 14px; border-top: 1px solid var(--rule); font-size: 0.86rem; }
a { color: var(--posterior); text-decoration: none; }
a:hover { text-decoration: underline; text-underline-offset: 3px; }
section { margin-top: 64px; scroll-margin-top: 16px; }
h2 { margin: 0 0 14px; font-size: 1.36rem; line-height: 1.25; font-weight: 640; letter-spacing: -0.012em; text-wrap: balance; }
p { margin: 0 0 16px; text-wrap: pretty; hyphens: auto; }
code { font: 0.86em ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; background: var(--card); padding: 1px 5px; border-radius: 4px; }
.figures { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 8px 24px; margin-top: 26px; }
figure { margin: 0 0 22px; width: fit-content; max-width: 100%; min-width: 0; display: grid; grid-template-columns: minmax(0, max-content); }
figcaption { margin-top: 8px; color: var(--muted); font-size: 0.86rem; line-height: 1.5; width: 0; min-width: 100%; text-wrap: pretty; }
.plot { overflow-x: auto; }
.plot svg { display: block; height: auto; }
.plot.narrow { display: none; }
.table { margin: 22px 0 26px; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.88rem; line-height: 1.4; font-variant-numeric: tabular-nums; }
caption { caption-side: top; text-align: left; color: var(--muted); font-size: 0.86rem; padding-bottom: 8px; }
th, td { padding: 8px 12px 8px 0; text-align: left; vertical-align: baseline; border-bottom: 1px solid var(--rule); }
th:last-child, td:last-child { padding-right: 0; }
thead th { font-weight: 600; font-size: 0.82rem; vertical-align: bottom; border-bottom-color: var(--muted); }
thead .unit { display: block; font-size: 0.78rem; }
tbody th { font-weight: 500; }
td.number { white-space: nowrap; }
footer { margin-top: 72px; padding-top: 20px; border-top: 1px solid var(--rule); }
footer h2 { font-size: 0.95rem; }
footer dl { margin: 0; display: grid; gap: 6px; font-size: 0.82rem; line-height: 1.45; }
footer dl div { display: grid; grid-template-columns: 150px minmax(0, 1fr); gap: 16px; }
footer dt { color: var(--muted); }
footer dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
@media (max-width: 783px) {
  body { font-size: 17px; }
  main { padding: 40px 24px 64px; }
  h1 { font-size: 1.72rem; }
  .answer { font-size: 1.14rem; padding-left: 16px; margin-top: 24px; }
  .facts, .facts.by4 { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 10px; }
.fact { padding: 12px 13px 11px; }
  .fact .value { font-size: 1.22rem; }
  .fact .value.long { font-size: 0.98rem; }
  tbody th { position: sticky; left: 0; background: var(--paper); max-width: 132px; }
  section { margin-top: 52px; }
  .figures { justify-content: center; }
  .plot.wide { display: none; }
  .plot.narrow { display: block; }
  footer dl div { grid-template-columns: 1fr; gap: 0; }
}
@media print {
  :root { --paper: #fff; --card: #f5f4f0; --ink: #000; }
  body { font-size: 11pt; }
  main { padding: 0; max-width: none; }
  nav { display: none; }
  figure, .fact, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
}
`;
