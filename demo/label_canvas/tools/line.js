// @ts-check
// The line is straight, and as thick as the brush.

/** @import { LabelMap } from '../document/map.js' */
/** @import { Point } from '../document/raster.js' */
/** @import { Choice, Tool } from './tool.js' */
import { drawLine, outlineBrush } from './tool.js';

/** @type {(labelMap: LabelMap, choice: Choice) => Tool} */
export function makeLine(labelMap, choice) {
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
      drawLine(labelMap, choice, start, point);
    },
    end: () => labelMap.endStroke(),
    outline: (hover) => outlineBrush(hover, choice),
  };
}
