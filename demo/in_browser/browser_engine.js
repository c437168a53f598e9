// @ts-check
// The models of one tab in the visitor's browser: loaded when needed, in a worker that is replaced if it fails.

/** @import { Engine } from './client.js' */
/** @import { ModelFile } from './model_store.js' */
import { PaintingClient } from './client.js';

/** @typedef {{ dataset: string, palette: number[], runtime: string, models: ModelFile[] }} Wanted */

export class BrowserEngine {
  /** @type {PaintingClient | null} */
  #client = null;
  /** @type {Engine | null} What paints; null until it can. */
  ready = null;

  /** @param {Partial<Engine>} [wanted] instead of the best engine, and of as many threads as there are cores */
  constructor(wanted = {}) {
    this.wanted = { ...wanted };
  }

  /** Whether the models are loading. */
  get isLoading() {
    return this.#client !== null && this.ready === null;
  }

  /**
   * Loads the models, unless it is stopped; rejects with a sentence for people, after which it may be called again.
   * @param {Wanted} models
   * @param {(loaded: number) => void} onProgress gets the bytes so far
   */
  async load({ dataset: subject, runtime, palette, models }, onProgress) {
    const client = new PaintingClient();
    this.#client = client;
    const isStopped = () => this.#client !== client;
    try {
      const ready = await client.load({ subject, runtime, palette, models, ...this.wanted }, (loaded) => {
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
   * Paints; if that fails, rejects with a sentence for people, and has to load again, without the GPU. Null if it was
   * stopped.
   * @template Painted
   * @param {(client: PaintingClient) => Promise<Painted>} paint
   * @returns {Promise<Painted | null>}
   */
  async use(paint) {
    const client = this.#client;
    if (!client) return null;
    try {
      return await paint(client);
    } catch (error) {
      if (this.#client !== client) return null;
      if (this.ready?.engine === 'webgpu') this.wanted.engine = 'wasm';
      this.stop();
      throw error;
    }
  }

  /** Gives the memory back. */
  stop() {
    this.#client?.close();
    this.#client = this.ready = null;
  }
}

/** @param {Engine} engine */
export function nameEngine({ engine, threads }) {
  return engine === 'webgpu' ? 'WebGPU' : `WebAssembly on ${threads} thread${threads === 1 ? '' : 's'}`;
}
