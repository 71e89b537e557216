/**
 * A linear combination in words: `a + b`, `a - 2 b`, `0.4 a + b`. Terms below a fifth of the largest are left out; the first sign is plus.
 * Coefficients are in units of the smallest where that makes whole numbers of them, and of the largest otherwise.
 */
export function linearExpression(names: readonly string[], weights: readonly number[]): string {
  const largest = Math.max(...weights.map(Math.abs));
  const terms = weights.flatMap((weight, d) => (Math.abs(weight) >= 0.2 * largest ? [{ name: names[d]!, weight }] : []));
  const smallest = Math.min(...terms.map(({ weight }) => Math.abs(weight)));
  const whole = terms.every(({ weight }) => {
    const multiple = Math.abs(weight) / smallest;
    return Math.abs(multiple - Math.round(multiple)) < 0.1;
  });
  const unit = (whole ? smallest : largest) * Math.sign(terms[0]!.weight);
  return terms
    .map(({ name, weight }, i) => {
      const scaled = weight / unit;
      const size = whole ? Math.round(Math.abs(scaled)).toString() : Math.abs(scaled).toFixed(1);
      const sign = scaled < 0 ? "- " : i > 0 ? "+ " : "";
      return `${sign}${size === "1" || size === "1.0" ? "" : `${size} `}${name}`;
    })
    .join(" ");
}
