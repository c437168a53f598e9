// @ts-check
// The label map that is being painted: its pixels, the stroke in progress, undo and redo.

/** @import { Pixels, Point, Size } from './raster.js' */
import { History } from './history.js';
import { areEqual } from './raster.js';

const MAX_UNDO = 100; // maps of 64 KiB at 256 x 256

export class LabelMap {
  /** @type {Pixels | null} The pixels before the stroke in progress. */
  #beforeStroke = null;
  /** @type {History<Pixels>} */
  #history = new History(MAX_UNDO);
  /** Increases with every change. */
  version = 0;

  /**
   * @param {Pixels} pixels
   * @param {Size} size
   * @param {() => void} onChange Runs after every change that can be undone, and after each undo and redo.
   */
  constructor(pixels, size, onChange) {
    this.pixels = pixels;
    this.size = size;
    this.onChange = onChange;
  }

  get undoSteps() {
    return this.#history.undoSteps;
  }

  get redoSteps() {
    return this.#history.redoSteps;
  }

  /** The pixels before the last change; undefined if nothing was painted. */
  get previous() {
    return this.#history.previous;
  }

  /** The pixels before the stroke in progress. */
  get beforeStroke() {
    if (!this.#beforeStroke) throw new Error('No stroke is in progress.');
    return this.#beforeStroke;
  }

  /** @param {Point} point */
  classAt({ x, y }) {
    return this.pixels[y * this.size.width + x];
  }

  beginStroke() {
    this.#beforeStroke = this.pixels.slice();
  }

  /** Makes the last change the stroke in progress again. */
  reopenStroke() {
    this.#beforeStroke = this.#history.pop() ?? null;
  }

  /** Restores the pixels before the stroke, for shapes that are redrawn with every move. */
  restartStroke() {
    this.pixels.set(this.beforeStroke);
  }

  /** Ends the stroke as one undo step; as none if it changed nothing, except a reopened one, which remains a step. */
  endStroke({ isReopened = false } = {}) {
    const before = this.beforeStroke;
    this.#beforeStroke = null;
    if (isReopened || !areEqual(this.pixels, before)) this.#remember(before);
  }

  cancelStroke() {
    this.pixels = this.#beforeStroke ?? this.pixels;
    this.#beforeStroke = null;
  }

  /**
   * Replaces the whole map, for example by an example; returns false if it is the same.
   * @param {Pixels} pixels
   */
  replace(pixels) {
    if (areEqual(this.pixels, pixels)) return false;
    const before = this.pixels;
    this.pixels = pixels;
    this.#remember(before);
    return true;
  }

  undo() {
    return !this.#beforeStroke && this.#show(this.#history.undo(this.pixels));
  }

  redo() {
    return !this.#beforeStroke && this.#show(this.#history.redo(this.pixels));
  }

  /** @param {Pixels} before */
  #remember(before) {
    this.#history.push(before);
    this.#noteChange();
  }

  /** @param {Pixels | undefined} pixels */
  #show(pixels) {
    if (!pixels) return false;
    this.pixels = pixels;
    this.#noteChange();
    return true;
  }

  #noteChange() {
    this.version++;
    this.onChange();
  }
}
