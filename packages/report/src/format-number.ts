const minus = "\u2212";
const superscripts: Readonly<Record<string, string>> = Object.fromEntries(
  [..."0123456789-"].map((digit, i) => [digit, [..."⁰¹²³⁴⁵⁶⁷⁸⁹⁻"][i]!]),
);

/** What toFixed or toPrecision wrote, with a true minus sign (none before a zero) and a comma between thousands from 10,000 on. */
function plain(text: string): string {
  const [whole, fraction] = text.replace("-", "").split(".") as [string, string | undefined];
  const grouped = whole.length >= 5 ? whole.replace(/\B(?=(\d{3})+$)/g, ",") : whole;
  return `${Number(text) < 0 ? minus : ""}${grouped}${fraction === undefined ? "" : `.${fraction}`}`;
}

/**
 * A number for people: `digits` significant digits, whole numbers in full, a comma between thousands from 10,000 on,
 * powers of ten outside [1e-4, 1e7), a true minus sign.
 */
export function formatNumber(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : value > 0 ? "∞" : `${minus}∞`;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e7 || size < 1e-4) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e") as [string, string];
    return `${mantissa.replace("-", minus)} × 10${[...exponent.replace("+", "")].map((digit) => superscripts[digit]).join("")}`;
  }
  return plain(Number.isInteger(value) || size >= 10 ** digits ? Math.round(value).toFixed(0) : value.toPrecision(digits));
}

/** `0.174 ± 0.071`: the uncertainty to two significant digits, the value to the same decimal. */
export function formatEstimate(value: number, sd: number): string {
  const decimals = 1 - Math.floor(Math.log10(sd));
  // Where plain decimals would be long, or there is no uncertainty to go by, each number is written on its own.
  const short = sd > 0 && Number.isFinite(sd) && Number.isFinite(value) && decimals <= 6 && Math.abs(value) < 1e7;
  if (!short) return `${formatNumber(value)} ± ${formatNumber(sd, 2)}`;
  const unit = 10 ** Math.max(0, -decimals);
  const rounded = (x: number): string => plain(decimals > 0 ? x.toFixed(decimals) : (Math.round(x / unit) * unit).toFixed(0));
  return `${rounded(value)} ± ${rounded(sd)}`;
}
