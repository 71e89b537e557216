/** Points in [0, 1] and weights that add up to 1. */
export interface QuadratureRule {
  readonly points: Float64Array;
  readonly weights: Float64Array;
}

/** P_n and its derivative at x in (-1, 1), by recurrence. */
function legendreAt(n: number, x: number): { readonly value: number; readonly slope: number } {
  let [before, value] = [0, 1];
  for (let k = 1; k <= n; k++) [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
  return { value, slope: (n * (x * value - before)) / (x * x - 1) };
}

/** Gauss-Legendre: exact for polynomials of degree 2 n - 1. */
export function gaussLegendre(n: number): QuadratureRule {
  const points = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    let x = -Math.cos((Math.PI * (k + 0.75)) / (n + 0.5));
    for (let step = 0; step < 20; step++) {
      const { value, slope } = legendreAt(n, x);
      x -= value / slope;
    }
    points[k] = (1 + x) / 2;
    weights[k] = 1 / ((1 - x * x) * legendreAt(n, x).slope ** 2);
  }
  return { points, weights };
}

/** The ends of [0, 1] and the extrema of P_order between them (Gauss-Lobatto): order + 1 nodes through which polynomials are interpolated well. */
export function gaussLobatto(order: number): Float64Array {
  const nodes = new Float64Array(order + 1);
  nodes[order] = 1;
  for (let k = 1; k < order; k++) {
    let x = -Math.cos((Math.PI * k) / order);
    for (let step = 0; step < 50; step++) {
      const { value, slope } = legendreAt(order, x);
      // Legendre's equation gives P'' = (2 x P' - n (n + 1) P) / (1 - x^2).
      x -= (slope * (1 - x * x)) / (2 * x * slope - order * (order + 1) * value);
    }
    nodes[k] = (1 + x) / 2;
  }
  return nodes;
}
