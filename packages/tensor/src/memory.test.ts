// Memory of a process that trains for long: a process of its own, whose resident set nothing else changes.
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

const built = new URL("../dist/index.js", import.meta.url).href;

/** V8 leaves garbage of its own lying, tens of MiB until its nurseries have grown; small ones and collections show the rest. */
const flags = ["--expose-gc", "--max-semi-space-size=1", "--input-type=module", "-"];

/** Resident MiB by which a process grows from its 2,000th to its 10,000th run of a training program. */
function growth(afterEachRun: string): number {
  const script = `
    import { array, grad, program, random, repeat, tanh } from ${JSON.stringify(built)};
    const loss = ([w1, b1, w2, b2], x, y) => tanh(x.matmul(w1).add(b1)).matmul(w2).add(b2).sub(y).square().mean();
    const train = program(
      (x, y, ...start) => repeat(5, (w) => grad((p) => loss(p, x, y))(w).map((g, i) => w[i].sub(g.mul(0.01))), start),
      { threads: 1 },
    );
    const numbers = (...shape) => array(Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i)), { shape });
    const x = numbers(64, 8), y = numbers(64, 8);
    let weights = [numbers(8, 32), numbers(32), numbers(32, 8), numbers(8)];
    let after2000;
    for (let run = 1; run <= 10000; ++run) {
      const next = train(x, y, ...weights);
      ${afterEachRun}
      weights = next;
      if (run % 100 === 0) {
        gc();
        await new Promise((resolve) => setImmediate(resolve)); // finalisers run between tasks
      }
      if (run === 2000) after2000 = process.memoryUsage().rss;
    }
    if (weights.some((w) => w.data().some((value) => !Number.isFinite(value)))) throw new Error("training left the numbers");
    process.stdout.write(String((process.memoryUsage().rss - after2000) / 2 ** 20)); // a number logged may come in colour`;
  const { status, stdout, stderr } = spawnSync(process.execPath, flags, { input: script, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return Number(stdout);
}

test("8,000 more runs of a training program leave resident memory as it is where results are disposed of", () => {
  // 8,000 lost results of four arrays would be 20 MiB, 8,000 lost arenas some 300.
  expect(growth("for (const w of weights) w.dispose();")).toBeLessThan(6);
});

test("and where they are left to the collector", () => {
  expect(growth("")).toBeLessThan(6);
});
