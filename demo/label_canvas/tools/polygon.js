// @ts-check
// The polygon: corners that are clicked, an outline drawn in one go, or both in turn. A corner is where the pen is
// lifted, so that a finger can adjust it. The map changes only when the polygon is closed.

/** @import { LabelMap } from '../document/map.js' */
/** @import { Point } from '../document/raster.js' */
/** @import { Choice, Tool } from './tool.js' */
import { clampPoint, drawPolygon, turnTo45 } from '../document/raster.js';
import { outlinePath, outlineRing } from '../outlines.js';
import { draw, outlineCell } from './tool.js';

/** @type {(one: Point, other: Point, reach: number) => boolean} */
const isNear = (one, other, reach) => Math.hypot(one.x - other.x, one.y - other.y) <= reach;

/** @implements {Tool} */
export class Polygon {
  isClick = true;
  /** @type {Point[][]} Parts of the open outline: single corners, and stretches drawn freehand. */
  #parts = [];
  /** @type {Point[] | null} The path of the pen while it is down. */
  #path = null;
  #closingReach = 0; // how near to the first corner the pen closes the polygon

  /**
   * @param {LabelMap} labelMap
   * @param {Choice} choice
   */
  constructor(labelMap, choice) {
    this.labelMap = labelMap;
    this.choice = choice;
  }

  get isOpen() {
    return this.#parts.length > 0;
  }

  /** @param {Point} point */
  enter(point) {
    this.#path = [this.#placed(point)];
  }

  /** @param {Point} point */
  move(point) {
    this.#path?.push(this.#placed(point));
  }

  /**
   * A click on the first corner closes the polygon, and so does a second click on the last one: the end of a double
   * click.
   * @param {number} reach
   */
  end(reach) {
    const drawn = this.#path ?? [];
    const point = drawn[drawn.length - 1];
    const corners = this.#parts.flat();
    const isFreehand = drawn.some((step) => !isNear(step, drawn[0], reach));
    const isBack = corners.length > 0 && isNear(point, corners[0], reach);
    const isSecondClick = corners.length > 0 && !isFreehand && isNear(point, corners[corners.length - 1], reach);
    this.#path = null;
    this.#closingReach = reach;
    if (!isSecondClick && (isFreehand || !isBack)) this.#parts.push(isFreehand ? drawn : [point]);
    if (isBack || isSecondClick || (isFreehand && !corners.length)) this.close();
  }

  cancel() {
    this.#path = null;
  }

  /**
   * Returns where a corner goes: on the map, and with Shift in a direction of 45 degrees from the last one.
   * @param {Point} point
   */
  #placed(point) {
    const last = this.#parts.flat().at(-1);
    return clampPoint(last && this.choice.isShiftHeld ? turnTo45(last, point) : point, this.labelMap.size);
  }

  /** Paints the polygon; returns false if it has too few corners. */
  close() {
    const corners = this.#parts.flat();
    if (corners.length < 3) return false;
    this.drop();
    this.labelMap.beginStroke();
    draw(this.labelMap, this.choice, (pixels) =>
      drawPolygon(pixels, this.labelMap.size, corners, this.choice.paintClass),
    );
    this.labelMap.endStroke();
    return true;
  }

  stepBack() {
    this.#parts.pop();
  }

  drop() {
    this.#parts = [];
    this.#path = null;
  }

  said() {
    return this.isOpen ? `Corner ${this.#parts.flat().length}` : 'Polygon closed';
  }

  /**
   * Returns the open outline up to the pen, and a ring around the corner that closes it.
   * @param {Point | null} hover
   */
  outline(hover) {
    if (!this.isOpen && !this.#path) return outlineCell(hover, 1);
    const points = [...this.#parts.flat(), ...(this.#path ?? (hover ? [this.#placed(hover)] : []))];
    return outlinePath(points) + outlineRing(points[0], Math.max(this.#closingReach / 2, 1));
  }
}
