import { describe, expect, it } from "vitest";
import { resolveTraining } from "./options.ts";
import { standing } from "./standing.ts";

const plateau = resolveTraining({ learningRate: 1, cutFactor: 0.5, patience: 2, cuts: 1 });

describe("where training stands on a plateau", () => {
  it("keeps the rate while the validation loss improves", () => {
    expect(standing([1, 2, 3], plateau)).toEqual({ bestEpoch: 2, goBack: false, learningRate: 1, stopped: undefined });
  });

  it("goes back to the best epoch with a lower rate once patience is spent, and stops the next time", () => {
    expect(standing([1, 3, 2, 2], plateau)).toEqual({ bestEpoch: 1, goBack: true, learningRate: 0.5, stopped: undefined });
    expect(standing([1, 3, 2, 2, 2.5], plateau)).toMatchObject({ goBack: false, stopped: undefined });
    expect(standing([1, 3, 2, 2, 2.5, 2], plateau)).toMatchObject({ bestEpoch: 1, stopped: "patience" });
  });

  it("keeps a gain of a thousandth of a nat, but does not wait for more of them", () => {
    expect(standing([1, 1.001, 1.002], plateau)).toMatchObject({ bestEpoch: 2, goBack: true });
    expect(standing([1, 1.001, 1.004], plateau)).toMatchObject({ bestEpoch: 2, goBack: false, learningRate: 1 });
  });

  it("takes no epoch whose loss is not finite for the best", () => {
    expect(standing([Number.NaN, Number.NaN], plateau)).toMatchObject({ bestEpoch: -1, goBack: false, learningRate: 0.5 });
  });
});

it("without a plateau training stops when patience is spent", () => {
  expect(standing([2, 1, 1], resolveTraining({ schedule: "constant", learningRate: 1, patience: 2 }))).toMatchObject({
    stopped: "patience",
  });
});
