import type { NdArray, Tensor } from "@credence/tensor";
import { onceFor } from "../oracle/once-for.ts";
import { type FieldPosterior, type FieldPosteriorOptions, fieldPosterior } from "./field-posterior.ts";
import { lastLayerFeatures } from "./network-field.ts";
import type { PinnSetup } from "./pinn-programs.ts";
import type { PinnFit } from "./train-pinn.ts";

const family = onceFor((setup: PinnSetup) => (params: { readonly vector: Tensor }) => lastLayerFeatures(setup.shape, params.vector));

/**
 * The posterior of lambda and mu with the hidden layers of a fit held where they are, and the weights of the last one integrated out as those of random features are.
 * Hidden layers were trained for one material: features that can follow the field to others are few, so a narrow last layer gives another posterior than
 * random features do, and its width is what to raise.
 */
export const lastLayerPosterior = (fit: PinnFit, options: FieldPosteriorOptions): Promise<FieldPosterior> =>
  fieldPosterior(fit.problem, { of: family(fit.network.setup), params: { vector: fit.network.vector as NdArray } as never }, options);
