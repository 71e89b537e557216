export { type Bijector, invert } from "./bijector.ts";
export { compose, independentBijector } from "./compose.ts";
export { correlationBijector } from "./correlation.ts";
export { affineBijector, expBijector, identityBijector, logBijector, softplusBijector } from "./elementary.ts";
export { aboveBijector, belowBijector } from "./half-line.ts";
export { logitBijector } from "./logit.ts";
export { orderedBijector } from "./ordered.ts";
export { simplexBijector } from "./simplex.ts";
export { toUnconstrained } from "./to-unconstrained.ts";
