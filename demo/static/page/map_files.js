// @ts-check
// Reads label maps from image files that people open. The rules and sentences are those of demo/map_files.py and
// pix2pix/data/label_images.py, but for numbers behind the colour table of a file, which browsers do not show.

/** @import { Size } from '../../label_canvas/document/raster.js' */
/** @import { Numbering } from './class_numbers.js' */
/** @import { Pixels } from './pixels.js' */
import { classesFromNumbers } from './class_numbers.js';
import { crop, greyValues, readPixels, reversed } from './pixels.js';

const MAX_SIDE = 1024;
const EVEN_LEVELS = 6;
const NEAR_DISTANCE = 7;
const FAR_DISTANCE = 60;
const LEAST_NEAR = 0.3;
const BGR_GAIN = 0.06;
const SAME_SHAPE = 0.98;
const WORTH_SAYING = 0.0005; // the share of guessed pixels that is reported; it is shown as 0.1%

/** @typedef {{ size: Size, palette: number[], names: string[], background: number, numbering: Numbering }} Reading */
/** @typedef {{ width: number, height: number, classes: Uint8Array, squared?: Uint32Array }} Classes */
/** @typedef {{ labelMap: Uint8Array<ArrayBuffer>, words: string, isFitted: boolean }} OpenedMap */

/**
 * Reads a file; throws an Error with a sentence for people.
 * @param {File} file
 * @param {Reading} reading
 * @param {boolean} [isStretched] over the whole map, instead of fitted into it
 * @returns {Promise<OpenedMap>}
 */
export async function openLabelMap(file, { size, palette, names, background, numbering }, isStretched = false) {
  const pixels = await readPixels(file, palette.slice(3 * background, 3 * background + 3));
  const numbers = readNumbers(pixels, palette, numbering, file.name);
  const { label, half } = numbers ? { label: pixels, half: '' } : labelHalfOfPair(pixels, palette, size);
  const classes = numbers ?? nearestClasses(label, palette);
  if (!numbers) refuseOther(label, classes, palette);
  const far = share(classes.squared ?? [], (squared) => squared > FAR_DISTANCE ** 2);
  const inner = isStretched ? size : fittedSize(classes, size);
  const isFitted = inner !== size;
  const words = [
    numbers && `This file is read as ${numbers.kind}.`,
    half && `This file is a pair; the label map, its ${half} half, is on the canvas.`,
    isFitted && `Its shape differs from the canvas, so it is fitted, with ${names[background]} around it.`,
    far >= WORTH_SAYING &&
      `${(100 * far).toFixed(1)}% of the pixels were far from every colour of the palette and became ` +
        'the class of the nearest colour.',
  ];
  const labelMap = place(resize(classes, inner, size, names.length), inner, size, background);
  return { labelMap, words: words.filter(Boolean).join(' '), isFitted };
}

/**
 * @type {(pixels: Pixels, palette: number[], numbering: Numbering, name: string) =>
 *   (Classes & { kind: string }) | null}
 */
function readNumbers(pixels, palette, numbering, name) {
  const grey = greyValues(pixels);
  const found = grey && classesFromNumbers(grey, pixels.width, numbering, palette.length / 3, name);
  return found && { ...found, width: pixels.width, height: pixels.height };
}

/** @type {(pixels: Pixels, palette: number[], size: Size) => { label: Pixels, half: string }} */
function labelHalfOfPair(pixels, palette, size) {
  const { width, height } = pixels;
  if (width * size.height !== 2 * height * size.width || width % 2) return { label: pixels, half: '' };
  const [left, right] = [crop(pixels, 0, width / 2), crop(pixels, width / 2, width / 2)];
  const [leftIsMap, rightIsMap] = [left, right].map((half) => shareOfPalette(half, palette) >= LEAST_NEAR);
  if (leftIsMap === rightIsMap) return { label: pixels, half: '' };
  return leftIsMap ? { label: left, half: 'left' } : { label: right, half: 'right' };
}

/**
 * Throws an Error unless an image is painted in the palette.
 * @type {(pixels: Pixels, classes: Classes, palette: number[]) => void}
 */
function refuseOther(pixels, classes, palette) {
  const found = shareOfPalette(pixels, palette, classes);
  const isSure = found > 1 - BGR_GAIN;
  if (!isSure && shareOfPalette(reversed(pixels), palette) >= Math.max(LEAST_NEAR, found + BGR_GAIN)) {
    throw new Error('This file has red and blue exchanged (BGR); save it as RGB.');
  }
  if (found >= LEAST_NEAR) return;
  throw new Error(
    'This file looks like a photo, or a map in other colours ' +
      `(${Math.round(100 * found)}% of its flat areas have a colour of the palette); ` +
      "choose an image painted in the palette's colours.",
  );
}

/**
 * Finds the nearest colour of every pixel: classes, and the squares of their distances in RGB.
 * @type {(pixels: Pixels, palette: number[]) => Required<Classes>}
 */
function nearestClasses({ width, height, rgba }, palette) {
  const classes = new Uint8Array(width * height);
  const squared = new Uint32Array(classes.length);
  /** @type {Map<number, [number, number]>} */
  const known = new Map(); // most pixels have one of a few colours
  for (let i = 0; i < classes.length; i++) {
    const color = (rgba[4 * i] << 16) | (rgba[4 * i + 1] << 8) | rgba[4 * i + 2];
    const found = known.get(color) ?? nearestClass(color, palette);
    known.set(color, found);
    [classes[i], squared[i]] = found;
  }
  return { width, height, classes, squared };
}

/** @type {(color: number, palette: number[]) => [number, number]} */
function nearestClass(color, palette) {
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (let index = 0; 3 * index < palette.length; index++) {
    const differences = [16, 8, 0].map((shift, c) => ((color >> shift) & 255) - palette[3 * index + c]);
    const squared = differences.reduce((sum, difference) => sum + difference * difference, 0);
    if (squared < least) [best, least] = [index, squared];
  }
  return [best, least];
}

/**
 * Returns the share of even areas that has a colour of the palette. Exact colours count everywhere.
 * @type {(pixels: Pixels, palette: number[], classes?: Classes) => number}
 */
function shareOfPalette(pixels, palette, { squared } = nearestClasses(pixels, palette)) {
  const { width, rgba } = pixels;
  const isEven = (/** @type {number} */ i, /** @type {number} */ other) =>
    [0, 1, 2].every((c) => Math.abs(rgba[4 * i + c] - rgba[4 * other + c]) <= EVEN_LEVELS);
  const counted = (squared ?? new Uint32Array()).filter(
    (distance, i) => distance === 0 || ((i % width === 0 || isEven(i, i - 1)) && (i < width || isEven(i, i - width))),
  );
  return share(counted, (distance) => distance <= NEAR_DISTANCE ** 2);
}

/** @type {(values: ArrayLike<number>, isCounted: (value: number) => boolean) => number} */
function share(values, isCounted) {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (isCounted(values[i])) count++;
  return values.length ? count / values.length : 0;
}

/**
 * Returns the largest size in the proportions of a shape that fits; `size` itself if the shape is almost the same.
 * @type {(shape: Size, size: Size) => Size}
 */
function fittedSize(shape, size) {
  const scale = Math.min(size.width / shape.width, size.height / shape.height);
  const [width, height] = [shape.width, shape.height].map((side) => Math.max(1, Math.round(side * scale)));
  return width >= SAME_SHAPE * size.width && height >= SAME_SHAPE * size.height ? size : { width, height };
}

/**
 * Resizes classes; where they shrink, the majority decides, and the lowest class wins a tie.
 * @type {(classes: Classes, inner: Size, size: Size, classCount: number) => Uint8Array}
 */
function resize({ width, height, classes }, inner, size, classCount) {
  const fine = Math.max(1, Math.floor(MAX_SIDE / Math.max(size.width, size.height)));
  const source = (/** @type {number} */ at, /** @type {number} */ from, /** @type {number} */ to) =>
    Math.floor(((at + 0.5) * from) / (fine * to));
  const resized = new Uint8Array(inner.width * inner.height);
  const votes = new Uint16Array(classCount);
  for (let i = 0; i < resized.length; i++) {
    votes.fill(0);
    for (let part = 0; part < fine * fine; part++) {
      const y = source(fine * Math.floor(i / inner.width) + Math.floor(part / fine), height, inner.height);
      const x = source(fine * (i % inner.width) + (part % fine), width, inner.width);
      votes[classes[y * width + x]]++;
    }
    resized[i] = votes.indexOf(Math.max(...votes));
  }
  return resized;
}

/**
 * Puts a map into the middle of a larger one.
 * @type {(part: Uint8Array, inner: Size, size: Size, background: number) => Uint8Array<ArrayBuffer>}
 */
function place(part, inner, size, background) {
  const labelMap = new Uint8Array(size.width * size.height).fill(background);
  const [left, top] = [Math.floor((size.width - inner.width) / 2), Math.floor((size.height - inner.height) / 2)];
  for (let y = 0; y < inner.height; y++) {
    labelMap.set(part.subarray(y * inner.width, (y + 1) * inner.width), (top + y) * size.width + left);
  }
  return labelMap;
}
