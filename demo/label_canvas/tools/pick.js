// @ts-check
// The eyedropper takes a class from the map.

/** @import { LabelMap } from '../document/map.js' */
/** @import { Point } from '../document/raster.js' */
/** @import { Tool } from './tool.js' */
import { outlineCell } from './tool.js';

/** @type {(labelMap: LabelMap, onPick: (classIndex: number) => void) => Tool} */
export function makePick(labelMap, onPick) {
  /** @type {Point} */
  let point;
  return {
    isClick: true,
    enter(start) {
      point = start;
    },
    move() {},
    end: () => onPick(labelMap.classAt(point)),
    said: (className) => `Picked ${className}`,
    outline: (hover) => outlineCell(hover, 1),
  };
}
