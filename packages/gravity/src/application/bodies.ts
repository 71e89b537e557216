import {
  type Draws,
  halfNormal,
  logNormal,
  model,
  normal,
  nuts,
  observed,
  type ParameterSummary,
  phase,
  summarizeChains,
  summarizeDraws,
  uniform,
} from "@credence/core";
import { array, concat, constant, matmul, type NdArray, stack, type Tensor } from "@credence/tensor";
import { prismSensitivity } from "../forward/sensitivity.ts";
import { sphereSensitivity } from "../forward/sphere.ts";
import { stationTable } from "../forward/stations.ts";
import { inputsOf, type Run } from "./run.ts";
import { phaseFormat } from "./settings.ts";
import type { BodyPriors, Survey, TwoBodies } from "./survey.ts";

/** A block and a ball by Markov chains. */
export interface Bodies {
  readonly draws: Draws;
  /** By name, with the truth. */
  readonly summaries: Readonly<Record<string, ParameterSummary & { readonly truth: number }>>;
  readonly seconds: number;
}

const parameterNames = [
  "blockEasting",
  "blockNorthing",
  "blockTop",
  "blockWidth",
  "blockLength",
  "blockHeight",
  "blockContrast",
  "ballEasting",
  "ballNorthing",
  "ballUpward",
  "ballRadius",
  "ballContrast",
  "noiseSd",
  "blockMass",
  "ballMass",
] as const;

/** Gravity of one block and one ball with priors of `BodyPriors`, and noise of unknown sd: 13 parameters. */
function bodiesModel(survey: Survey, { block, ball }: BodyPriors) {
  const stations = stationTable(survey.stations);
  const scale = Math.max(...survey.data.map(Math.abs));
  const within = ([low, high]: readonly [number, number]) => uniform(low, high);
  const near = ([median, spread]: readonly [number, number]) => logNormal(Math.log(median), spread);
  return model(
    {
      blockEasting: within(block.easting),
      blockNorthing: within(block.northing),
      blockTop: within(block.top),
      blockWidth: near(block.side),
      blockLength: near(block.side),
      blockHeight: near(block.side),
      blockContrast: near(block.density),
      ballEasting: within(ball.easting),
      ballNorthing: within(ball.northing),
      ballUpward: within(ball.upward),
      ballRadius: near(ball.radius),
      ballContrast: near(ball.density),
      noiseSd: halfNormal(scale / 10),
    },
    (p) => {
      const prism = stack([
        p.blockEasting.sub(p.blockWidth.mul(0.5)),
        p.blockEasting.add(p.blockWidth.mul(0.5)),
        p.blockNorthing.sub(p.blockLength.mul(0.5)),
        p.blockNorthing.add(p.blockLength.mul(0.5)),
        p.blockTop.sub(p.blockHeight),
        p.blockTop,
      ]).reshape([1, 6]);
      const ballTable = stack([p.ballEasting, p.ballNorthing, p.ballUpward, p.ballRadius]).reshape([1, 4]);
      const at = constant(stations);
      const column = (density: Tensor): Tensor => density.reshape([1, 1]);
      const pull = concat([prismSensitivity(at, prism), sphereSensitivity(at, ballTable)], 1);
      const gravity = matmul(pull, concat([column(p.blockContrast).mul(block.sign), column(p.ballContrast).mul(ball.sign)], 0)).reshape([
        survey.data.length,
      ]);
      return observed(normal(gravity, p.noiseSd), survey.data);
    },
    {
      derived: (p) => ({
        blockMass: p.blockWidth
          .mul(p.blockLength)
          .mul(p.blockHeight)
          .mul(p.blockContrast)
          .mul(block.sign * 1e-6),
        ballMass: p.ballRadius
          .mul(p.ballRadius)
          .mul(p.ballRadius)
          .mul(p.ballContrast)
          .mul(ball.sign * (4 / 3) * Math.PI * 1e-6),
      }),
    },
  );
}

/** Where a block and a ball are, how large and how dense, by NUTS: answers as sharp as the shapes that are assumed. */
export async function bodiesOf(run: Run): Promise<Bodies | undefined> {
  const { survey, context, directory, effort, seed } = run;
  const { truth, bodyPriors } = survey;
  if (truth === undefined || bodyPriors === undefined) return undefined;
  const done = await phase<{ readonly warnings: readonly string[]; readonly shape: readonly number[] }>({
    directory,
    format: phaseFormat,
    name: "bodies",
    inputs: inputsOf(run),
    compute: async () => {
      const found = await nuts(bodiesModel(survey, bodyPriors), {
        seed,
        warmup: effort.chainDraws,
        draws: effort.chainDraws,
        targetAcceptance: 0.9,
        // Sizes and contrasts make up for one another: along lines, in their logarithms.
        massMatrix: "dense",
        signal: context.signal,
        onProgress: ({ done: at, total }) => context.progress("a block and a ball", at, total),
      });
      const values = (of: NdArray): Float64Array => Float64Array.from(of.data());
      return {
        facts: { warnings: found.warnings, shape: found.draws.shape },
        arrays: {
          draws: values(found.draws),
          unconstrained: values(found.unconstrained),
          logDensity: values(found.logDensity),
          ...Object.fromEntries(Object.entries(found.stats).map(([name, stat]) => [`stat ${name}`, values(stat)])),
        },
      };
    },
  });
  const [chains, length, width] = done.facts.shape as [number, number, number];
  const perDraw = (values: Float64Array): NdArray => array(values, { shape: [chains, length] });
  const draws: Draws = {
    names: parameterNames,
    draws: array(done.arrays.draws!, { shape: [chains, length, width] }),
    unconstrained: array(done.arrays.unconstrained!, { shape: [chains, length, done.arrays.unconstrained!.length / chains / length] }),
    logDensity: perDraw(done.arrays.logDensity!),
    stats: Object.fromEntries(
      Object.entries(done.arrays).flatMap(([name, values]) => (name.startsWith("stat ") ? [[name.slice(5), perDraw(values)]] : [])),
    ),
    warnings: done.facts.warnings,
  };
  const truths = truthsOf(truth);
  const summaries = Object.fromEntries(
    parameterNames.flatMap((name, d) => {
      const known = truths[name];
      if (known === undefined) return [];
      const values = Float64Array.from({ length: chains * length }, (_, i) => done.arrays.draws![i * width + d]!);
      return [[name, { ...summarizeDraws(values, unitOf(name)), truth: known }]];
    }),
  );
  return { draws, summaries, seconds: done.seconds };
}

export const diagnosticsOf = ({ draws }: Bodies) => summarizeChains(draws);

const unitOf = (name: string): string => (name.endsWith("Contrast") ? "kg/m3" : name.endsWith("Mass") ? "kt" : "m");

function truthsOf({ block, blockDensity, ball, ballDensity }: TwoBodies): Readonly<Record<string, number>> {
  const [width, length, height] = [block.east - block.west, block.north - block.south, block.top - block.bottom];
  return {
    blockEasting: (block.west + block.east) / 2,
    blockNorthing: (block.south + block.north) / 2,
    blockTop: block.top,
    blockWidth: width,
    blockLength: length,
    blockHeight: height,
    blockContrast: Math.abs(blockDensity),
    ballEasting: ball.easting,
    ballNorthing: ball.northing,
    ballUpward: ball.upward,
    ballRadius: ball.radius,
    ballContrast: Math.abs(ballDensity),
    blockMass: (width * length * height * blockDensity) / 1e6,
    ballMass: ((4 / 3) * Math.PI * ball.radius ** 3 * ballDensity) / 1e6,
  };
}
