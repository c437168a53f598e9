// @ts-check
// The pixels of an image file that a person opens, upright, and at most as large as needed.

const MAX_BYTES = 10_000_000;
const MAX_PIXELS = 25_000_000;
const MAX_SIDE = 1024;
const SIGNATURES = [/^89504e470d0a1a0a/, /^ffd8ff/, /^52494646.{8}57454250/]; // PNG, JPEG, WebP

/** @typedef {{ width: number, height: number, rgba: Uint8ClampedArray }} Pixels */

/**
 * Decodes a file, on a colour that shows behind transparent pixels, and without blending, so that no colour is made up.
 * Throws an Error with a sentence for people.
 * @param {File} file
 * @param {ArrayLike<number>} background red, green and blue
 * @returns {Promise<Pixels>}
 */
export async function readPixels(file, background) {
  if (file.size > MAX_BYTES) throw new Error('This file is larger than 10 MB, which is too much for an image.');
  const start = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  const hexadecimal = Array.from(start, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (!SIGNATURES.some((signature) => signature.test(hexadecimal))) {
    throw new Error('This file is not an image of a known format (PNG, JPEG, WEBP).');
  }
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: 'none' }).catch(() => {
    throw new Error('This file is damaged or incomplete; save or copy it again.');
  });
  if (bitmap.width * bitmap.height > MAX_PIXELS) {
    const size = `${bitmap.width}x${bitmap.height} pixels`;
    throw new Error(`This file is too large with ${size}; an image may have 25 million pixels.`);
  }
  const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('This browser has no memory left for the image.');
  context.imageSmoothingEnabled = false;
  context.fillStyle = `rgb(${Array.from(background).join()})`;
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  return { width, height, rgba: context.getImageData(0, 0, width, height).data };
}

/** Returns the columns of an image from `left` on. @type {(pixels: Pixels, left: number, width: number) => Pixels} */
export function crop({ width: whole, height, rgba }, left, width) {
  const part = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) {
    part.set(rgba.subarray(4 * (y * whole + left), 4 * (y * whole + left + width)), 4 * y * width);
  }
  return { width, height, rgba: part };
}

/** Returns the pixels with red and blue exchanged. @type {(pixels: Pixels) => Pixels} */
export function reversed({ width, height, rgba }) {
  const bgra = rgba.map((_, i) => rgba[i % 4 === 3 ? i : i - (i % 4) + 2 - (i % 4)]);
  return { width, height, rgba: bgra };
}

/** Returns the red values of a grey image; null if it has colours. @type {(pixels: Pixels) => Uint8Array | null} */
export function greyValues({ width, height, rgba }) {
  const values = new Uint8Array(width * height);
  for (let i = 0; i < values.length; i++) {
    if (rgba[4 * i] !== rgba[4 * i + 1] || rgba[4 * i] !== rgba[4 * i + 2]) return null;
    values[i] = rgba[4 * i];
  }
  return values;
}
