import type { Shape } from "@credence/tensor";

/** Names of the numbers of an array called `name`, in row-major order: `tau`, `theta[3]`, `cells[1,0]`. */
export function componentNames(name: string, shape: Shape): string[] {
  const size = shape.reduce((n, extent) => n * extent, 1);
  if (shape.length === 0) return [name];
  return Array.from({ length: size }, (_, at) => {
    let rest = at;
    const places = shape.toReversed().map((extent) => {
      const place = rest % extent;
      rest = (rest - place) / extent;
      return place;
    });
    return `${name}[${places.reverse().join(",")}]`;
  });
}
