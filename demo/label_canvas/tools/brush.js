// @ts-check
// The brush paints freely.

/** @import { LabelMap } from '../document/map.js' */
/** @import { Point } from '../document/raster.js' */
/** @import { Choice, Tool } from './tool.js' */
import { drawLine, outlineBrush } from './tool.js';

/** @type {(labelMap: LabelMap, choice: Choice) => Tool} */
export function makeBrush(labelMap, choice) {
  /** @type {Point} */
  let last;
  return {
    enter(point) {
      labelMap.beginStroke();
      last = point;
      this.move(point);
    },
    move(point) {
      drawLine(labelMap, choice, last, point);
      last = point;
    },
    end: () => labelMap.endStroke(),
    outline: (hover) => outlineBrush(hover, choice),
  };
}
