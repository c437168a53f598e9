// @ts-check
// Drawing on the pixels of a label map: class indices, row by row. Points may lie outside of the map.

/** @typedef {Uint8Array<ArrayBuffer>} Pixels */
/** @typedef {{ width: number, height: number }} Size Of a map, in pixels. */
/** @typedef {{ x: number, y: number }} Point A pixel, in whole numbers. */
/** @typedef {{ left: number, top: number, right: number, bottom: number }} Box All four sides belong to the box. */

/**
 * Returns the rows of a disc: the pixels whose centres lie within half a diameter of the disc's centre.
 * @param {number} diameter
 * @returns {[dy: number, firstDx: number, lastDx: number][]}
 */
export function discRows(diameter) {
  const centre = (diameter - 1) / 2;
  const shift = Math.floor(centre);
  return Array.from({ length: diameter }, (_, row) => {
    const half = Math.sqrt((diameter / 2) ** 2 - (row - centre) ** 2);
    return [row - shift, Math.ceil(centre - half) - shift, Math.floor(centre + half) - shift];
  });
}

/** @type {(pixels: Pixels, size: Size, y: number, fromX: number, toX: number, classIndex: number) => void} */
function fillRow(pixels, { width, height }, y, fromX, toX, classIndex) {
  if (y < 0 || y >= height) return;
  // Cut at both ends: fill() would count negative positions from the end.
  const first = Math.max(fromX, 0);
  const last = Math.min(toX, width - 1);
  if (first <= last) pixels.fill(classIndex, y * width + first, y * width + last + 1);
}

/**
 * Draws a straight stroke with round ends; a single dot if both points are the same.
 * @type {(pixels: Pixels, size: Size, from: Point, to: Point, diameter: number, classIndex: number) => void}
 */
export function drawSegment(pixels, size, from, to, diameter, classIndex) {
  const rows = discRows(diameter);
  const steps = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y), 1);
  for (let step = 0; step <= steps; step++) {
    const x = Math.round(from.x + ((to.x - from.x) * step) / steps);
    const y = Math.round(from.y + ((to.y - from.y) * step) / steps);
    for (const [dy, firstDx, lastDx] of rows) fillRow(pixels, size, y + dy, x + firstDx, x + lastDx, classIndex);
  }
}

/**
 * Returns the nearest pixel of the map.
 * @type {(point: Point, size: Size) => Point}
 */
export function clampPoint({ x, y }, { width, height }) {
  return { x: Math.min(Math.max(x, 0), width - 1), y: Math.min(Math.max(y, 0), height - 1) };
}

/**
 * Returns the box of all grid cells between two points, including the cells of the points; a step of 1 means single
 * pixels.
 * @type {(from: Point, to: Point, step: number) => Box}
 */
export function boxBetween(from, to, step) {
  const cellStart = (/** @type {number} */ position) => Math.floor(position / step) * step;
  return {
    left: cellStart(Math.min(from.x, to.x)),
    top: cellStart(Math.min(from.y, to.y)),
    right: cellStart(Math.max(from.x, to.x)) + step - 1,
    bottom: cellStart(Math.max(from.y, to.y)) + step - 1,
  };
}

/**
 * Turns a line to the nearest of eight directions and returns its new end.
 * @type {(from: Point, to: Point) => Point}
 */
export function turnTo45(from, to) {
  const [width, height] = [Math.abs(to.x - from.x), Math.abs(to.y - from.y)];
  const slope = Math.tan(Math.PI / 8); // half-way between two directions
  if (height < width * slope) return { x: to.x, y: from.y };
  if (width < height * slope) return { x: from.x, y: to.y };
  const length = Math.round((width + height) / 2);
  return { x: from.x + Math.sign(to.x - from.x) * length, y: from.y + Math.sign(to.y - from.y) * length };
}

/**
 * Returns the corner that makes a square of the grid cells between two points, as wide as the longer side.
 * @type {(from: Point, to: Point, step: number) => Point}
 */
export function squareCorner(from, to, step) {
  const cells = (/** @type {number} */ one, /** @type {number} */ other) =>
    Math.floor(other / step) - Math.floor(one / step);
  const [dx, dy] = [cells(from.x, to.x), cells(from.y, to.y)];
  const length = step * Math.max(Math.abs(dx), Math.abs(dy));
  return { x: from.x + (dx < 0 ? -length : length), y: from.y + (dy < 0 ? -length : length) };
}

/** @type {(pixels: Pixels, size: Size, box: Box, classIndex: number) => void} */
export function drawBox(pixels, size, { left, top, right, bottom }, classIndex) {
  for (let y = top; y <= bottom; y++) fillRow(pixels, size, y, left, right, classIndex);
}

/**
 * Draws a filled polygon with its outline. Areas that a self-crossing polygon encloses an even number of times stay
 * empty.
 * @type {(pixels: Pixels, size: Size, corners: Point[], classIndex: number) => void}
 */
export function drawPolygon(pixels, size, corners, classIndex) {
  const edges = corners.map((corner, index) => [corner, corners[(index + 1) % corners.length]]);
  for (let y = 0; y < size.height; y++) {
    const crossings = edges
      .filter(([from, to]) => from.y <= y !== to.y <= y) // a corner on the row belongs to one of its two edges
      .map(([from, to]) => from.x + ((y - from.y) * (to.x - from.x)) / (to.y - from.y))
      .sort((one, other) => one - other);
    for (let at = 0; at < crossings.length; at += 2) {
      fillRow(pixels, size, y, Math.ceil(crossings[at]), Math.floor(crossings[at + 1]), classIndex);
    }
  }
  for (const [from, to] of edges) drawSegment(pixels, size, from, to, 1, classIndex);
}

/**
 * Repaints the region of one class around a point. Pixels that touch only at a corner are not connected.
 * @type {(pixels: Pixels, size: Size, start: Point, classIndex: number) => void}
 */
export function floodFill(pixels, { width }, start, classIndex) {
  const target = pixels[start.y * width + start.x];
  if (target === classIndex) return;
  const stack = [start.y * width + start.x];
  for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
    if (pixels[index] !== target) continue;
    pixels[index] = classIndex;
    const x = index % width;
    if (x > 0) stack.push(index - 1);
    if (x < width - 1) stack.push(index + 1);
    if (index >= width) stack.push(index - width);
    if (index + width < pixels.length) stack.push(index + width);
  }
}

/** @type {(one: Pixels, other: Pixels) => boolean} */
export function areEqual(one, other) {
  return one.every((classIndex, index) => classIndex === other[index]);
}

/**
 * Flips the map left to right, in place. To mirror a drawing exactly, draw it on the flipped map and flip back.
 * @type {(pixels: Pixels, size: Size) => void}
 */
export function flip(pixels, { width }) {
  for (let start = 0; start < pixels.length; start += width) pixels.subarray(start, start + width).reverse();
}

/**
 * Spreads equal pieces evenly over a length and returns their offsets; a count of 0 means as many as fit.
 * @type {(length: number, piece: number, count: number) => number[]}
 */
export function spreadPieces(length, piece, count) {
  const number = count || Math.max(1, Math.floor(length / piece));
  const gap = number > 1 ? (length - piece) / (number - 1) : 0;
  return Array.from({ length: number }, (_, index) => Math.round(index * gap));
}

/**
 * Copies a box of one map to another place of a second map, cut at the edges.
 * @type {(source: Pixels, target: Pixels, size: Size, box: Box, left: number, top: number) => void}
 */
export function copyBox(source, target, { width, height }, box, left, top) {
  for (let y = box.top; y <= box.bottom; y++) {
    const row = top + y - box.top;
    if (row < 0 || row >= height) continue;
    const first = Math.max(left, 0);
    const last = Math.min(left + box.right - box.left, width - 1);
    const start = y * width + box.left - left;
    if (first <= last) target.set(source.subarray(start + first, start + last + 1), row * width + first);
  }
}

/**
 * Returns the smallest box around all pixels in which two maps differ; null if they are equal.
 * @type {(one: Pixels, other: Pixels, size: Size) => Box | null}
 */
export function boxOfDifference(one, other, { width, height }) {
  const box = { left: width, top: height, right: -1, bottom: -1 };
  for (let index = 0; index < one.length; index++) {
    if (one[index] === other[index]) continue;
    const x = index % width;
    const y = (index - x) / width;
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
    box.top = Math.min(box.top, y);
    box.bottom = y;
  }
  return box.right < 0 ? null : box;
}
