import assert from "node:assert/strict";
import { test } from "node:test";
import { withLock } from "./process.mjs";

test("two set-ups at once take turns", async () => {
  const seen = [];
  const work = (name) => async () => {
    seen.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    seen.push(`${name} ends`);
  };
  await Promise.all([withLock(work("first")), withLock(work("second"))]);
  assert.deepEqual(seen, ["first begins", "first ends", "second begins", "second ends"]);
});

test("a set-up that failed does not hold the next one back", async () => {
  await assert.rejects(
    withLock(() => Promise.reject(new Error("no compiler"))),
    /no compiler/,
  );
  assert.equal(await withLock(async () => "built"), "built");
});
