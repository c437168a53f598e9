// @ts-check
// The label map that is being painted: its pixels with seed and dropout, the stroke in progress, undo and redo.

/** @import { Settings } from './codec.js' */
/** @import { Pixels, Point, Size } from './raster.js' */
import { History } from './history.js';
import { areEqual } from './raster.js';

const MAX_UNDO = 100; // maps of 64 KiB at 256 x 256

/** @typedef {{ pixels: Pixels, settings: Settings }} State What undo brings back. */

export class LabelMap {
  /** @type {Pixels | null} The pixels before the stroke in progress. */
  #beforeStroke = null;
  /** @type {History<State>} */
  #history = new History(MAX_UNDO);
  /** Increases with every change of the pixels. */
  version = 0;

  /**
   * @param {Pixels} pixels
   * @param {Size} size
   * @param {Settings} settings
   * @param {() => void} onChange Runs after every change that can be undone, and after each undo and redo.
   */
  constructor(pixels, size, settings, onChange) {
    this.pixels = pixels;
    this.size = size;
    this.settings = settings;
    this.onChange = onChange;
  }

  get undoSteps() {
    return this.#history.undoSteps;
  }

  get redoSteps() {
    return this.#history.redoSteps;
  }

  /** The state before the last change, which identifies that change; undefined if there was none. */
  get previous() {
    return this.#history.previous;
  }

  /** @returns {State} */
  get #state() {
    return { pixels: this.pixels, settings: this.settings };
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

  /** Paints on a copy: undo and the storage may hold the pixels as they are. */
  beginStroke() {
    this.#beforeStroke = this.pixels;
    this.pixels = this.pixels.slice();
  }

  /** Makes the last change the stroke in progress again. */
  reopenStroke() {
    this.#beforeStroke = this.#history.pop()?.pixels ?? null;
    this.pixels = this.pixels.slice();
  }

  /** Restores the pixels before the stroke, for shapes that are redrawn with every move. */
  restartStroke() {
    this.pixels.set(this.beforeStroke);
  }

  /** Ends the stroke as one undo step; as none if it changed nothing, except a reopened one, which remains a step. */
  endStroke({ isReopened = false } = {}) {
    const before = this.beforeStroke;
    this.#beforeStroke = null;
    if (isReopened || !areEqual(this.pixels, before)) this.#remember({ ...this.#state, pixels: before });
    else this.pixels = before;
  }

  cancelStroke() {
    this.pixels = this.#beforeStroke ?? this.pixels;
    this.#beforeStroke = null;
  }

  /**
   * Replaces the whole map, for example by an example; returns false if it is the same.
   * @type {(pixels: Pixels, settings?: Settings) => boolean}
   */
  replace(pixels, settings = this.settings) {
    if (areEqual(this.pixels, pixels)) return this.changeSettings(settings);
    const before = this.#state;
    this.pixels = pixels;
    this.settings = settings;
    this.#remember(before);
    return true;
  }

  /**
   * Changes seed or dropout as one undo step; returns false if they are the same.
   * @param {Settings} settings
   * @param {boolean} isContinued This change belongs to the last undo step, such as another digit of a seed.
   */
  changeSettings(settings, isContinued = false) {
    const { seed, dropout } = this.settings;
    if (settings.seed === seed && settings.dropout === dropout) return false;
    if (!isContinued) this.#history.push(this.#state);
    this.settings = settings;
    this.onChange();
    return true;
  }

  undo() {
    return !this.#beforeStroke && this.#show(this.#history.undo(this.#state));
  }

  redo() {
    return !this.#beforeStroke && this.#show(this.#history.redo(this.#state));
  }

  /** @param {State} before */
  #remember(before) {
    this.#history.push(before);
    this.version++;
    this.onChange();
  }

  /** @param {State | undefined} state */
  #show(state) {
    if (!state) return false;
    if (state.pixels !== this.pixels) this.version++;
    ({ pixels: this.pixels, settings: this.settings } = state);
    this.onChange();
    return true;
  }
}
