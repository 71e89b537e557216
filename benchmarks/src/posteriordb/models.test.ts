import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { array, program, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { readPosterior } from "./folder.ts";
import { models } from "./models/index.ts";

const directory = resolve(process.env.CREDENCE_DATA ?? resolve(import.meta.dirname, "../../../../shared/data"), "posteriordb");

/**
 * log p(u) - log p(v) with Jacobians, u_i = c_i + sin(i + 1) / 2, v_i = c_i + cos(2 i) / 2: `python3 benchmarks/peers/densities.py FOLDER`,
 * densities of SciPy 1.17.1 and differential equations by DOP853 to 1e-12.
 */
const differences: Readonly<Record<string, number>> = {
  "GLM_Poisson_Data-GLM_Poisson_model": -17280.701074560693,
  "arK-arK": 17.859305035559316,
  "arma-arma11": 173.6134651048345,
  "earnings-logearn_interaction": -157477.7027451228,
  "eight_schools-eight_schools_centered": -2.7838928568643198,
  "eight_schools-eight_schools_noncentered": 0.7307125245025432,
  "garch-garch11": -23.93204913878526,
  "gp_pois_regr-gp_regr": 17.93687947509784,
  "hmm_example-hmm_example": -359.7184372529821,
  "hudson_lynx_hare-lotka_volterra": 136.54326075942504,
  "irt_2pl-irt_2pl": 209.41641103536404,
  "kidiq-kidscore_interaction": -5481574.821076313,
  "kidiq-kidscore_momhsiq": -1843339.9630641139,
  "low_dim_gauss_mix-low_dim_gauss_mix": -942.1750355403547,
  "mesquite-logmesquite": 393.4904645944244,
  "one_comp_mm_elim_abs-one_comp_mm_elim_abs": 16.251431833703563,
  "ovarian-logistic_regression_rhs": 51.461074130726956,
  "radon_all-radon_variable_intercept_noncentered": 8447.574214926844,
  "radon_mn-radon_hierarchical_intercept_noncentered": 107.16478116349572,
  "radon_mn-radon_variable_intercept_noncentered": -13.49226053932307,
  "rats_data-rats_model": 4974781.011724244,
  "sblrc-blr": 718648.8485122072,
  "sblri-blr": 2301474.420950547,
  "seeds_data-seeds_model": -44.99884572716803,
  "sir-sir": -9544.840256195825,
  "wells_data-wells_dist100ars_model": 116.12054686164902,
};

/** Where no coordinate may be near 0: c = log(1, 0.2, 10, 0.35). */
const centres: Readonly<Record<string, readonly number[]>> = { "sir-sir": [1, 0.2, 10, 0.35].map(Math.log) };

/** Differential equations by Runge-Kutta steps, as near as the 1e-5 of the solver that the reference used; all else differs by the rounding of sums. */
const tolerances: Readonly<Record<string, number>> = {
  "hudson_lynx_hare-lotka_volterra": 3e-5,
  "one_comp_mm_elim_abs-one_comp_mm_elim_abs": 1e-5,
  "sir-sir": 1e-5,
};

describe.skipIf(!existsSync(directory))("models of posteriordb", () => {
  test.each(Object.keys(differences))("%s has the density that SciPy gives it", (name) => {
    const { model, data } = readPosterior(directory, name);
    const target = models[model]!(data);
    const centre = centres[name] ?? [];
    const points = array(
      [(i: number) => Math.sin(i + 1), (i: number) => Math.cos(2 * i)].map((wave) =>
        Array.from({ length: target.dimension }, (_, i) => (centre[i] ?? 0) + wave(i) / 2),
      ),
      { dtype: "f64" },
    );
    const [atU, atV] = program((u: Tensor) => target.logDensity(u))(points).data() as Float64Array;
    const expected = differences[name]!;
    expect(Math.abs((atU! - atV!) / expected - 1), `${atU! - atV!} instead of ${expected}`).toBeLessThan(tolerances[name] ?? 1e-10);
  });
});
