// @ts-check
// The rectangle reaches from corner to corner, and snaps to the grid.

/** @import { LabelMap } from '../document/map.js' */
/** @import { Point } from '../document/raster.js' */
/** @import { Choice, Tool } from './tool.js' */
import { boxBetween, drawBox } from '../document/raster.js';
import { draw, outlineCell } from './tool.js';

/** @type {(labelMap: LabelMap, choice: Choice) => Tool} */
export function makeRectangle(labelMap, choice) {
  /** @type {Point} */
  let start;
  return {
    enter(point) {
      labelMap.beginStroke();
      start = point;
      this.move(point);
    },
    move(point) {
      const box = boxBetween(start, point, choice.step);
      labelMap.restartStroke();
      draw(labelMap, choice, (pixels) => drawBox(pixels, labelMap.size, box, choice.paintClass));
    },
    end: () => labelMap.endStroke(),
    outline: (hover) => outlineCell(hover, choice.step),
  };
}
