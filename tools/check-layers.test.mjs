import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { brokenRules } from "./check-layers.mjs";

const sound = {
  native: { layer: "native", uses: [], source: "" },
  tensor: { layer: "tensor", uses: ["native"], source: "" },
  core: { layer: "core", uses: ["tensor"], source: 'import { grad } from "@credence/tensor";' },
  report: { layer: "beside", uses: [], source: "" },
  gravity: { layer: "domain", uses: ["core", "report"], source: 'export * from "./model.ts";' },
  lensing: { layer: "domain", uses: ["core"], source: "" },
};

/** The broken rules of a small workspace like ours in which some packages are changed. */
function rulesBrokenBy(t, change) {
  const root = mkdtempSync(join(tmpdir(), "layers-"));
  t.after(() => rmSync(root, { recursive: true }));
  const write = (path, text) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write("package.json", JSON.stringify({ workspaces: ["packages/*"] }));
  for (const [name, { layer, uses, source, file = "index.ts" }] of Object.entries({ ...sound, ...change })) {
    const dependencies = Object.fromEntries(uses.map((used) => [`@credence/${used}`, "0.1.0"]));
    write(`packages/${name}/package.json`, JSON.stringify({ name: `@credence/${name}`, dependencies, nx: { tags: [`layer:${layer}`] } }));
    write(`packages/${name}/src/${file}`, source);
  }
  return brokenRules(root);
}

test("a sound workspace breaks no rule", (t) => assert.deepEqual(rulesBrokenBy(t, {}), []));

test("this workspace breaks no rule", () => assert.deepEqual(brokenRules(dirname(dirname(fileURLToPath(import.meta.url)))), []));

const planted = [
  [
    "a core that depends on a domain",
    { core: { layer: "core", uses: ["gravity"], source: "" } },
    "@credence/core (core) must not depend on @credence/gravity (domain)",
  ],
  [
    "a domain that depends on a domain",
    { lensing: { layer: "domain", uses: ["gravity"], source: "" } },
    "@credence/lensing (domain) must not depend on @credence/gravity (domain)",
  ],
  [
    "a report that depends on the core",
    { report: { layer: "beside", uses: ["core"], source: "" } },
    "@credence/report (beside) must not depend on @credence/core (core)",
  ],
  [
    "a domain that depends on the native package",
    { gravity: { layer: "domain", uses: ["native"], source: "" } },
    "@credence/gravity (domain) must not depend on @credence/native (native)",
  ],
  ["a package without a layer", { report: { layer: "shelf", uses: [], source: "" } }, /@credence\/report has no layer/],
  [
    "an import that package.json does not list",
    { lensing: { layer: "domain", uses: [], source: 'const g = await import("@credence/gravity");' } },
    "packages/lensing/src/index.ts imports @credence/gravity, which packages/lensing/package.json does not list",
  ],
  [
    "a relative import into another package",
    { lensing: { layer: "domain", uses: [], source: 'export * from "../../gravity/src/model.ts";' } },
    "packages/lensing/src/index.ts leaves its package: ../../gravity/src/model.ts",
  ],
  [
    "a second door to the binary",
    { core: { layer: "core", uses: ["tensor"], source: 'const n = require("../build/Release/credence.node");' } },
    "packages/core/src/index.ts loads the native binary; only packages/tensor/src/native.ts may",
  ],
];

for (const [what, change, message] of planted)
  test(`${what} is named and refused`, (t) => {
    const broken = rulesBrokenBy(t, change);
    assert.ok(
      broken.some((rule) => (typeof message === "string" ? rule === message : message.test(rule))),
      `got ${JSON.stringify(broken)}`,
    );
  });

test("tensor's native.ts is the one door to the binary", (t) => {
  const source = 'export const native = require("@credence/native/credence.node");';
  assert.deepEqual(rulesBrokenBy(t, { tensor: { layer: "tensor", uses: ["native"], source, file: "native.ts" } }), []);
  assert.equal(rulesBrokenBy(t, { tensor: { layer: "tensor", uses: ["native"], source } }).length, 1);
});
