export { type BetaParameters, betaBinomial } from "./beta-binomial.ts";
export { type DirichletMultinomial, dirichletMultinomial } from "./dirichlet-multinomial.ts";
export { gammaExponential } from "./gamma-exponential.ts";
export { type GammaParameters, gammaPoisson } from "./gamma-poisson.ts";
export { type NormalInverseGammaParameters, normalInverseGamma } from "./normal-inverse-gamma.ts";
export { type NormalParameters, normalNormal } from "./normal-normal.ts";
export { type NormalWishart, type NormalWishartParameters, normalWishart } from "./normal-wishart.ts";
export type { ConjugatePosterior } from "./pair.ts";
