import assert from "node:assert/strict";
import { test } from "node:test";
import { npmPackagesMatch } from "./setup.mjs";

const lock = {
  packages: {
    "": { name: "credence-workspace" },
    "packages/core": { version: "0.1.0" },
    "node_modules/@credence/core": { resolved: "packages/core", link: true },
    "node_modules/nx": { version: "23.2.1" },
    "node_modules/@nx/nx-win32-x64": { version: "23.2.1", optional: true },
  },
};
const installed = (change) => ({
  packages: {
    "node_modules/@credence/core": { resolved: "packages/core", link: true },
    "node_modules/nx": { version: "23.2.1" },
    ...change,
  },
});

test("a tree with every locked package needs no install, though optional ones for other platforms are absent", () =>
  assert.ok(npmPackagesMatch(lock, installed({}))));

test("an empty tree needs an install", () => assert.ok(!npmPackagesMatch(lock, undefined)));

test("another version of one package needs an install", () =>
  assert.ok(!npmPackagesMatch(lock, installed({ "node_modules/nx": { version: "23.2.0" } }))));

test("a workspace package that is not linked yet needs an install", () =>
  assert.ok(!npmPackagesMatch(lock, { packages: { "node_modules/nx": { version: "23.2.1" } } })));
