import { abstractly, concat, reshape, type Tensor, vmap } from "@credence/tensor";
import { formOf, freeOf, type Slot, strict, valuesOf } from "./slot.ts";
import type { Target } from "./target.ts";

/** The same density in other coordinates: parameters that may be drawn as theta = mu + tau z, z standard, as well as themselves. */
export interface Forms {
  /** Parameters whose form nobody has chosen. */
  readonly undecided: readonly string[];
  /** The target with these of them in their non-centred form, and the way from its u [n, D] to the u of the target itself. */
  noncentred(names: readonly string[]): { readonly target: Target; back(u: Tensor): Tensor };
}

/** Parameters about a location with a scale that is itself inferred, and so may come near to 0. */
export const undecidedAmong = (slots: readonly Slot[]): string[] =>
  slots.flatMap((slot, at) => {
    const before = slots.slice(0, at);
    const open = abstractly(
      before.map(({ shape }) => ({ shape, dtype: "f64" as const })),
      (...values) => {
        const { openScale, standard } = slot.prior(valuesOf(before, values));
        return openScale !== undefined && standard !== undefined;
      },
    );
    return open ? [slot.name] : [];
  });

/** From u of the model in which `names` are non-centred to u of the one in which nothing is, whose slots are `slots`. */
export function centring(slots: readonly Slot[], names: readonly string[], values: (u: Tensor) => Readonly<Record<string, Tensor>>) {
  const row = vmap((u: Tensor, value: Readonly<Record<string, Tensor>>) => {
    const earlier = strict(value);
    return concat(
      slots.map((slot) =>
        reshape(names.includes(slot.name) ? formOf(slot, slot.prior(earlier)).free(value[slot.name]!) : freeOf(slot, u), [slot.size]),
      ),
    );
  });
  return (u: Tensor): Tensor => row(u, values(u));
}
