// The same work with sharp and onnxruntime-node, as well as one would write it.
//
//   node node_peer.mjs NODE_MODULES MODEL.onnx FOLDER
//
// Prints {"pictures": ..., "per_s": ...}; loading the model is not counted.

import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';

const [modules, model, folder] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), 'peer.cjs'));
const sharp = require('sharp');
const ort = require('onnxruntime-node');

const SIDE = 224;
const PLANE = SIDE * SIDE;
const cores = availableParallelism();
sharp.concurrency(1); // one thread a picture; several pictures are in work at once
sharp.cache(false);

const session = await ort.InferenceSession.create(model, { intraOpNumThreads: cores });
const input = session.inputNames[0];

async function look(path) {
  // sharp decodes a JPEG at reduced size by itself.
  const pixels = await sharp(path).resize(SIDE, SIDE, { fit: 'fill', kernel: 'linear' }).removeAlpha().raw().toBuffer();
  const tensor = new Float32Array(3 * PLANE);
  for (let i = 0; i < PLANE; i++)
    for (let channel = 0; channel < 3; channel++)
      tensor[channel * PLANE + i] = (pixels[3 * i + channel] - 127) / 128;
  const result = await session.run({ [input]: new ort.Tensor('float32', tensor, [1, 3, SIDE, SIDE]) }, ['imagenet']);
  return result.imagenet.data.length;
}

const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .sort();
await look(paths[0]);

const began = performance.now();
let next = 0;
async function worker() {
  while (next < paths.length) await look(paths[next++]);
}
await Promise.all(Array.from({ length: 2 * cores }, worker));
const seconds = (performance.now() - began) / 1000;
console.log(JSON.stringify({ pictures: paths.length, per_s: Number((paths.length / seconds).toFixed(2)) }));
