import type { Dataset } from "./dataset.ts";

const plate = {
  origin: "https://doi.org/10.1016/j.cma.2021.113741",
  licence: "CC0-1.0",
  source:
    "simulated from the plate of Haghighat, Raissi, Moure, Gomez and Juanes, Computer Methods in Applied Mechanics and Engineering 379, 2021, 113741, section 4: lambda 1, mu 0.5, load 4, independent normal noise of sd 0.01",
} as const;

const notServed =
  "no origin serves this file: it is a simulation, not a measurement; without it, the data set `simulated` is the same plate with other noise";

/** Displacements at sensors on elastic bodies. The plates of Haghighat are simulations of a published problem; the steel plate is a measurement. */
export const elasticityDatasets: readonly Dataset[] = [
  {
    ...plate,
    name: "haghighat-s100",
    title: "Haghighat's plate, simulated: 100 sensors at random places",
    holds:
      "place and two displacements of 100 sensors on the unit square, plane strain, simulated with noise of sd 0.01 (columns x, y, ux_noisy, uy_noisy)",
    files: [
      {
        path: "elasticity/haghighat_exact/sensors_s100_n001.csv",
        sha256: "39335887305aa169cd3844ddd8b71dedfcf507442d0d73436637abd95a0e43d4",
        layout: notServed,
      },
    ],
    reader: "table",
  },
  {
    ...plate,
    name: "haghighat-s400",
    title: "Haghighat's plate, simulated: 20 x 20 sensors",
    holds:
      "place and two displacements of 400 sensors on a grid over the unit square, plane strain, simulated with noise of sd 0.01 (columns x, y, ux_noisy, uy_noisy)",
    files: [
      {
        path: "elasticity/haghighat_exact/sensors_s400grid_n001.csv",
        sha256: "00273d1aaf7d83757b9128062213295900261a6e8fc4276af2f65808a1bc9a13",
        layout: notServed,
      },
    ],
    reader: "table",
  },
  {
    name: "s235-plate",
    title: "A plate of S235 steel with a hole, pulled",
    holds:
      "place and two displacements, all in mm, of 5,475 points by digital image correlation; axial stress 106.2629 N/mm² (columns x-coordinate [mm], y-coordinate [mm], x-displacement [mm], y-displacement [mm])",
    origin: "https://doi.org/10.5281/zenodo.11257192",
    licence: "CC BY 4.0",
    source:
      "Anton, Tröger, Wessels, Römer, Henkes and Hartmann, Deterministic and statistical calibration of constitutive models from full-field data with parametric physics-informed neural networks, 2024",
    files: [
      {
        path: "elasticity/dic_s235_plate_hole/20231116_displacements_raw.csv",
        sha256: "999717175a6825c79be1f2d124159395cd8a4563f60ca3570c64648e75cad4cb",
        layout: "take 20231116_displacements_raw.csv out of the archive that the origin serves, unchanged",
      },
    ],
    reader: "table",
  },
];
