// @ts-check
// A generator in the browser: an ONNX model of `python -m pix2pix.export`, run by onnxruntime-web.

import { masks } from './noise.js';

/** @typedef {import('onnxruntime-web')} Runtime */
/** @typedef {'webgpu' | 'wasm'} Engine */

// As pix2pix.pixel_values.to_float computes them: divided and shifted in float32.
const TO_FLOAT = Float32Array.from({ length: 256 }, (_, level) => Math.fround(level / 127.5) - 1);
// More cost memory and bring nothing at this size.
const MAX_THREADS = 8;
const NOT_STARTED = 'onnxruntime-web could not be downloaded or started. Check the connection and try again.';

/**
 * Loads onnxruntime-web with the best engine of this browser: WebGPU, else WebAssembly with threads where the page is
 * `crossOriginIsolated`.
 *
 * Once it has failed, another worker is needed to try again: browsers and onnxruntime-web keep a failure.
 *
 * @param {string} folder URL of the `dist` folder of onnxruntime-web, with a slash at its end
 * @param {{ engine?: Engine, threads?: number }} [wanted] for measurements and tests; chosen here by default
 * @returns {Promise<{ runtime: Runtime, engine: Engine, threads: number }>}
 */
export async function loadRuntime(folder, wanted = {}) {
  const engine = wanted.engine ?? ((await hasWebGPU()) ? 'webgpu' : 'wasm');
  /** @type {Runtime} */
  const runtime = await import(`${folder}ort.${engine}.min.mjs`).catch(() => {
    throw new Error(NOT_STARTED);
  });
  const cores = Math.max(1, Math.min(navigator.hardwareConcurrency, MAX_THREADS));
  const threads = globalThis.crossOriginIsolated ? (wanted.threads ?? cores) : 1;
  runtime.env.wasm.numThreads = threads;
  runtime.env.wasm.wasmPaths = folder;
  return { runtime, engine, threads };
}

/** Returns whether there is a GPU to paint with. */
export async function hasWebGPU() {
  const gpu =
    /** @type {{ gpu?: { requestAdapter(): Promise<{ info?: { isFallbackAdapter?: boolean } } | null> } }} */ (
      navigator
    ).gpu;
  const adapter = await gpu?.requestAdapter().catch(() => null);
  return Boolean(adapter) && !adapter?.info?.isFallbackAdapter; // a GPU in software is slower than WebAssembly
}

export class Painter {
  /**
   * @param {Runtime} runtime
   * @param {import('onnxruntime-web').InferenceSession} session
   */
  constructor(runtime, session) {
    this.runtime = runtime;
    this.session = session;
    const mask = session.inputMetadata.find((input) => input.name === 'mask1');
    /** Channels of the dropout masks. @type {number} */
    this.channels = mask?.isTensor ? Number(mask.shape[1]) : Number.NaN;
    if (!Number.isInteger(this.channels)) throw new Error('This ONNX file is not a model of pix2pix.export.');
  }

  /**
   * @param {Runtime} runtime of `loadRuntime`
   * @param {Engine} engine
   * @param {Uint8Array} model content of a `model.onnx`
   */
  static async load(runtime, engine, model) {
    const options = /** @type {const} */ ({ executionProviders: [engine], graphOptimizationLevel: 'all' });
    const session = await runtime.InferenceSession.create(model, options).catch((error) => {
      throw /no available backend/.test(error.message) ? new Error(NOT_STARTED) : error;
    });
    return new Painter(runtime, session);
  }

  /**
   * @param {Uint8Array} labelImage RGB [height, width, 3], as `labelImage` of treat.js makes it
   * @param {number} width a multiple of 256
   * @param {number} height a multiple of 256
   * @param {number} seed an integer, 0 to 2³² - 1
   * @param {boolean} dropout false paints without noise; the seed has no effect then
   * @returns {Promise<Uint8ClampedArray<ArrayBuffer>>} RGBA [height, width, 4], as ImageData takes it
   */
  async paint(labelImage, width, height, seed, dropout) {
    /** @param {Float32Array} values @param {number} channels @param {number} scale */
    const tensor = (values, channels, scale) =>
      new this.runtime.Tensor('float32', values, [1, channels, height / scale, width / scale]);
    const noise = masks(seed, this.channels, height, width);
    if (!dropout) for (const mask of noise) mask.fill(1);
    const [mask1, mask2, mask3] = noise.map((mask, layer) => tensor(mask, this.channels, 128 >> layer));
    const inputs = { label_image: tensor(toPlanes(labelImage), 3, 1), mask1, mask2, mask3 };
    const { photo } = await this.session.run(inputs);
    return toRgba(/** @type {Float32Array} */ (await photo.getData(true)));
  }
}

/**
 * RGB [H, W, 3] of 0 to 255 → [3, H, W] of -1 to 1.
 *
 * @param {Uint8Array} rgb
 */
function toPlanes(rgb) {
  const size = rgb.length / 3;
  const planes = new Float32Array(rgb.length);
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < 3; c++) planes[c * size + i] = TO_FLOAT[rgb[3 * i + c]];
  }
  return planes;
}

/**
 * [3, H, W] of -1 to 1 → RGBA [H, W, 4]; the array clamps, and rounds halves to even, as `to_uint8` does.
 *
 * @param {Float32Array} planes
 */
function toRgba(planes) {
  const size = planes.length / 3;
  const rgba = new Uint8ClampedArray(4 * size).fill(255);
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < 3; c++) rgba[4 * i + c] = Math.fround(Math.fround(planes[c * size + i] + 1) * 127.5);
  }
  return rgba;
}
