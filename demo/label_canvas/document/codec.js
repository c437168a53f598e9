// @ts-check
// A label map as text: as runs for the server, compressed for links and the browser's storage.

/** @import { Pixels, Size } from './raster.js' */

/** @typedef {{ seed: number, dropout: boolean }} Settings What the images depend on besides the map. */
/** @typedef {Settings & { pixels: Pixels }} Work */
/** @typedef {Work & { size: Size }} SizedWork */

const MAX_RUN = 0xffff; // the length of a run travels as two bytes
const MAX_PACKED = 2; // characters per pixel; noise of all classes takes fewer
const MAX_SEED = 2 ** 32 - 1;
const DAMAGED = 'The map is damaged, or has another size than this canvas.';
const DEFLATED = '1'; // a format of work: the shortest, for links
const RUNS = '2'; // another one: made at once, for the storage, and for links in browsers that cannot deflate

/**
 * Packs a map as base64 of three bytes per run: class, length low byte, length high byte. The counterpart of decode()
 * in Python.
 * @param {Pixels} pixels
 */
export function encodeRuns(pixels) {
  /** @type {number[]} */
  const bytes = [];
  for (let start = 0; start < pixels.length; ) {
    let end = start + 1;
    while (end < pixels.length && pixels[end] === pixels[start] && end - start < MAX_RUN) end++;
    bytes.push(pixels[start], (end - start) & 0xff, (end - start) >> 8);
    start = end;
  }
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) text += String.fromCharCode(bytes[at], bytes[at + 1], bytes[at + 2]);
  return btoa(text);
}

/** @type {(runs: string, size: Size) => Pixels} */
export function decodeRuns(runs, { width, height }) {
  const pixels = new Uint8Array(width * height);
  const bytes = atob(runs);
  let position = 0;
  for (let at = 0; at < bytes.length; at += 3) {
    const length = bytes.charCodeAt(at + 1) | (bytes.charCodeAt(at + 2) << 8);
    pixels.fill(bytes.charCodeAt(at), position, position + length);
    position += length;
  }
  return pixels;
}

/**
 * Reads runs from a source that is not trusted. Throws an Error with one sentence.
 * @type {(runs: string, size: Size, classCount: number) => Pixels}
 */
function unpackRuns(runs, size, classCount) {
  const isBase64 = /^(?:[A-Za-z0-9+/]{4})*$/.test(runs); // three bytes per run need no padding
  const bytes = isBase64 && runs.length <= 4 * size.width * size.height ? atob(runs) : '';
  let length = 0;
  for (let at = 0; at < bytes.length; at += 3) length += bytes.charCodeAt(at + 1) | (bytes.charCodeAt(at + 2) << 8);
  if (length !== size.width * size.height) throw new Error(DAMAGED);
  return checkClasses(decodeRuns(runs, size), classCount);
}

/**
 * Packs a map as base64url of its deflated bytes: 0.5 to 2.3 kB for the examples.
 * @param {Pixels} pixels
 */
export async function packMap(pixels) {
  const stream = new Blob([pixels]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  let text = '';
  for (const byte of new Uint8Array(await new Response(stream).arrayBuffer())) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * Reads what packMap() made, from a source that is not trusted. Throws an Error with one sentence.
 * @type {(packed: string, size: Size, classCount: number) => Promise<Pixels>}
 */
export async function unpackMap(packed, { width, height }, classCount) {
  if (packed.length > MAX_PACKED * width * height) throw new Error('The map is longer than any that this page makes.');
  if (!/^[\w-]*$/.test(packed) || packed.length % 4 === 1) {
    throw new Error('The map has characters that do not belong there, or an end is missing.');
  }
  const text = atob(packed.replaceAll('-', '+').replaceAll('_', '/'));
  const pixels = await inflate(
    Uint8Array.from(text, (character) => character.charCodeAt(0)),
    width * height,
  );
  if (!pixels) throw new Error(DAMAGED);
  return checkClasses(pixels, classCount);
}

/** @type {(pixels: Pixels, classCount: number) => Pixels} */
function checkClasses(pixels, classCount) {
  if (pixels.some((classIndex) => classIndex >= classCount)) {
    throw new Error('The map holds classes that this palette does not have.');
  }
  return pixels;
}

/**
 * Returns exactly `length` bytes, or null. Stops as soon as there are more, because a few bytes can expand to
 * gigabytes.
 * @type {(bytes: Pixels, length: number) => Promise<Pixels | null>}
 */
async function inflate(bytes, length) {
  const inflated = new Uint8Array(length);
  const reader = new Blob([bytes]).stream().pipeThrough(makeInflater()).getReader();
  let position = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (position + part.value.length > length) return null;
      inflated.set(part.value, position);
      position += part.value.length;
    }
  } catch {
    return null; // these are not deflated bytes
  } finally {
    reader.cancel().catch(() => {});
  }
  return position === length ? inflated : null;
}

function makeInflater() {
  try {
    return new DecompressionStream('deflate-raw');
  } catch {
    throw new Error('Your browser is too old for it.');
  }
}

/**
 * Packs a map with its seed and dropout for a link.
 * @param {SizedWork} work
 */
export async function packWork(work) {
  const { pixels, size, ...settings } = work;
  const packed = await packMap(pixels).catch(() => null); // older browsers cannot deflate
  return packed === null ? packWorkNow(work) : `${DEFLATED}.${packed}${packSettings(settings)}${packSize(size)}`;
}

/**
 * Packs the same at once, a few times longer.
 * @param {SizedWork} work
 */
export function packWorkNow({ pixels, size, ...settings }) {
  return `${RUNS}.${encodeRuns(pixels)}${packSettings(settings)}${packSize(size)}`;
}

/**
 * Returns nothing for a square: its size follows from its number of pixels.
 * @param {Size} size
 */
const packSize = ({ width, height }) => (width === height ? '' : `&size=${width}x${height}`);

/** @param {Settings} settings */
function packSettings({ seed, dropout }) {
  const isSeed = Number.isInteger(seed) && seed >= 0 && seed <= MAX_SEED; // not while a seed is being typed
  return `&seed=${isSeed ? seed : 1}&dropout=${Number(dropout)}`;
}

/**
 * Reads what packWork() or packWorkNow() made, from a source that is not trusted. Throws an Error with one sentence.
 * @type {(text: string, size: Size, classCount: number) => Promise<Work>}
 */
export async function unpackWork(text, size, classCount) {
  const parts = /^(\d+)\.([^&]*)&seed=(\d{1,10})&dropout=([01])(&size=\d+x\d+)?$/.exec(text);
  if (!parts) throw new Error('Its end is missing, or it was changed.');
  const [, format, packed, seed, dropout, packedSize = ''] = parts;
  if (format !== DEFLATED && format !== RUNS) throw new Error('It was made by another version of this page.');
  if (Number(seed) > MAX_SEED) throw new Error(`Its seed is not a whole number from 0 to ${MAX_SEED}.`);
  if (packedSize !== packSize(size)) throw new Error(DAMAGED);
  const unpack = format === RUNS ? unpackRuns : unpackMap;
  return { pixels: await unpack(packed, size, classCount), seed: Number(seed), dropout: dropout === '1' };
}
