// @ts-check
// The models of one tab in the visitor's browser: loaded when they are needed, in a worker that is replaced if it fails.

/** @import { Shown } from '../comparison/comparison.js' */
/** @import { Engine } from '../in_browser/client.js' */
/** @import { ModelFile } from '../in_browser/model_store.js' */
/** @import { ModelWords, Subject, Work } from '../in_browser/views.js' */
import { PaintingClient } from '../in_browser/client.js';
import { show } from '../in_browser/views.js';

const PATIENCE = 30_000; // milliseconds for the images of a view; a worker that the system has ended never answers

/** @typedef {ModelFile & ModelWords} Model */
/** @typedef {Subject & { palette: number[], runtime: string, models: Model[] }} Wanted */

export class BrowserEngine {
  /** @type {PaintingClient | null} */
  #client = null;
  /** @type {Engine['engine'] | undefined} What is used instead of the best; WebAssembly once a GPU has failed. */
  #engine;
  /** @type {Engine | null} What paints; null until it can. */
  ready = null;

  /** Whether the models are loading. */
  get isLoading() {
    return this.#client !== null && this.ready === null;
  }

  /**
   * Loads the models, unless it is stopped; rejects with a sentence for people, after which it may be called again.
   * @param {Wanted} wanted
   * @param {(loaded: number) => void} onProgress gets the bytes so far
   */
  async load({ dataset: subject, runtime, palette, models }, onProgress) {
    const client = new PaintingClient();
    this.#client = client;
    const isStopped = () => this.#client !== client;
    try {
      const engine = this.#engine;
      const ready = await client.load({ subject, runtime, palette, models, engine }, (loaded) => {
        if (!isStopped()) onProgress(loaded);
      });
      if (!isStopped()) this.ready = ready;
    } catch (error) {
      if (isStopped()) return;
      this.stop();
      throw error;
    }
  }

  /**
   * Paints a view; if that fails, rejects with a sentence for people, and has to load again. Null if it was stopped.
   * @param {string} view
   * @param {Subject} subject
   * @param {Work} work
   * @returns {Promise<Shown | null>}
   */
  async paint(view, subject, work) {
    const client = /** @type {PaintingClient} */ (this.#client);
    let timer = 0;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error('Your browser did not answer.')), PATIENCE);
    });
    try {
      return await /** @type {Promise<Shown>} */ (Promise.race([show(view, subject, client, work), late]));
    } catch (error) {
      if (this.#client !== client) return null;
      if (this.ready?.engine === 'webgpu') this.#engine = 'wasm';
      this.stop();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Gives the memory back. */
  stop() {
    this.#client?.close();
    this.#client = this.ready = null;
  }
}
