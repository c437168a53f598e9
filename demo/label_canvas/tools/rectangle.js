// @ts-check
// The rectangle reaches from corner to corner, and snaps to the grid. With Shift it is a square.

/** @import { LabelMap } from '../document/map.js' */
/** @import { Choice, Tool } from './tool.js' */
import { boxBetween, drawBox, squareCorner } from '../document/raster.js';
import { makeShape } from './shape.js';
import { draw, outlineCell } from './tool.js';

/** @type {(labelMap: LabelMap, choice: Choice) => Tool} */
export function makeRectangle(labelMap, choice) {
  return makeShape(
    labelMap,
    (start, end) => {
      const corner = choice.isShiftHeld ? squareCorner(start, end, choice.step) : end;
      const box = boxBetween(start, corner, choice.step);
      draw(labelMap, choice, (pixels) => drawBox(pixels, labelMap.size, box, choice.paintClass));
    },
    (hover) => outlineCell(hover, choice.step),
  );
}
