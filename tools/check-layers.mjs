// Fails when a package depends upward or sideways, or when a source file goes behind its package's back.
// The rules: native <- tensor <- core <- domain <- cli; report and data stand beside core; benchmarks is a leaf.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** What a layer may use. A domain is not in its own list: a domain never imports a domain. */
const mayUse = {
  native: [],
  tensor: ["native"],
  core: ["tensor"],
  beside: [],
  domain: ["tensor", "core", "beside"],
  cli: ["tensor", "core", "beside", "domain"],
  leaf: ["native", "tensor", "core", "beside", "domain", "cli"],
};

const nativeDoor = "packages/tensor/src/native.ts";
const imports = /(?:\bfrom|\bimport|\brequire|\bimport\s*\(|\brequire\s*\()\s*["']([^"'\n]+)["']/g;
const binary = /["'`][^"'`\n]*(?:@credence\/native|\.node)["'`/]/;

/** Every broken rule of the workspace at `root`, one sentence each; empty when it is sound. */
export function brokenRules(root) {
  const broken = [];
  const packages = findPackages(root);
  for (const pkg of packages.values()) {
    if (!(pkg.layer in mayUse))
      broken.push(`${pkg.name} has no layer: add one tag of layer:{${Object.keys(mayUse)}} to nx.tags in ${pkg.folder}/package.json`);
    for (const name of pkg.dependencies) {
      const used = packages.get(name);
      if (used && used.layer in mayUse && pkg.layer in mayUse && !mayUse[pkg.layer].includes(used.layer))
        broken.push(`${pkg.name} (${pkg.layer}) must not depend on ${used.name} (${used.layer})`);
    }
    for (const file of sourceFiles(join(root, pkg.folder))) broken.push(...brokenImports(root, packages, pkg, file));
  }
  return broken;
}

function brokenImports(root, packages, pkg, file) {
  const broken = [];
  const path = relative(root, file);
  const text = readFileSync(file, "utf8");
  for (const [, specifier] of text.matchAll(imports)) {
    if (specifier.startsWith(".")) {
      if (relative(join(root, pkg.folder), resolve(dirname(file), specifier)).startsWith(".."))
        broken.push(`${path} leaves its package: ${specifier}`);
      continue;
    }
    const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
    if (name === pkg.name || specifier.startsWith("node:") || builtinModules.includes(name)) continue;
    if (packages.has(name) && !pkg.dependencies.has(name))
      broken.push(`${path} imports ${name}, which ${pkg.folder}/package.json does not list`);
  }
  if (pkg.layer !== "native" && path !== nativeDoor && !path.endsWith(".test.ts") && binary.test(text))
    broken.push(`${path} loads the native binary; only ${nativeDoor} may`);
  return broken;
}

function findPackages(root) {
  const { workspaces } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const folders = workspaces.flatMap((pattern) =>
    pattern.endsWith("/*") ? readdirSync(join(root, pattern.slice(0, -2))).map((name) => `${pattern.slice(0, -1)}${name}`) : [pattern],
  );
  const packages = new Map();
  for (const folder of folders.filter((folder) => existsSync(join(root, folder, "package.json")))) {
    const json = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    const layer = json.nx?.tags?.find((tag) => tag.startsWith("layer:"))?.slice("layer:".length) ?? "none";
    const kinds = [json.dependencies, json.devDependencies, json.peerDependencies, json.optionalDependencies];
    packages.set(json.name, { name: json.name, folder, layer, dependencies: new Set(kinds.flatMap((kind) => Object.keys(kind ?? {}))) });
  }
  return packages;
}

function sourceFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (/^(node_modules|dist|build.*|\..*)$/.test(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourceFiles(path);
    return /\.(ts|mts|js|mjs)$/.test(entry.name) ? [path] : [];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const broken = brokenRules(dirname(dirname(fileURLToPath(import.meta.url))));
  for (const rule of broken) console.error(rule);
  if (broken.length === 0) console.log("Layers: no edge points the wrong way.");
  process.exitCode = broken.length > 0 ? 1 : 0;
}
