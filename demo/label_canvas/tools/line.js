// @ts-check
// The line is straight, and as thick as the brush. With Shift it keeps to steps of 45 degrees.

/** @import { LabelMap } from '../document/map.js' */
/** @import { Choice, Tool } from './tool.js' */
import { turnTo45 } from '../document/raster.js';
import { makeShape } from './shape.js';
import { drawLine, outlineBrush } from './tool.js';

/** @type {(labelMap: LabelMap, choice: Choice) => Tool} */
export function makeLine(labelMap, choice) {
  return makeShape(
    labelMap,
    (start, end) => drawLine(labelMap, choice, start, choice.isShiftHeld ? turnTo45(start, end) : end),
    (hover) => outlineBrush(hover, choice),
  );
}
