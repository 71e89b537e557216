import type { InferenceGroup } from "./inference-data.ts";

/** Groups whose variables are draws, and those whose draws must be numbers throughout. */
const drawn = new Set([
  "posterior",
  "sample_stats",
  "log_likelihood",
  "posterior_predictive",
  "prior",
  "prior_predictive",
  "sample_stats_prior",
]);
const finite = new Set(["posterior", "prior"]);

function checkName(name: string): void {
  // netCDF refuses a slash and control characters, and names that start with neither a letter, a digit nor an underscore.
  if (!/^[\p{L}\p{N}_][^/\p{Cc}]*$/u.test(name)) {
    throw new RangeError(`"${name}" is no netCDF name; expected a letter, digit or underscore first, and no slash`);
  }
}

/**
 * Sizes of a group's dimensions in order of first use, after checking that everything in the group agrees.
 *
 * @throws {TypeError} for a dimension or coordinate that is out of place; {RangeError} for sizes that differ and for NaN draws.
 */
export function checkGroup(group: string, { variables, coordinates = {} }: InferenceGroup): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const [name, { dimensions, shape, values }] of Object.entries(variables)) {
    const where = `${group}.${name}`;
    checkName(name);
    if (dimensions.length !== shape.length) {
      throw new TypeError(`${where} has dimensions [${dimensions}] and shape [${shape}]; expected as many sizes as names`);
    }
    if (drawn.has(group) && (dimensions[0] !== "chain" || dimensions[1] !== "draw")) {
      throw new TypeError(`${where} has dimensions [${dimensions}]; in the group ${group} they begin with chain, draw`);
    }
    if (new Set(dimensions).size !== dimensions.length) throw new TypeError(`${where} uses a dimension twice: [${dimensions}]`);
    const size = shape.reduce((product, length) => product * length, 1);
    if (values.length !== size) throw new RangeError(`${where} has ${values.length} values, expected ${size} for shape [${shape}]`);
    dimensions.forEach((dimension, axis) => {
      checkName(dimension);
      if (dimension in variables) throw new TypeError(`${where}: ${dimension} names both a dimension and a variable of ${group}`);
      const known = sizes.get(dimension);
      if (known !== undefined && known !== shape[axis]) {
        throw new RangeError(`${where} has ${shape[axis]} along ${dimension}, where another variable of ${group} has ${known}`);
      }
      sizes.set(dimension, shape[axis]!);
    });
    if (finite.has(group) && values.some((value: number | bigint) => Number.isNaN(value))) {
      throw new RangeError(`${where} holds NaN; draws must be numbers`);
    }
  }
  for (const [dimension, values] of Object.entries(coordinates)) {
    const size = sizes.get(dimension);
    if (size === undefined) throw new TypeError(`${group} has a coordinate ${dimension}, which is a dimension of none of its variables`);
    if (values.length !== size) throw new RangeError(`${group} has ${values.length} coordinates along ${dimension}, expected ${size}`);
  }
  return sizes;
}
