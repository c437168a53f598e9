// @ts-check
// Model files, fetched once: with progress, checked against their hash, and kept in the browser's cache for later.

const CACHE = 'pix2pix-models';
const SILENCE = 30_000; // milliseconds without a byte, after which a download has failed

/**
 * @typedef {object} ModelFile
 * @property {string} url where the file is
 * @property {string} sha256 its hash, 64 hexadecimal digits; the key in the cache
 * @property {number} bytes its size
 */

/**
 * Reads a model from the cache, else from the network.
 *
 * Pages without https have neither a cache nor hashes; there the file is fetched on each visit, unchecked. Where
 * storage is forbidden or damaged, it is fetched on each visit, too. Elsewhere a file that is being downloaded, by the
 * page, a worker or another page, is waited for.
 *
 * @param {ModelFile} file
 * @param {(loaded: number) => void} [onProgress] gets the bytes so far
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 * @throws {Error} if the file is unavailable, or not the one with this hash; the message is a sentence for people
 */
export async function readModel(file, onProgress = () => {}) {
  const cache = await openCache();
  const read = () => readThrough(file, cache, onProgress);
  return cache && navigator.locks ? navigator.locks.request(`${CACHE} ${file.sha256}`, read) : read();
}

/**
 * Returns whether all of these models are in the cache.
 *
 * @param {ModelFile[]} files
 */
export async function areKept(files) {
  const cache = await openCache();
  const kept = await Promise.all(files.map((file) => orNothing(async () => cache?.match(keyOf(file)))));
  return kept.every(Boolean);
}

/**
 * Deletes the models that a site no longer offers.
 *
 * @param {string[]} hashes of the models to keep
 * @param {string} folder the address of the site's models, with a slash at its end: hosts have other sites beside it
 */
export async function forgetOthers(hashes, folder) {
  const cache = await openCache();
  for (const { url } of (await orNothing(async () => cache?.keys())) ?? []) {
    const isOther = !hashes.includes(new URL(url).searchParams.get('sha256') ?? '');
    if (url.startsWith(folder) && isOther) await orNothing(async () => cache?.delete(url));
  }
}

const openCache = () => orNothing(async () => globalThis.caches?.open(CACHE));

/**
 * What the browser's storage answers, or undefined if it fails: it may be forbidden, full or damaged.
 * @type {<Answer>(ask: () => Promise<Answer>) => Promise<Answer | undefined>}
 */
async function orNothing(ask) {
  try {
    return await ask();
  } catch {}
}

/** @param {ModelFile} file */
const keyOf = ({ url, sha256 }) => new URL(`?sha256=${sha256}`, url).href;

/**
 * @type {(file: ModelFile, cache: Cache | undefined, onProgress: (loaded: number) => void) =>
 *   Promise<Uint8Array<ArrayBuffer>>}
 */
async function readThrough(file, cache, onProgress) {
  const kept = await orNothing(async () => (await cache?.match(keyOf(file)))?.arrayBuffer());
  if (kept) {
    onProgress(kept.byteLength);
    return new Uint8Array(kept);
  }
  const model = await download(file, onProgress);
  if (globalThis.crypto?.subtle && (await hash(model)) !== file.sha256) {
    throw new Error('A model is damaged or was replaced.');
  }
  await orNothing(async () => cache?.put(keyOf(file), new Response(model))); // the next visit tries again
  return model;
}

/** @type {(file: ModelFile, onProgress: (loaded: number) => void) => Promise<Uint8Array<ArrayBuffer>>} */
async function download({ url, bytes }, onProgress) {
  const failed = (/** @type {string} */ why) => new Error(`A model could not be downloaded: ${why}.`);
  const silence = new AbortController();
  /** Waits for the next part, but not for ever. @type {<Part>(part: Promise<Part>) => Promise<Part>} */
  const next = async (part) => {
    const timer = setTimeout(() => silence.abort(), SILENCE);
    try {
      return await part;
    } catch {
      throw failed(silence.signal.aborted ? 'the connection is silent' : 'there is no connection');
    } finally {
      clearTimeout(timer);
    }
  };
  const response = await next(fetch(url, { signal: silence.signal }));
  if (!response.ok || !response.body) throw failed(`the server answered ${response.status}`);
  const model = new Uint8Array(bytes);
  let loaded = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await next(reader.read());
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
