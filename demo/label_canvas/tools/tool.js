// @ts-check
// What every tool is, and what several of them share.

/** @import { LabelMap } from '../document/map.js' */
/** @import { Pixels, Point } from '../document/raster.js' */
import { boxBetween, drawSegment, flip } from '../document/raster.js';
import { outlineBox, outlineDisc } from '../outlines.js';

/**
 * What a person has chosen. `step` is the grid in pixels; `across` and `down` count the copies of Repeat, 0 for as many
 * as fit. `isShiftHeld` while a pointer may keep squares square and lines straight.
 * @typedef {{ paintClass: number, brushSize: number, step: number,
 *   isMirrored: boolean, across: number, down: number, isShiftHeld: boolean }} Choice
 */

/**
 * A tool: what happens from pen down to pen up, whether a mouse, a pen, a finger or the arrow keys hold the pen.
 * @typedef {object} Tool
 * @property {(point: Point) => void} enter The pen goes down, on the map.
 * @property {(point: Point) => void} move The pen moves, perhaps off the map.
 * @property {(reach: number) => void} end The pen goes up; two points within `reach` pixels count as one place.
 * @property {() => void} [cancel] Forgets the gesture in progress; the pen restores the map.
 * @property {(hover: Point | null) => string} outline Returns what is shown above the map, as an SVG path.
 * @property {boolean} [isClick] A click is all that the tool needs.
 * @property {(className: string) => string} [said] Returns what screen readers say after `end`, instead of "Pen up".
 * @property {string} [hint] What to do next, for tools that take several steps; else the table has the sentence.
 * @property {() => void} [choose] Runs when the tool is chosen.
 * @property {() => void} [drop] Forgets what waits for another gesture, such as corners or a selected block.
 * @property {boolean} [isOpen] Corners wait for more.
 * @property {() => boolean} [close] Finishes what is open; returns false if it cannot.
 * @property {() => void} [stepBack] Removes the last corner.
 * @property {() => void} [recount] Applies other numbers of copies.
 */

/**
 * Draws on the map, and mirrored on its other half if mirroring is on.
 * @type {(labelMap: LabelMap, choice: Choice, action: (pixels: Pixels) => void) => void}
 */
export function draw({ pixels, size }, { isMirrored }, action) {
  action(pixels);
  if (!isMirrored) return;
  flip(pixels, size);
  action(pixels);
  flip(pixels, size);
}

/** @type {(labelMap: LabelMap, choice: Choice, from: Point, to: Point) => void} */
export function drawLine(labelMap, choice, from, to) {
  draw(labelMap, choice, (pixels) => drawSegment(pixels, labelMap.size, from, to, choice.brushSize, choice.paintClass));
}

/** @type {(hover: Point | null, step: number) => string} */
export const outlineCell = (hover, step) => (hover ? outlineBox(boxBetween(hover, hover, step)) : '');

/** @type {(hover: Point | null, choice: Choice) => string} */
export const outlineBrush = (hover, { brushSize }) => (hover ? outlineDisc(hover, brushSize) : '');
