// @ts-check
// Repeat: a drag around something painted selects it as a block; a drag that begins in the block fills the area up to
// its end with evenly spread copies. Facades are rows and columns of the same window.

/** @import { LabelMap } from '../document/map.js' */
/** @import { Box, Point } from '../document/raster.js' */
/** @import { Choice, Tool } from './tool.js' */
import { boxBetween, boxOfDifference, clampPoint, copyBox, spreadPieces } from '../document/raster.js';
import { outlineBox } from '../outlines.js';
import { draw, outlineCell } from './tool.js';

const LARGEST_PRESELECTION = 1 / 4; // of the map: no drag could begin outside of a larger block

/** @type {(box: Box, point: Point) => boolean} */
const isInside = (box, { x, y }) => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;

/**
 * Returns where the copies of a block lie along one axis, relative to the block.
 * @type {(first: number, last: number, farFirst: number, farLast: number, count: number) => number[]}
 */
function offsets(first, last, farFirst, farLast, count) {
  const piece = last - first + 1;
  const length = Math.max(farLast - first + 1, last - farFirst + 1, piece);
  const sign = farLast > last ? 1 : -1;
  return spreadPieces(length, piece, count).map((offset) => sign * offset);
}

/** @implements {Tool} */
export class Repeat {
  /** @type {Box | null} The box that is copied. */
  #block = null;
  /** @type {Point} Where the pen went down. */
  #start = { x: 0, y: 0 };
  /** @type {Point} Where the pen is. */
  #end = { x: 0, y: 0 };
  #isSelecting = false;
  /** @type {{ end: Point, step: object | undefined } | null} The last repetition, and its step of undo. */
  #repeated = null;

  /**
   * @param {LabelMap} labelMap
   * @param {Choice} choice
   */
  constructor(labelMap, choice) {
    this.labelMap = labelMap;
    this.choice = choice;
  }

  /** Selects what was painted last. */
  choose() {
    const { previous, pixels, size } = this.labelMap;
    const box = previous ? boxOfDifference(previous.pixels, pixels, size) : null;
    const area = box ? (box.right - box.left + 1) * (box.bottom - box.top + 1) : 0;
    this.#block = area <= pixels.length * LARGEST_PRESELECTION ? box : null;
  }

  /** @param {Point} point */
  enter(point) {
    this.labelMap.beginStroke();
    this.#start = this.#end = point;
    this.#isSelecting = !this.#block || !isInside(this.#block, point);
  }

  /** @param {Point} point */
  move(point) {
    this.#end = clampPoint(point, this.labelMap.size);
    if (!this.#isSelecting) this.#stamp();
  }

  /**
   * A drag selects a block or copies it; a click deselects it.
   * @param {number} reach
   */
  end(reach) {
    const isClick = Math.hypot(this.#end.x - this.#start.x, this.#end.y - this.#start.y) <= reach;
    const isCopy = !isClick && !this.#isSelecting;
    if (isClick) this.labelMap.restartStroke();
    if (!isCopy) this.#block = isClick ? null : this.#selected();
    this.labelMap.endStroke();
    this.#repeated = isCopy ? { end: this.#end, step: this.labelMap.previous } : null;
    this.#isSelecting = false;
  }

  cancel() {
    this.#isSelecting = false;
  }

  drop() {
    this.#block = this.#repeated = null;
  }

  /** Makes the last repetition again with other numbers of copies, unless something else was done since. */
  recount() {
    if (!this.#repeated || this.#repeated.step !== this.labelMap.previous) return;
    this.labelMap.reopenStroke();
    this.#end = this.#repeated.end;
    this.#stamp();
    this.labelMap.endStroke({ isReopened: true });
    this.#repeated.step = this.labelMap.previous;
  }

  get hint() {
    if (this.#repeated) return 'Repeated. The numbers at → and ↓ change how many copies there are.';
    if (this.#block) return '2. Drag from inside the frame to where the last copy goes. A click removes the frame.';
    return '1. Drag a frame around what to repeat, such as a window.';
  }

  said() {
    if (this.#repeated) return 'Repeated';
    return this.#block ? 'Block selected' : 'No block selected';
  }

  /** @param {Point | null} hover */
  outline(hover) {
    if (this.#isSelecting) return outlineBox(this.#selected());
    return this.#block ? outlineBox(this.#block) : outlineCell(hover, this.choice.step);
  }

  #selected() {
    const { width, height } = this.labelMap.size;
    const box = boxBetween(this.#start, this.#end, this.choice.step);
    return { ...box, right: Math.min(box.right, width - 1), bottom: Math.min(box.bottom, height - 1) };
  }

  #stamp() {
    const block = this.#block;
    if (!block) return;
    const { labelMap, choice } = this;
    const far = boxBetween(this.#end, this.#end, choice.step);
    const dxs = offsets(block.left, block.right, far.left, far.right, choice.across);
    const dys = offsets(block.top, block.bottom, far.top, far.bottom, choice.down);
    const places = dys.flatMap((dy) => dxs.map((dx) => ({ left: block.left + dx, top: block.top + dy })));
    labelMap.restartStroke();
    draw(labelMap, choice, (pixels) => {
      for (const { left, top } of places) copyBox(labelMap.beforeStroke, pixels, labelMap.size, block, left, top);
    });
  }
}
