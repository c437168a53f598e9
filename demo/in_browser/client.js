// @ts-check
// The page's side of the worker: loads the models of a subject and paints with them.

/** @import { Size } from '../label_canvas/document/raster.js' */
/** @typedef {import('./model_store.js').ModelFile} ModelFile */
/** @typedef {{ image: Uint8ClampedArray<ArrayBuffer>, url: string, milliseconds: number }} Painting see worker.js */
/** @typedef {{ engine: 'webgpu' | 'wasm', threads: number }} Engine */
/** @typedef {{ subject: string, runtime: string, models: ModelFile[], palette: number[] } & Partial<Engine>} Wanted */
/**
 * @typedef {object} Job What is painted.
 * @property {string} subject
 * @property {Uint8Array} labelMap class indices [height, width]
 * @property {Size} size multiples of 256
 * @property {boolean} dropout
 * @property {{ model: number, seed: number }[]} paintings
 */

/**
 * @template Result
 * @typedef {{ resolve: (result: Result) => void, reject: (error: Error) => void }} Waiting
 */

const PATIENCE = 120_000; // milliseconds for an image: GPUs compile first, and a worker that has ended never answers

export class PaintingClient {
  #timer = 0;
  #ids = 0;
  /** @type {Map<number, Waiting<Painting[]> & { paintings: Painting[] }>} */
  #jobs = new Map();
  /** @type {Map<string, Waiting<Engine> & { onProgress: (loaded: number) => void }>} */
  #loads = new Map();

  constructor() {
    this.worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
    this.worker.onmessage = ({ data }) => this.#hear(data);
    this.worker.onerror = () => this.#failAll('The part of the page that paints could not be loaded, or stopped.');
  }

  /**
   * Loads models; rejects with a sentence for people.
   * @param {Wanted} wanted see `Load` of worker.js
   * @param {(loaded: number) => void} onProgress gets the bytes so far
   * @returns {Promise<Engine>}
   */
  load(wanted, onProgress) {
    return new Promise((resolve, reject) => {
      this.#loads.set(wanted.subject, { onProgress, resolve, reject });
      this.worker.postMessage({ type: 'load', ...wanted });
    });
  }

  /**
   * Paints; rejects with a sentence for people. Resolves once all paintings are done, in their order.
   * @param {Job} job
   * @returns {Promise<Painting[]>}
   */
  paint({ size, ...job }) {
    return new Promise((resolve, reject) => {
      const id = ++this.#ids;
      this.#jobs.set(id, { paintings: [], resolve, reject });
      if (this.#jobs.size === 1) this.#waitForImage();
      this.worker.postMessage({ type: 'paint', id, ...size, ...job });
    });
  }

  /** @param {any} message see worker.js */
  #hear({ type, id, subject, ...message }) {
    const load = this.#loads.get(subject);
    const job = this.#jobs.get(id);
    if (type === 'progress') load?.onProgress(message.loaded);
    if (type === 'ready') load?.resolve({ engine: message.engine, threads: message.threads });
    if (type === 'unavailable') load?.reject(new Error(message.message));
    if (type === 'painted') job?.paintings.push(message);
    if (type === 'done') job?.resolve(job.paintings);
    if (type === 'failed') job?.reject(new Error(message.message));
    if (['done', 'failed'].includes(type)) this.#jobs.delete(id);
    this.#waitForImage();
  }

  #waitForImage() {
    clearTimeout(this.#timer);
    if (this.#jobs.size) this.#timer = setTimeout(() => this.#failAll('Your browser did not answer.'), PATIENCE);
  }

  /** Ends the worker, which gives its memory back; whatever is under way rejects. */
  close() {
    this.worker.terminate();
    this.#failAll('The part of the page that paints was stopped.');
  }

  /** @param {string} sentence */
  #failAll(sentence) {
    for (const waiting of [...this.#jobs.values(), ...this.#loads.values()]) waiting.reject(new Error(sentence));
    this.#jobs.clear();
    clearTimeout(this.#timer);
  }
}
