// @ts-check
// Turns label maps into label images like those that the generators were trained on, level for level as
// `Painter.label_image` does in Python.

import { throughJpeg } from './jpeg.js';

// A Gaussian of sigma 0.6 pixels in 256ths, rounded as in pix2pix.pixel_values.smooth, at distances of 0, 1 and 2.
const [CENTRE, NEAR, FAR] = [170, 42, 1];

/**
 * Paints each class in its colour, with the soft edges and the JPEG noise of the archives' label images.
 *
 * @param {Uint8Array} labelMap class indices [height, width]
 * @param {number} width a multiple of 16
 * @param {number} height a multiple of 16
 * @param {ArrayLike<number>} palette red, green and blue of each class, one after the other
 * @returns {Uint8Array} RGB [height, width, 3]
 */
export function labelImage(labelMap, width, height, palette) {
  const rgb = new Uint8Array(3 * labelMap.length);
  for (let i = 0; i < labelMap.length; i++) {
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = palette[3 * labelMap[i] + c];
  }
  return throughJpeg(smooth(rgb, width, height), width, height);
}

/**
 * Blurs first the columns, then the rows. Beyond an edge, its pixels repeat.
 *
 * @param {Uint8Array} rgb [height, width, 3]
 * @param {number} width
 * @param {number} height
 * @returns {Uint8Array} [height, width, 3]
 */
export function smooth(rgb, width, height) {
  const columns = blurLines(rgb, width, height, 3, 3 * width);
  return blurLines(columns, height, width, 3 * width, 3);
}

/**
 * @param {Uint8Array} values
 * @param {number} lines how many lines lie side by side
 * @param {number} length pixels of a line
 * @param {number} lineStep distance of two lines in `values`
 * @param {number} step distance of two pixels of a line in `values`
 */
function blurLines(values, lines, length, lineStep, step) {
  const blurred = new Uint8Array(values.length);
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < length; i++) {
      const start = line * lineStep;
      const at = start + i * step;
      const [before, after] = [start + Math.max(i - 1, 0) * step, start + Math.min(i + 1, length - 1) * step];
      const [first, last] = [start + Math.max(i - 2, 0) * step, start + Math.min(i + 2, length - 1) * step];
      for (let c = 0; c < 3; c++) {
        const near = values[before + c] + values[after + c];
        const far = values[first + c] + values[last + c];
        blurred[at + c] = (CENTRE * values[at + c] + NEAR * near + FAR * far + 128) >> 8;
      }
    }
  }
  return blurred;
}
