import {
  arange,
  cast,
  constant,
  matmul,
  matrixTranspose,
  type NdArray,
  program,
  random,
  scan,
  stopGradient,
  type Tensor,
  type Tree,
  take,
  tree,
  valueAndGrad,
} from "@credence/tensor";
import { standardNormalLogProb } from "../flow/flow.ts";
import { type AdamState, adam } from "../optimize/adam.ts";
import { packing } from "../optimize/pack.ts";
import { cosineRate } from "../optimize/schedule.ts";
import type { LatentModel } from "./amortised.ts";
import { drawRows, type EncoderOptions, encoder, type RowNormals, rowLogProb } from "./encoder.ts";

export type AmortisedParams<P> = { readonly encoder: Tree<Tensor>; readonly model: P };

export interface AmortisedSettings {
  /** N, F */
  readonly rows: number;
  readonly features: number;
  readonly batchSize: number;
  readonly steps: number;
  readonly learningRate: number;
  /** Draws for each datum. */
  readonly evaluationDraws: number;
  readonly encoder?: EncoderOptions;
  readonly placement: { readonly threads: number; readonly device?: string };
}

/** The programs of amortised inference: training from a key, the ELBO of every datum, the normals of data, and draws of these. Data enter the encoder standardised. */
export function amortisedPrograms<P extends Tree<Tensor>>(
  model: LatentModel<P>,
  { centre, scale }: { readonly centre: NdArray; readonly scale: NdArray },
  settings: AmortisedSettings,
) {
  const { rows, features, batchSize, steps, learningRate, evaluationDraws, placement } = settings;
  const network = encoder(model.latent, features, settings.encoder);
  const normalsOf = (params: Tree<Tensor>, x: Tensor): RowNormals => network.apply(params, x.sub(constant(centre)).div(constant(scale)));
  const terms = (params: AmortisedParams<P>, x: Tensor, noise: Tensor) => {
    const normals = normalsOf(params.encoder, x);
    const z = drawRows(normals, noise);
    const still = tree.map((t: Tensor) => stopGradient(t), normals) as RowNormals;
    return {
      logPrior: model.logPrior?.(params.model, z) ?? standardNormalLogProb(z),
      logLikelihood: model.logLikelihood(params.model, z, x),
      logProb: rowLogProb(still, z),
    };
  };

  const train = program(
    (x: Tensor, key: Tensor) => {
      const initial: AmortisedParams<P> = {
        encoder: network.init(random.fold(key, 0)),
        model: (model.init?.(random.fold(key, 1)) ?? {}) as P,
      };
      const layout = packing(initial);
      const optimiser = adam<Tensor>({ learningRate: cosineRate({ rate: learningRate, steps }), clipNorm: 1e3 });
      const loss = valueAndGrad((vector: Tensor, batch: Tensor, noise: Tensor) => {
        const { logPrior, logLikelihood, logProb } = terms(layout.unpack(vector), batch, noise);
        return logPrior.add(logLikelihood).sub(logProb).mean().neg();
      });
      type Walk = { readonly vector: Tensor; readonly state: AdamState<Tensor> };
      const start = layout.pack(initial);
      const [end, trace] = scan(
        ({ vector, state }: Walk, number: Tensor): [Walk, Tensor] => {
          const own = random.fold(random.fold(key, 2), number);
          const batch = batchSize === rows ? x : take(x, random.permutation(random.fold(own, 0), rows).slice([0], [batchSize]));
          const noise = random.normal(random.fold(own, 1), [batchSize, model.latent], { dtype: "f64" });
          const [value, gradient] = loss(vector, batch, noise);
          const next = optimiser.step(state, vector, gradient);
          return [{ vector: next.params, state: next.state }, value.neg()];
        },
        { vector: start, state: optimiser.init(start) },
        arange(steps),
      );
      return { params: layout.unpack(end.vector), trace, taken: cast(end.state.count, "f64") };
    },
    { ...placement, name: "amortised training" },
  );
  const evaluate = program(
    (at: AmortisedParams<P>, x: Tensor, key: Tensor) => {
      const [, each] = scan(
        (carry: Tensor, number: Tensor) => [
          carry,
          terms(at, x, random.normal(random.fold(key, number), [rows, model.latent], { dtype: "f64" })),
        ],
        cast(0, "f64"),
        arange(evaluationDraws),
      ) as [Tensor, ReturnType<typeof terms>];
      return { ratio: each.logPrior.add(each.logLikelihood).sub(each.logProb).T, logLikelihood: each.logLikelihood.mean() };
    },
    { ...placement, name: "amortised ELBO" },
  );
  const encode = program(
    (at: unknown, x: Tensor) => {
      const { mean, factor } = normalsOf(at as Tree<Tensor>, x);
      return { mean, covariance: matmul(factor, matrixTranspose(factor)) };
    },
    { ...placement, name: "encode" },
  );
  const sample = program(
    (at: unknown, x: Tensor, noise: Tensor) => {
      const { mean, factor } = normalsOf(at as Tree<Tensor>, x);
      return matmul(noise, matrixTranspose(factor)).add(mean.expandDims(1));
    },
    { ...placement, name: "amortised draws" },
  );
  return { train, evaluate, encode, sample };
}
