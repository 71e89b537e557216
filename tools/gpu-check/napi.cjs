// node napi.cjs ADDON FOLDER_OF_PLANS: times the training plans through the addon; a line of JSON each.
const { readFileSync } = require("node:fs");
const { join } = require("node:path");

const [addon, folder] = process.argv.slice(2);
const native = require(addon);
const device = "cuda:0";
const samples = 15;

/** The reverse of plans.mjs. */
function readDump(file) {
  const bytes = readFileSync(file);
  const [words, inputs] = [bytes.readUInt32LE(8), bytes.readUInt32LE(12)];
  const copy = (at, length) => Uint8Array.from(bytes.subarray(at, at + length));
  const list = [];
  let at = 16 + 4 * words;
  for (let i = 0; i < inputs; i++) {
    const length = Number(bytes.readBigUInt64LE(at));
    list.push(copy(at + 8, length));
    at += 8 + length;
  }
  return { words: new Uint32Array(copy(16, 4 * words).buffer), inputs: list };
}

for (const { file, name, size, steps } of JSON.parse(readFileSync(join(folder, "plans.json"), "utf8"))) {
  if (!name.startsWith("train")) continue;
  const { words, inputs } = readDump(join(folder, file));
  const executable = native.compile(device, words);
  const buffers = inputs.map((bytes) => {
    const buffer = native.allocate(device, bytes.length);
    native.write(buffer, 0, bytes);
    return buffer;
  });
  const outputs = [native.allocate(device, 1 << 20)]; // the packed weights, of some sixty thousand
  const seconds = [];
  for (let i = -2; i < samples; i++) {
    const start = performance.now();
    native.run(executable, buffers, outputs, 1);
    if (i >= 0) seconds.push((performance.now() - start) / 1000 / steps);
  }
  seconds.sort((a, b) => a - b);
  const spread = { min: seconds[0], median: seconds[samples >> 1], max: seconds.at(-1) };
  console.log(JSON.stringify({ name: `${name}, N-API`, size, seconds: spread }));
}
