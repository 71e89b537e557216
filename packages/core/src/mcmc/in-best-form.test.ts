import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { array, program, type Tensor } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { halfCauchy, normal, plate } from "../distribution/index.ts";
import { model, observed } from "../model/index.ts";
import { hmc } from "./run-hmc.ts";
import { nuts } from "./run-nuts.ts";

const effects = [28, 8, -3, 7, -1, 1, 18, 12];
const errors = [15, 10, 16, 11, 9, 11, 10, 18];
const schools = (y: readonly number[], sigma: readonly number[], options: { noncentred?: "theta"[] } = {}) =>
  model(
    { mu: normal(0, 5), tau: halfCauchy(5), theta: ({ mu, tau }) => plate(normal(mu, tau), y.length) },
    ({ theta }) => observed(normal(theta, sigma), y),
    options,
  );
const short = { seed: 1, warmup: 200, draws: 100, threads: 1 };

describe("the form that a sampler walks in", () => {
  test("is the non-centred one where data say little of each group, and its draws are those of the model that says so", async () => {
    const [undecided, said] = [schools(effects, errors), schools(effects, errors, { noncentred: ["theta"] })];
    const [found, told] = [await nuts(undecided, short), await nuts(said, short)];
    expect(found.noncentred).toEqual(["theta"]);
    expect(found.names).toEqual(told.names);
    expect(found.draws.data()).toEqual(told.draws.data());
    expect(told.noncentred).toBeUndefined();
  });

  test("does not show in the coordinates of the draws", async () => {
    const undecided = schools(effects, errors);
    const { draws, unconstrained, logDensity } = await hmc(undecided, short);
    const flat = array(unconstrained.data(), { shape: [400, 10] });
    const again = program((u: Tensor) => ({ quantities: undecided.constrain(u), density: undecided.logDensity(u) }))(flat);
    const [want, got] = [draws.data(), again.quantities.data()];
    // theta is mu + tau z on either way, tau is exp(log tau): a rounding or two.
    want.forEach((value, i) => {
      expect(Math.abs(value - got[i]!)).toBeLessThanOrEqual(4 * Number.EPSILON * Math.max(1, Math.abs(value)));
    });
    expect(again.density.data()).toEqual(logDensity.data());
  });

  test("is the centred one where every group is told by its own data", async () => {
    const spread = [-40, 35, 10, -5, 22, -18, 3, 50];
    const found = await nuts(
      schools(
        spread,
        spread.map(() => 0.5),
      ),
      short,
    );
    expect(found.noncentred).toBeUndefined();
  });

  test("is the model's own where the model says one, or the chains have their own starts", async () => {
    const held = schools(effects, errors, { noncentred: [] });
    expect(held.forms).toBeUndefined();
    expect((await nuts(held, { ...short, draws: 10 })).noncentred).toBeUndefined();
    const init = [[0, 1, ...effects]];
    expect((await nuts(schools(effects, errors), { ...short, draws: 10, init })).noncentred).toBeUndefined();
  });

  test("is undecided only for locations with an inferred scale", () => {
    const { forms } = model({
      mu: normal(0, 1),
      tau: halfCauchy(1),
      shifted: ({ mu }) => normal(mu, 1),
      spread: ({ mu, tau }) => normal(mu, tau),
      many: ({ tau }) => plate(normal(0, tau), 3),
    });
    expect(forms?.undecided).toEqual(["spread", "many"]);
  });

  test("is found again by a run that is taken up, with the same bits", async () => {
    const checkpoint = await mkdtemp(join(tmpdir(), "credence-form-"));
    try {
      const first = await nuts(schools(effects, errors), { ...short, checkpoint });
      const again = await nuts(schools(effects, errors), { ...short, checkpoint });
      expect(again.noncentred).toEqual(["theta"]);
      expect(again.unconstrained.data()).toEqual(first.unconstrained.data());
    } finally {
      await rm(checkpoint, { recursive: true });
    }
  });
});
