import type { Tensor } from "@credence/tensor";
import type { Distribution } from "./distribution.ts";

type Values<N extends string> = Readonly<Record<N, Tensor>>;

/** x = location + scale z. */
export const locationScale = <L extends string, S extends string>(base: () => Distribution, location: L, scale: S) => ({
  base,
  scale,
  forward: (z: Tensor, p: Values<L | S>): Tensor => z.mul(p[scale]).add(p[location]),
  inverse: (x: Tensor, p: Values<L | S>): Tensor => x.sub(p[location]).div(p[scale]),
});

/** x = scale z. */
export const scaleOnly = <S extends string>(base: () => Distribution, scale: S) => ({
  base,
  forward: (z: Tensor, p: Values<S>): Tensor => z.mul(p[scale]),
  inverse: (x: Tensor, p: Values<S>): Tensor => x.div(p[scale]),
});
