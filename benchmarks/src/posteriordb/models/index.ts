import type { Model } from "@credence/core";
import type { Data } from "../folder.ts";
import { eightSchools } from "./eight-schools.ts";
import { lowDimGaussMix } from "./gauss-mix.ts";
import { gpPoisRegr, gpRegr } from "./gaussian-process.ts";
import { glmPoisson, seeds } from "./glm.ts";
import { hmmDrive0, hmmExample } from "./hmm.ts";
import { logisticRegressionRhs } from "./horseshoe.ts";
import { irt2pl } from "./irt-2pl.ts";
import { blr, kidscore, logearnInteraction, logmesquite } from "./linear-regression.ts";
import { lotkaVolterra } from "./lotka-volterra.ts";
import { oneCompMmElimAbs } from "./one-comp-mm-elim-abs.ts";
import { hierarchicalIntercept, variableIntercept } from "./radon.ts";
import { rats } from "./rats.ts";
import { sir } from "./sir.ts";
import { arK, arma11, garch11 } from "./time-series.ts";
import { wellsDist100ars } from "./wells.ts";

/** Models by the names that posteriordb gives them, of a posterior's data. Parameters have Stan's names, their elements are counted from 0. */
export const models: Readonly<Record<string, (data: Data) => Model>> = {
  GLM_Poisson_model: glmPoisson,
  arK,
  arma11,
  blr,
  eight_schools_centered: eightSchools("undecided"),
  eight_schools_noncentered: eightSchools("noncentred"),
  garch11,
  gp_pois_regr: gpPoisRegr,
  gp_regr: gpRegr,
  hmm_drive_0: hmmDrive0,
  hmm_example: hmmExample,
  irt_2pl: irt2pl,
  kidscore_interaction: (data) => kidscore(data, { interaction: true }),
  kidscore_momhsiq: kidscore,
  logearn_interaction: logearnInteraction,
  logistic_regression_rhs: logisticRegressionRhs,
  logmesquite,
  lotka_volterra: lotkaVolterra,
  low_dim_gauss_mix: lowDimGaussMix,
  one_comp_mm_elim_abs: oneCompMmElimAbs,
  radon_hierarchical_intercept_noncentered: hierarchicalIntercept,
  radon_variable_intercept_noncentered: variableIntercept,
  rats_model: rats,
  seeds_model: seeds,
  sir,
  wells_dist100ars_model: wellsDist100ars,
};
