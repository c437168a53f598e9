// @ts-check
// What a page gives to a canvas, and what it hears from it.

/** @import { ClassEntry } from './chrome/palette.js' */
/** @import { Settings } from './document/codec.js' */
/** @import { Pixels, Size } from './document/raster.js' */

/**
 * @typedef {object} CanvasOptions
 * @property {Pixels} pixels The first map.
 * @property {Size} size Of the map.
 * @property {ClassEntry[]} classes
 * @property {number[]} firstClasses Classes that the palette always shows; empty for all.
 * @property {number} startClass
 * @property {number} [brushSize] Of the brush at the start, in pixels; 16 by default.
 * @property {number} background The class that Clear paints.
 * @property {string} dataset Letters and digits; the name in links and in the browser's storage.
 * @property {Settings} settings The seed and dropout of the page, which go into links and undo.
 */

/**
 * @typedef {object} CanvasListeners
 * @property {(pixels: Pixels) => void} onChange The map has changed.
 * @property {(pixels: Pixels) => void} onStroke A stroke is in progress; comes with every frame.
 * @property {(file: File) => void} [onImage] An image file was pasted or dropped; the browser opens it without this.
 * @property {(settings: Settings) => void} onSettings A link, stored work, undo or redo brings another seed or dropout.
 */

export {};
