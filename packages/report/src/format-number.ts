const minus = "\u2212";
const superscripts: Readonly<Record<string, string>> = Object.fromEntries(
  [..."0123456789-"].map((digit, i) => [digit, [..."⁰¹²³⁴⁵⁶⁷⁸⁹⁻"][i]!]),
);

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
  const text = Number.isInteger(value) || size >= 10 ** digits ? Math.round(value).toFixed(0) : value.toPrecision(digits);
  const [whole, fraction] = text.replace("-", minus).split(".") as [string, string | undefined];
  const grouped = size >= 10_000 ? whole.replace(/\B(?=(\d{3})+$)/g, ",") : whole;
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}
