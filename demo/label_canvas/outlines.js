// @ts-check
// Outlines of what would be painted, as SVG paths in pixels of the map. Pixel (x, y) reaches from x to x + 1.

/** @import { Box, Point } from './document/raster.js' */
import { discRows } from './document/raster.js';

/** @param {Box} box */
export function outlineBox({ left, top, right, bottom }) {
  return `M${left} ${top}H${right + 1}V${bottom + 1}H${left}Z`;
}

/**
 * Surrounds exactly the pixels that a brush would paint: down the right ends of its rows, up the left ones.
 * @type {(point: Point, diameter: number) => string}
 */
export function outlineDisc({ x, y }, diameter) {
  const rows = discRows(diameter);
  const down = rows.map(([dy, , lastDx]) => `H${x + lastDx + 1}V${y + dy + 1}`);
  const up = rows.toReversed().map(([dy, firstDx]) => `H${x + firstDx}V${y + dy}`);
  return `M${x + rows[0][1]} ${y + rows[0][0]}${down.join('')}${up.join('')}Z`;
}

/** @type {(point: Point, radius: number) => string} */
export function outlineRing({ x, y }, radius) {
  const arc = `a${radius} ${radius} 0 1 0 `;
  return `M${x + 0.5 - radius} ${y + 0.5}${arc}${2 * radius} 0${arc}${-2 * radius} 0`;
}

/** @param {Point[]} points */
export function outlinePath(points) {
  return `M${points.map(({ x, y }) => `${x + 0.5} ${y + 0.5}`).join('L')}`;
}
