// @ts-check
// The pen: what a mouse, a pen, a finger or the keyboard holds. It brings points to the chosen tool, one stroke at a
// time.

/** @import { LabelMap } from '../document/map.js' */
/** @import { Point } from '../document/raster.js' */
/** @import { Tool } from '../tools/tool.js' */
import { clampPoint } from '../document/raster.js';

/** @typedef {{ onDown: () => void, onChange: () => void, onCancel: () => void }} PenListeners */

export class Pen {
  /** @type {number | null} When the stroke in progress began, in milliseconds of performance.now(). */
  downSince = null;
  /** @type {Point} */
  #place = { x: 0, y: 0 };

  /**
   * @param {LabelMap} labelMap
   * @param {() => Tool} currentTool
   * @param {PenListeners} listeners
   */
  constructor(labelMap, currentTool, listeners) {
    this.labelMap = labelMap;
    this.currentTool = currentTool;
    this.listeners = listeners;
  }

  get isDown() {
    return this.downSince !== null;
  }

  /** @param {Point} point */
  down(point) {
    this.up(0); // the keyboard may hold it
    this.downSince = performance.now();
    this.listeners.onDown();
    this.#place = clampPoint(point, this.labelMap.size);
    this.currentTool().enter(this.#place);
    this.listeners.onChange();
  }

  /** @param {Point} point */
  move(point) {
    if (!this.isDown) return;
    this.#place = point;
    this.currentTool().move(point);
    this.listeners.onChange();
  }

  /** Tells the tool where the pen is once more: a key that changes the shape was pressed or lifted. */
  rest() {
    this.move(this.#place);
  }

  /** @param {number} reach In pixels of the map: two points nearer than this count as one place. */
  up(reach) {
    if (!this.isDown) return;
    this.downSince = null;
    this.currentTool().end(reach);
    this.listeners.onChange();
  }

  /** Undoes the stroke in progress. */
  cancel() {
    if (!this.isDown) return;
    this.downSince = null;
    this.labelMap.cancelStroke();
    this.currentTool().cancel?.();
    this.listeners.onCancel();
    this.listeners.onChange();
  }
}
