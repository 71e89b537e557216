/** Nested arrays and objects with leaves of one kind: how arguments, parameters and results are grouped. */
export type Tree<T> = T | readonly Tree<T>[] | { readonly [key: string]: Tree<T> };

/** What remains of a tree when its leaves are taken out. */
export type Structure =
  | "leaf"
  | { readonly kind: "list"; readonly items: readonly Structure[] }
  | { readonly kind: "record"; readonly keys: readonly string[]; readonly items: readonly Structure[] };

function isNode(value: unknown): value is readonly unknown[] | Record<string, unknown> {
  if (Array.isArray(value)) return true;
  if (value === null || typeof value !== "object") return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Leaves in order, and the structure that puts them back. Everything that is not an array or a plain object is a leaf. */
export function flatten<T>(value: Tree<T>): { leaves: T[]; structure: Structure } {
  const leaves: T[] = [];
  const walk = (v: unknown): Structure => {
    if (!isNode(v)) {
      leaves.push(v as T);
      return "leaf";
    }
    if (Array.isArray(v)) return { kind: "list", items: v.map(walk) };
    const record = v as Record<string, unknown>;
    const keys = Object.keys(record).filter((k) => record[k] !== undefined);
    return { kind: "record", keys, items: keys.map((k) => walk(record[k])) };
  };
  return { structure: walk(value), leaves };
}

/** Adds the leaves of `value` to `leaves` and tells whether it has this structure; if not, what was added means nothing. */
export function collect(structure: Structure, value: unknown, leaves: unknown[]): boolean {
  if (structure === "leaf") {
    leaves.push(value);
    return !isNode(value);
  }
  const { items } = structure;
  if (structure.kind === "list")
    return Array.isArray(value) && value.length === items.length && items.every((item, i) => collect(item, value[i], leaves));
  if (!isNode(value) || Array.isArray(value)) return false;
  const record = value as Record<string, unknown>;
  const keys = Object.keys(record);
  return keys.length === items.length && keys.every((key, i) => key === structure.keys[i] && collect(items[i]!, record[key], leaves));
}

/** The inverse of `flatten`. Throws RangeError when the number of leaves differs. */
export function unflatten<T>(structure: Structure, leaves: readonly T[]): Tree<T> {
  let next = 0;
  const build = (s: Structure): Tree<T> => {
    if (s === "leaf") {
      if (next >= leaves.length) throw new RangeError(`tree: the structure has more leaves than the ${leaves.length} given`);
      return leaves[next++] as T;
    }
    if (s.kind === "list") return s.items.map(build);
    return Object.fromEntries(s.keys.map((k, i) => [k, build(s.items[i]!)]));
  };
  const built = build(structure);
  if (next !== leaves.length) throw new RangeError(`tree: the structure has ${next} leaves, got ${leaves.length}`);
  return built;
}

export const sameStructure = (a: Structure, b: Structure): boolean => JSON.stringify(a) === JSON.stringify(b);

/** `f` of every leaf (and of the leaves at the same place in `rest`), in the same structure. */
export function map<T, R>(f: (leaf: T, ...rest: never[]) => R, first: Tree<T>, ...rest: Tree<unknown>[]): Tree<R> {
  const { leaves, structure } = flatten(first);
  const others = rest.map((tree) => {
    const flat = flatten(tree);
    if (!sameStructure(flat.structure, structure)) throw new RangeError("tree.map: the trees differ in structure");
    return flat.leaves;
  });
  return unflatten(
    structure,
    leaves.map((leaf, i) => f(leaf, ...(others.map((o) => o[i]) as never[]))),
  );
}
