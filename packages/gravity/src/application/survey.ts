import type { Prism } from "../forward/prism.ts";
import type { Sphere } from "../forward/sphere.ts";
import type { Stations } from "../forward/stations.ts";
import type { Mesh } from "../mesh.ts";

/** A block and a ball, with their density contrasts, kg/m3. */
export interface TwoBodies {
  readonly block: Prism;
  readonly blockDensity: number;
  readonly ball: Sphere;
  readonly ballDensity: number;
}

/** A number about the ground that is linear in the density contrasts of the cells. */
export interface Quantity {
  readonly name: string;
  readonly label: string;
  readonly unit: string;
  /** What one kg/m3 in each cell adds, [cells]. */
  readonly weights: Float64Array;
  readonly truth?: number;
}

/** What is believed of the ground before the data, but for numbers that the evidence chooses. */
export interface Candidates {
  /** Of the correlation, m. */
  readonly ranges: readonly number[];
  /** kg/m3 */
  readonly sds: readonly number[];
  /** mGal */
  readonly noiseSds: readonly number[];
}

export interface Survey {
  readonly dataset: string;
  readonly title: string;
  readonly source: string;
  readonly licence: string;
  /** SHA-256 of the file; absent of simulated data. */
  readonly checksum?: string;
  readonly note?: string;
  readonly stations: Stations;
  /** Down, mGal. */
  readonly data: Float64Array;
  readonly mesh: Mesh;
  /** Of the prior sd, cell by cell; 1 if absent. */
  readonly weights?: Float64Array;
  readonly regionalOrder?: 0 | 1 | 2;
  readonly candidates: Candidates;
  readonly quantities: readonly Quantity[];
  /** Where the data are known to come from. */
  readonly truth?: TwoBodies;
  /** How a block and a ball are looked for. */
  readonly bodyPriors?: BodyPriors;
}

/** Priors of a block and a ball: [low, high] of uniform places, m; [median, log sd] of log-normal sizes, m, and contrasts, kg/m3, whose sign is known. */
export interface BodyPriors {
  readonly block: { readonly [N in "easting" | "northing" | "top" | "side" | "density"]: readonly [number, number] } & {
    readonly sign: 1 | -1;
  };
  readonly ball: { readonly [N in "easting" | "northing" | "upward" | "radius" | "density"]: readonly [number, number] } & {
    readonly sign: 1 | -1;
  };
}
