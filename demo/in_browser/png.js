// @ts-check
// PNG files, written byte by byte: some browsers change the pixels of a canvas when a page reads them.

/** @import { Size } from '../label_canvas/document/raster.js' */

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const [INDEXED, COLOUR] = [3, 2]; // types of pixels in the header

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/**
 * Writes a file whose pixel values are class indices, as `to_png` in Python does.
 * @param {Uint8Array} labelMap [height, width]
 * @param {Size} size
 * @param {ArrayLike<number>} palette red, green and blue of each class, one after the other
 */
export function indexedPng(labelMap, size, palette) {
  const { width, height } = size;
  const rows = new Uint8Array(height * (width + 1)); // each row begins with its filter, 0 for none
  for (let y = 0; y < height; y++) rows.set(labelMap.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  return writePng(size, INDEXED, rows, [chunk('PLTE', Uint8Array.from(palette))]);
}

/**
 * Writes an image without its alpha.
 * @param {Uint8ClampedArray} rgba [height, width, 4]
 * @param {Size} size
 */
export function colourPng(rgba, size) {
  const { width, height } = size;
  const rows = new Uint8Array(height * (3 * width + 1));
  for (let y = 0, at = 0, from = 0; y < height; y++) {
    rows[at++] = 1; // differences from the pixel to the left compress better
    for (let x = 0; x < width; x++, from += 4) {
      for (let c = 0; c < 3; c++) rows[at++] = rgba[from + c] - (x ? rgba[from - 4 + c] : 0);
    }
  }
  return writePng(size, COLOUR, rows, []);
}

/**
 * Returns a file as a data URL. Equal images have equal URLs.
 * @param {Blob} png
 * @returns {Promise<string>}
 */
export function toDataUrl(png) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(png);
  });
}

/**
 * @param {Size} size
 * @param {number} type
 * @param {Uint8Array<ArrayBuffer>} rows
 * @param {Uint8Array<ArrayBuffer>[]} more chunks before the pixels
 */
async function writePng({ width, height }, type, rows, more) {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8); // bits
  header.setUint8(9, type);
  const deflated = new Blob([rows]).stream().pipeThrough(new CompressionStream('deflate'));
  const pixels = new Uint8Array(await new Response(deflated).arrayBuffer());
  const chunks = [chunk('IHDR', new Uint8Array(header.buffer)), ...more, chunk('IDAT', pixels), chunk('IEND')];
  return new Blob([Uint8Array.from(SIGNATURE), ...chunks], { type: 'image/png' });
}

/** @param {string} name @param {Uint8Array} [content] */
function chunk(name, content = new Uint8Array()) {
  const bytes = new Uint8Array(12 + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = name.charCodeAt(i);
  bytes.set(content, 8);
  view.setUint32(8 + content.length, crc(bytes.subarray(4, 8 + content.length)));
  return bytes;
}

/** @param {Uint8Array} bytes */
function crc(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = CRC_TABLE[(value ^ byte) & 0xff] ^ (value >>> 8);
  return ~value >>> 0;
}
