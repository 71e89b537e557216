/**
 * Turns orthonormal columns within their span until each has few large entries: rotations of pairs that raise the sum of fourth powers of
 * the entries (Kaiser 1958; of columns of length 1 his variance of squares is that sum).
 * @param columns m vectors of D numbers
 * @returns as many vectors of the same span
 */
export function varimax(columns: readonly (readonly number[])[]): number[][] {
  const turned = columns.map((column) => [...column]);
  for (let sweep = 0; sweep < 100; sweep++) {
    let largest = 0;
    for (let a = 0; a < turned.length; a++)
      for (let b = 0; b < a; b++) {
        const [x, y] = [turned[a]!, turned[b]!];
        let real = 0;
        let imaginary = 0;
        // sum of (x + i y)^4: its angle is four times the rotation.
        x.forEach((p, d) => {
          const q = y[d]!;
          real += p ** 4 + q ** 4 - 6 * p * p * q * q;
          imaginary += 4 * p * q * (p * p - q * q);
        });
        const angle = Math.atan2(imaginary, real) / 4;
        largest = Math.max(largest, Math.abs(angle));
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        x.forEach((p, d) => {
          const q = y[d]!;
          x[d] = c * p + s * q;
          y[d] = c * q - s * p;
        });
      }
    if (largest < 1e-10) break;
  }
  return turned;
}
