// @ts-check
// The brush paints freely. Shift held before a stroke joins it to the last one by a line; Shift pressed during a stroke
// keeps it straight from there, in steps of 45 degrees.

/** @import { LabelMap } from '../document/map.js' */
/** @import { Pixels, Point } from '../document/raster.js' */
/** @import { Choice, Tool } from './tool.js' */
import { turnTo45 } from '../document/raster.js';
import { outlinePath } from '../outlines.js';
import { drawLine, outlineBrush } from './tool.js';

/** @typedef {{ from: Point, before: Pixels, isJoin: boolean }} Straight A straight part and the pixels before it. */

/** @implements {Tool} */
export class Brush {
  /** @type {Point | null} Where the last stroke ended. */
  #lastEnd = null;
  /** @type {Point | null} Where the pen is; null while it is up. */
  #pen = null;
  /** @type {Straight | null} */
  #straight = null;

  /**
   * @param {LabelMap} labelMap
   * @param {Choice} choice
   */
  constructor(labelMap, choice) {
    this.labelMap = labelMap;
    this.choice = choice;
  }

  /** @param {Point} point */
  enter(point) {
    this.labelMap.beginStroke();
    this.#pen = point;
    if (this.choice.isShiftHeld && this.#lastEnd) this.#beginStraight(this.#lastEnd, true);
    this.move(point);
  }

  /** @param {Point} point */
  move(point) {
    const { choice, labelMap } = this;
    const pen = this.#pen ?? point;
    if (!this.#straight?.isJoin) {
      if (!choice.isShiftHeld) this.#straight = null;
      else if (!this.#straight) this.#beginStraight(pen, false);
    }
    const { from, isJoin } = this.#straight ?? { from: pen, isJoin: true };
    if (this.#straight) labelMap.pixels.set(this.#straight.before);
    this.#pen = isJoin ? point : turnTo45(from, point);
    drawLine(labelMap, choice, from, this.#pen);
  }

  end() {
    this.labelMap.endStroke();
    this.#lastEnd = this.#pen;
    this.cancel();
  }

  cancel() {
    this.#pen = this.#straight = null;
  }

  /**
   * Returns the brush, and the line that a click with Shift would paint.
   * @param {Point | null} hover
   */
  outline(hover) {
    const start = this.choice.isShiftHeld && !this.#pen ? this.#lastEnd : null;
    return outlineBrush(hover, this.choice) + (start && hover ? outlinePath([start, hover]) : '');
  }

  /** @type {(from: Point, isJoin: boolean) => void} */
  #beginStraight(from, isJoin) {
    this.#straight = { from, before: this.labelMap.pixels.slice(), isJoin };
  }
}
