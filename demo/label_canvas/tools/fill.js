// @ts-check
// Fill repaints a whole region of one class.

/** @import { LabelMap } from '../document/map.js' */
/** @import { Choice, Tool } from './tool.js' */
import { floodFill } from '../document/raster.js';
import { draw, outlineCell } from './tool.js';

/** @type {(labelMap: LabelMap, choice: Choice) => Tool} */
export function makeFill(labelMap, choice) {
  return {
    isClick: true,
    enter(point) {
      labelMap.beginStroke();
      draw(labelMap, choice, (pixels) => floodFill(pixels, labelMap.size, point, choice.paintClass));
    },
    move() {},
    end: () => labelMap.endStroke(),
    said: (className) => `Filled with ${className}`,
    outline: (hover) => outlineCell(hover, 1),
  };
}
