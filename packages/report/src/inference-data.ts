import { createRequire } from "node:module";
import h5wasm from "h5wasm";
import { checkGroup } from "./inference-group.ts";
import { writeAtomically } from "./write-file.ts";

export type NumericArray = Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array | BigInt64Array;

/** A named array of a group, row-major. */
export interface Variable {
  /** Names, outermost first; a posterior's begin with `chain`, `draw`. */
  readonly dimensions: readonly string[];
  readonly shape: readonly number[];
  readonly values: NumericArray;
  readonly unit?: string;
  readonly description?: string;
  readonly attributes?: Readonly<Record<string, string | number>>;
}

export interface InferenceGroup {
  readonly variables: Readonly<Record<string, Variable>>;
  /** Values along dimensions; a dimension without is numbered 0, 1, 2... */
  readonly coordinates?: Readonly<Record<string, Float64Array | BigInt64Array | readonly string[]>>;
  readonly attributes?: Readonly<Record<string, string | number>>;
}

/** Groups of the InferenceData schema, https://python.arviz.org/en/stable/schema/schema.html. */
export interface InferenceData {
  readonly posterior?: InferenceGroup;
  readonly sample_stats?: InferenceGroup;
  readonly log_likelihood?: InferenceGroup;
  readonly posterior_predictive?: InferenceGroup;
  readonly observed_data?: InferenceGroup;
  readonly constant_data?: InferenceGroup;
  readonly prior?: InferenceGroup;
  readonly prior_predictive?: InferenceGroup;
  readonly sample_stats_prior?: InferenceGroup;
  /** What the draws are worth, by quantity, chain or datum. Beyond the schema: ArviZ keeps it as it is. */
  readonly diagnostics?: InferenceGroup;
}

export interface InferenceDataOptions {
  /** The attribute `created_at`; now, unless given. (HDF5 also stamps every object with the second in which it was written.) */
  readonly createdAt?: Date;
  /** Attributes of the file as a whole, such as the seed. */
  readonly attributes?: Readonly<Record<string, string | number>>;
}

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

type H5Group = InstanceType<typeof h5wasm.Group>;

function writeAttributes(target: H5Group, attributes: Readonly<Record<string, string | number>>): void {
  for (const [name, value] of Object.entries(attributes)) target.create_attribute(name, value);
}

/** A netCDF-4 group is an HDF5 group in which each dimension is a dimension scale and each variable has its scales attached. */
function writeGroup(file: H5Group, name: string, group: InferenceGroup, provenance: Readonly<Record<string, string | number>>): void {
  const sizes = checkGroup(name, group);
  const target = file.create_group(name);
  writeAttributes(target, { ...provenance, ...group.attributes });
  for (const [dimension, size] of sizes) {
    const values = group.coordinates?.[dimension] ?? BigInt64Array.from({ length: size }, (_, i) => BigInt(i));
    const data = Array.isArray(values) ? [...values] : (values as BigInt64Array | Float64Array);
    target.create_dataset({ name: dimension, data, shape: [size] }).make_scale(dimension);
  }
  for (const [variable, { dimensions, shape, values, unit, description, attributes = {} }] of Object.entries(group.variables)) {
    const dataset = target.create_dataset({ name: variable, data: values, shape: [...shape] });
    dimensions.forEach((dimension, axis) => {
      dataset.attach_scale(axis, `/${name}/${dimension}`);
    });
    if (unit !== undefined) dataset.create_attribute("units", unit);
    if (description !== undefined) dataset.create_attribute("long_name", description);
    for (const [attribute, value] of Object.entries(attributes)) dataset.create_attribute(attribute, value);
  }
}

/**
 * Writes an ArviZ InferenceData file: netCDF-4, which is HDF5 with dimension scales. `arviz.from_netcdf(path)` reads it,
 * and so does `xarray.open_dataset(path, group="posterior")` through netCDF4 or h5netcdf. Written atomically.
 *
 * @throws {TypeError} or {RangeError} where names, dimensions and shapes do not agree or a draw is NaN; {@link WriteError} for the disk.
 */
export async function writeInferenceData(path: string, groups: InferenceData, options: InferenceDataOptions = {}): Promise<void> {
  const { createdAt = new Date(), attributes = {} } = options;
  const provenance = {
    created_at: createdAt.toISOString(),
    creation_library: "credence",
    creation_library_version: version,
    creation_library_language: "TypeScript",
    inference_library: "credence",
    inference_library_version: version,
  };
  const { FS } = await h5wasm.ready;
  // In memory first: the disk sees one atomic write, and its errors come from Node, which words them.
  const name = "inference-data.nc";
  const file = new h5wasm.File(name, "w", { libver: "v110" });
  try {
    writeAttributes(file, { ...provenance, ...attributes });
    for (const [group, content] of Object.entries(groups)) {
      if (content !== undefined) writeGroup(file, group, content, provenance);
    }
  } finally {
    file.close();
  }
  const bytes = FS.readFile(name);
  FS.unlink(name);
  await writeAtomically(path, bytes);
}
