// @ts-check
// What a line and a rectangle have in common: they are drawn anew, from the start to the pen, with every move.

/** @import { LabelMap } from '../document/map.js' */
/** @import { Point } from '../document/raster.js' */
/** @import { Tool } from './tool.js' */

/**
 * @param {LabelMap} labelMap
 * @param {(start: Point, end: Point) => void} paint
 * @param {Tool['outline']} outline
 * @returns {Tool}
 */
export function makeShape(labelMap, paint, outline) {
  /** @type {Point} */
  let start;
  return {
    enter(point) {
      labelMap.beginStroke();
      start = point;
      this.move(point);
    },
    move(point) {
      labelMap.restartStroke();
      paint(start, point);
    },
    end: () => labelMap.endStroke(),
    outline,
  };
}
