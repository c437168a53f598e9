// @ts-check
// The class to paint: from the palette, from the map, the background to erase with, or the one before.

/** @import { Canvas } from '../canvas.js' */
/** @import { Point } from '../document/raster.js' */
import { clampPoint } from '../document/raster.js';

export class ClassChoice {
  /** @type {number} The class before the chosen one. */
  #before;

  /** @param {Canvas} canvas Its palette exists. */
  constructor(canvas) {
    this.canvas = canvas;
    this.#before = canvas.options.background;
  }

  /** @param {number} classIndex */
  choose(classIndex) {
    const { choice, palette, pen } = this.canvas;
    if (pen.isDown) return; // a stroke has one class
    if (classIndex !== choice.paintClass) this.#before = choice.paintClass;
    choice.paintClass = classIndex;
    palette.show(classIndex);
  }

  /** Chooses the class that Clear paints. */
  erase() {
    const { background } = this.canvas.options;
    this.choose(background);
    this.canvas.announce(`Erasing to ${this.canvas.className(background)}`);
  }

  /** Exchanges the class for the one before. */
  swap() {
    this.choose(this.#before);
    this.canvas.announce(this.canvas.className(this.canvas.choice.paintClass));
  }

  /**
   * Takes the class of a pixel, whatever the tool.
   * @param {Point} point
   */
  pick(point) {
    const { labelMap } = this.canvas;
    this.choose(labelMap.classAt(clampPoint(point, labelMap.size)));
    this.canvas.announce(`Picked ${this.canvas.className(this.canvas.choice.paintClass)}`);
  }
}
