import { censusDatasets } from "./census-datasets.ts";
import type { Dataset } from "./dataset.ts";
import { DatasetError } from "./dataset-error.ts";
import { elasticityDatasets } from "./elasticity-datasets.ts";
import { gravityDatasets } from "./gravity-datasets.ts";
import { regressionDatasets } from "./regression-datasets.ts";

/** Every data set that Credence knows, in the order in which it lists them. */
export const datasets: readonly Dataset[] = [...censusDatasets, ...regressionDatasets, ...elasticityDatasets, ...gravityDatasets];

/**
 * The registry's entry of a name.
 *
 * @throws {DatasetError} `DATASET_UNKNOWN`, with the names that there are.
 */
export function findDataset(name: string): Dataset {
  const dataset = datasets.find((candidate) => candidate.name === name);
  if (dataset === undefined) {
    throw new DatasetError(
      "DATASET_UNKNOWN",
      `unknown data set "${name}"; the registry holds ${datasets.map((known) => known.name).join(", ")}`,
    );
  }
  return dataset;
}
