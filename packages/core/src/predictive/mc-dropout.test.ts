import { array, type NdArray, program, random, repeat, type Tensor, type Tree, valueAndGrad } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { dropout } from "../network/dropout.ts";
import type { LinearParams } from "../network/linear.ts";
import { mlp } from "../network/mlp.ts";
import type { Network } from "../network/network.ts";
import { residual } from "../network/residual.ts";
import { adam } from "../optimize/adam.ts";
import { mcDropout, mcDropoutDraws } from "./mc-dropout.ts";

type Params = readonly LinearParams[];

/** Sixty places in [-1, 1], and a line with noise of sd 0.1 at each. */
const places = Array.from({ length: 60 }, (_, i) => -1 + (2 * i) / 59);
const x = array(places.map((v) => [v]));
const y = array(places.map((v, i) => [v + 0.1 * Math.SQRT2 * Math.sin(12.9898 * (i + 1) ** 2)]));

/** Trained by Adam with weight decay, a mask for every row of every step. */
function trained(network: Network<Params>, loss: (output: Tensor, target: Tensor) => Tensor): Tree<NdArray> {
  const optimizer = adam<Params>({ learningRate: 5e-3, weightDecay: 0.01 });
  const train = program((inputs: Tensor, targets: Tensor) => {
    const params = network.init(random.key(1));
    type State = { params: Params; state: ReturnType<typeof optimizer.init> };
    const step = ({ params: now, state }: State, i: Tensor): State => {
      const noise = { key: random.fold(random.key(2), i), masks: "row" } as const;
      const objective = (p: Params) => loss(network.apply(p, inputs, undefined, noise), targets);
      const [, gradient] = valueAndGrad(objective)(now) as [Tensor, Params];
      const next = optimizer.step(state, now, gradient);
      return { params: next.params, state: next.state };
    };
    return repeat(3000, step, { params, state: optimizer.init(params) }).params;
  });
  return train(x, y) as unknown as Tree<NdArray>;
}

describe("dropout", () => {
  const ones = array(new Float32Array(20_000).fill(1), { shape: [200, 100] });

  test("keeps the mean, drops the stated share, and does nothing without noise", () => {
    const run = program((t: Tensor) => dropout(t, 0.25, { key: random.key(1), masks: "row" }));
    const values = Array.from(run(ones).data());
    expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
    // 20,000 trials: 5 standard errors of a share are 5 sqrt(0.25 * 0.75 / 2e4).
    expect(Math.abs(values.filter((v) => v === 0).length / 20_000 - 0.25)).toBeLessThan(0.016);
    expect(program((t: Tensor) => dropout(t, 0.25, undefined))(ones).data()).toEqual(ones.data());
  });

  test("a shared mask is the same for all rows, and layers have masks of their own", () => {
    const run = program((t: Tensor) => [0, 1].map((layer) => dropout(t, 0.5, { key: random.key(1), masks: "shared" }, layer)));
    const [first, second] = run(ones) as NdArray[];
    const rows = Array.from({ length: 200 }, (_, i) =>
      first!
        .data()
        .slice(100 * i, 100 * i + 100)
        .join(),
    );
    expect(new Set(rows).size).toBe(1);
    expect(second!.data()).not.toEqual(first!.data());
  });

  test("a share outside [0, 1) is refused", () => {
    expect(() => mlp({ input: 1, hidden: [2], output: 1, dropout: 1 })).toThrow("dropout must be in [0, 1), got 1");
  });
});

describe("MC dropout", { timeout: 120_000 }, () => {
  const network = mlp({ input: 1, hidden: [32, 32], output: 1, dropout: 0.1 });
  const params = trained(network, (output, target) => output.sub(target).square().mean());

  test("doubt grows away from the data, noise does not", async () => {
    const at = await mcDropout(network, params, [[0], [1], [3], [6]], { samples: 400, seed: 3, noiseVariance: 0.01 });
    const doubt = Array.from(at.epistemic.data());
    expect(doubt[2]).toBeGreaterThan(3 * doubt[1]!);
    expect(doubt[3]).toBeGreaterThan(2 * doubt[2]!);
    expect(doubt[2]).toBeGreaterThan(10 * doubt[0]!);
    expect(Array.from(at.aleatoric.data())).toEqual(doubt.map(() => expect.closeTo(0.01, 12)));
    expect(Array.from(at.variance.data())).toEqual(doubt.map((d) => expect.closeTo(d + 0.01, 12)));
    // The line is met where there are data: the mean of 400 masks, within noise and 5 of its standard errors.
    expect(Math.abs(at.mean.data()[0]!)).toBeLessThan(0.1 + 5 * Math.sqrt(doubt[0]! / 400));
  });

  test("one mask serves all rows: a place given twice has the same outputs, and so has it among other places", async () => {
    const twice = (await mcDropoutDraws(network, params, [[0.5], [0.5]], { samples: 20, seed: 5 })).data();
    const among = (await mcDropoutDraws(network, params, [[0.5], [-2], [9]], { samples: 20, seed: 5 })).data();
    for (let s = 0; s < 20; s++) {
      expect(twice[2 * s + 1]).toBe(twice[2 * s]);
      expect(among[3 * s]).toBeCloseTo(twice[2 * s]!, 5); // products of another height round differently, in f32
    }
  });

  test("blocks of a residual network drop units too, in as many ways as there are masks", async () => {
    const blocks = residual({ input: 1, hidden: 8, blocks: 2, output: 1, dropout: 0.3 });
    const start = program(() => blocks.init(random.key(4)))() as unknown as Tree<NdArray>;
    const outputs = (await mcDropoutDraws(blocks, start, [[0.5]], { samples: 30, seed: 1 })).data();
    expect(new Set(Array.from(outputs)).size).toBeGreaterThan(20);
    const plain = residual({ input: 1, hidden: 8, blocks: 2, output: 1 });
    await expect(mcDropoutDraws(plain, start, [[0.5]], { samples: 30, seed: 1 })).rejects.toThrow("give the network dropout");
  });

  test("a network that predicts its noise has it in the aleatoric part", async () => {
    const both = mlp({ input: 1, hidden: [32], output: 2, dropout: 0.05 });
    const fitted = trained(both, (output, target) => {
      const [mean, logVariance] = [output.slice([0, 0], [60, 1]), output.slice([0, 1], [60, 2])];
      return target.sub(mean).square().mul(logVariance.neg().exp()).add(logVariance).mean();
    });
    const at = await mcDropout(both, fitted, [[0]], { samples: 400, seed: 3, noiseVariance: "predicted" });
    // The noise has variance 0.01; what dropout adds to residuals in training goes into it too.
    expect(at.aleatoric.item()).toBeGreaterThan(0.005);
    expect(at.aleatoric.item()).toBeLessThan(0.05);
  });

  test("a network without dropout, the wrong number of outputs and missing values are refused", async () => {
    const plain = mlp({ input: 1, hidden: [32, 32], output: 1 });
    const options = { samples: 5, seed: 1, noiseVariance: 0.01 };
    await expect(mcDropout(plain, params, [[0]], options)).rejects.toThrow("give the network dropout");
    await expect(mcDropout(network, params, [[0]], { ...options, noiseVariance: "predicted" })).rejects.toThrow("must have 2 outputs");
    await expect(mcDropout(network, params, [[0]], { ...options, noiseVariance: 0 })).rejects.toThrow("noiseVariance must be > 0");
    await expect(mcDropout(network, params, [[NaN]], options)).rejects.toThrow("x must be finite, got NaN in row 0");
    await expect(mcDropout(network, params, [[0]], { ...options, samples: 1 })).rejects.toThrow("samples must be an integer >= 2");
  });
});
