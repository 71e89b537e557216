import type { Dataset } from "./dataset.ts";

/** Surveys of gravity: one simulated for a tutorial, one measured. */
export const gravityDatasets: readonly Dataset[] = [
  {
    name: "simpeg-tutorial",
    title: "A block and a ball under rolling ground, simulated for SimPEG's tutorial",
    holds:
      "place (m) and gravity anomaly (mGal, positive UP) of 289 stations 5 m above the ground (columns x_m, y_m, z_m, gz_mgal_simpeg_sign(z_up))",
    origin: "https://github.com/simpeg/user-tutorials",
    licence: "MIT (code), CC BY 4.0 (content)",
    source: "SimPEG user tutorials, 03-gravity; Cockett, Kang, Heagy, Pidlisecky and Oldenburg, Computers & Geosciences 85, 2015",
    files: [
      {
        path: "gravity/simpeg_tutorial_gravity.csv",
        sha256: "854e73f90108fc3edf32caccbfc3846942580d36e246eb4ab17f5d676ff6244b",
        layout:
          "take the gravity anomaly data of the tutorial's assets (x, y, z, g_z with z up) and write them with commas under the header x_m,y_m,z_m,gz_mgal_simpeg_sign(z_up)",
      },
    ],
    reader: "table",
  },
  {
    name: "bushveld",
    title: "Gravity of the Bushveld Complex, South Africa: 3,877 stations",
    holds:
      "longitude, latitude, easting and northing (m, Mercator), heights (m), gravity, disturbance, terrain effect and Bouguer anomaly (mGal)",
    origin: "https://doi.org/10.5281/zenodo.6511942",
    licence: "CC BY 4.0",
    source: "NOAA NCEI; Fatiando a Terra, Bushveld gravity, 2022, made anew by its recipe with ETOPO1 at 0.1 degrees",
    files: [
      {
        path: "gravity/bushveld-gravity.csv",
        sha256: "c82db234bffff8ad2c920d5e9cb874c5aebace1f3e4411fe94b900780f6f686f",
        layout: "follow prepare.ipynb of the origin with ETOPO1 taken at 0.1 degrees for the terrain",
      },
    ],
    reader: "table",
  },
];
