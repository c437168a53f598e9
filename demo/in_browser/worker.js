// @ts-check
// Paints in a worker, so that the page never waits.
//
// The page sends:
//   { type: 'load', subject, runtime, models, palette, engine?, threads? }   once for each subject; see Load
//   { type: 'paint', id, subject, labelMap, width, height, dropout, paintings }       once it is ready; see Paint.
//                                                  Requests are painted in their order
// The worker answers:
//   { type: 'progress', subject, loaded, total }   bytes of all models of the subject, while they load
//   { type: 'ready', subject, engine, threads }    'webgpu' or 'wasm', and WebAssembly's threads
//   { type: 'unavailable', subject, message }      loading failed: a sentence for people; a new worker may try again
//   { type: 'painted', id, image, url, milliseconds }   one for each painting, in their order: RGBA [height, width, 4],
//                                                  the same as PNG in a data URL, and how long the model took
//   { type: 'done', id }                           after the last of them
//   { type: 'failed', id, message }                painting failed

import { readModel } from './model_store.js';
import { loadRuntime, Painter } from './painter.js';
import { colourPng, toDataUrl } from './png.js';
import { labelImage } from './treat.js';

/**
 * @typedef {object} Load
 * @property {'load'} type
 * @property {string} subject name of these models, such as 'facades'
 * @property {string} runtime URL of the `dist` folder of onnxruntime-web, with a slash at its end
 * @property {import('./model_store.js').ModelFile[]} models their absolute URLs, hashes and sizes
 * @property {number[]} palette red, green and blue of each class, one after the other
 * @property {import('./painter.js').Engine} [engine] instead of the best one; WebAssembly paints where WebGPU cannot
 * @property {number} [threads] instead of as many as there are cores
 */

/**
 * @typedef {object} Paint
 * @property {'paint'} type
 * @property {number} id chosen by the page; answers carry it
 * @property {string} subject of `Load`
 * @property {Uint8Array} labelMap class indices [height, width]
 * @property {number} width a multiple of 256
 * @property {number} height a multiple of 256
 * @property {boolean} dropout false for no noise
 * @property {{ model: number, seed: number }[]} paintings which model of `Load` paints with which seed, 0 to 2³² - 1
 */

/** What each subject paints with. @type {Map<string, { painters: Painter[], palette: number[] }>} */
const subjects = new Map();
/** @type {ReturnType<typeof loadRuntime> | undefined} */
let runtimeOfAll;
/** Done once all requests so far are. */
let queue = Promise.resolve();

/** @param {object} message @param {Transferable[]} [transfer] */
const say = (message, transfer = []) => self.postMessage(message, { transfer });
/** @param {unknown} error */
const sentence = (error) => (error instanceof Error ? error.message : String(error));

self.onmessage = (/** @type {MessageEvent<Load | Paint>} */ { data }) => {
  if (data.type === 'load') {
    const { subject } = data;
    load(data).catch((error) => say({ type: 'unavailable', subject, message: sentence(error) }));
  } else {
    const { id } = data;
    queue = queue.then(() => paint(data)).catch((error) => say({ type: 'failed', id, message: sentence(error) }));
  }
};

/** @param {Load} request */
async function load({ subject, runtime: folder, models, palette, ...wanted }) {
  const total = models.reduce((sum, { bytes }) => sum + bytes, 0);
  const loaded = models.map(() => 0);
  const files = models.map((file, index) =>
    readModel(file, (bytes) => {
      loaded[index] = bytes;
      say({ type: 'progress', subject, loaded: loaded.reduce((sum, part) => sum + part), total });
    }),
  );
  runtimeOfAll ??= loadRuntime(folder, wanted);
  const [{ engine }, ...contents] = await Promise.all([runtimeOfAll, ...files]);
  const painters = await makePainters(contents).catch((error) => {
    if (engine !== 'webgpu') throw error;
    runtimeOfAll = loadRuntime(folder, { ...wanted, engine: 'wasm' });
    return makePainters(contents);
  });
  subjects.set(subject, { painters, palette });
  const { threads, ...started } = await runtimeOfAll;
  say({ type: 'ready', subject, engine: started.engine, threads });
}

/** @param {Uint8Array[]} models */
async function makePainters(models) {
  const { runtime, engine } = await /** @type {ReturnType<typeof loadRuntime>} */ (runtimeOfAll);
  const painters = [];
  for (const model of models) painters.push(await Painter.load(runtime, engine, model));
  return painters;
}

/** @param {Paint} request */
async function paint({ id, subject, labelMap, width, height, dropout, paintings }) {
  const loaded = subjects.get(subject);
  if (!loaded) throw new Error(`The models of ${subject} are not loaded.`);
  const image = labelImage(labelMap, width, height, loaded.palette);
  for (const { model, seed } of paintings) {
    const start = performance.now();
    const painted = await loaded.painters[model].paint(image, width, height, seed, dropout);
    const milliseconds = performance.now() - start;
    const url = await toDataUrl(await colourPng(painted, { width, height }));
    say({ type: 'painted', id, image: painted, url, milliseconds }, [painted.buffer]);
  }
  say({ type: 'done', id });
}
