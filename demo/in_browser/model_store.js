// @ts-check
// Model files, fetched once: with progress, checked against their hash, and kept in the browser's cache for the next visit.

const CACHE = 'pix2pix-models';

/**
 * @typedef {object} ModelFile
 * @property {string} url where the file is
 * @property {string} sha256 its hash, 64 hexadecimal digits; the key in the cache
 * @property {number} bytes its size
 */

/**
 * Reads a model from the cache, else from the network.
 *
 * Pages without https have neither a cache nor hashes; there the file is fetched on each visit, unchecked.
 *
 * @param {ModelFile} file
 * @param {(loaded: number) => void} [onProgress] gets the bytes so far
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 * @throws {Error} if the file is unavailable, or not the one with this hash; the message is a sentence for people
 */
export async function readModel({ url, sha256, bytes }, onProgress = () => {}) {
  const key = new URL(`?sha256=${sha256}`, url).href;
  const cache = await globalThis.caches?.open(CACHE).catch(() => undefined);
  const kept = await cache?.match(key);
  if (kept) {
    const model = new Uint8Array(await kept.arrayBuffer());
    onProgress(model.length);
    return model;
  }
  const model = await download(url, bytes, onProgress);
  if (globalThis.crypto?.subtle && (await hash(model)) !== sha256) {
    throw new Error('A model is damaged or was replaced.');
  }
  await cache?.put(key, new Response(model)).catch(() => {}); // without room for it, the next visit downloads it again
  return model;
}

/**
 * Deletes the models that a site no longer offers.
 *
 * @param {string[]} hashes of the models to keep
 */
export async function forgetOthers(hashes) {
  const cache = await globalThis.caches?.open(CACHE).catch(() => undefined);
  for (const request of (await cache?.keys()) ?? []) {
    if (!hashes.includes(new URL(request.url).searchParams.get('sha256') ?? '')) await cache?.delete(request);
  }
}

/**
 * @param {string} url
 * @param {number} bytes
 * @param {(loaded: number) => void} onProgress
 */
async function download(url, bytes, onProgress) {
  const noConnection = () => new Error('A model could not be downloaded: there is no connection.');
  const response = await fetch(url).catch(() => Promise.reject(noConnection()));
  if (!response.ok || !response.body) {
    throw new Error(`A model could not be downloaded: the server answered ${response.status}.`);
  }
  const model = new Uint8Array(bytes);
  let loaded = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(() => Promise.reject(noConnection()));
    if (done) break;
    if (loaded + value.length > bytes) break; // not this file; its hash or size will tell
    model.set(value, loaded);
    loaded += value.length;
    onProgress(loaded);
  }
  if (loaded !== bytes) throw new Error('A model did not arrive whole.');
  return model;
}

/** @param {Uint8Array<ArrayBuffer>} data */
async function hash(data) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', data));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
