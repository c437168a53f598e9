// @ts-check
// What is seen of the map: its pixels, the part in sight, and the outlines above it.

/** @import { Pixels, Point, Size } from './document/raster.js' */
import { find } from '../find.js';

const MAX_ZOOM = 16;

/**
 * Draws a map on a canvas that fills a stage; the stage is moved and enlarged behind the window, which is the
 * surface.
 */
export class View {
  #left = 0; // the part of the map that is out of sight, 0 to 1
  #top = 0;
  zoom = 1;
  onPlace = () => {}; // runs when another part is in sight

  /**
   * @param {HTMLElement} surface
   * @param {Size} size Of the map.
   * @param {string[]} colors "#rrggbb" of each class.
   */
  constructor(surface, size, colors) {
    this.surface = surface;
    this.size = size;
    this.stage = find(surface, '.lc-stage');
    this.canvas = /** @type {HTMLCanvasElement} */ (find(surface, 'canvas'));
    const { width, height } = size;
    surface.style.aspectRatio = `${width} / ${height}`;
    Object.assign(this.canvas, size);
    this.guide = find(surface, '.lc-guide');
    this.guide.setAttribute('viewBox', `0 0 ${width} ${height}`);
    find(this.guide, '.lc-mirrored').setAttribute('transform', `matrix(-1 0 0 1 ${width} 0)`);
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext('2d'));
    this.image = this.context.createImageData(width, height);
    this.imagePixels = new Uint32Array(this.image.data.buffer);
    this.classPixels = Uint32Array.from(colors, pixelOfColor);
    this.#place();
  }

  /** @param {Pixels} pixels */
  draw(pixels) {
    const { imagePixels, classPixels } = this;
    for (let index = 0; index < pixels.length; index++) imagePixels[index] = classPixels[pixels[index]];
    this.context.putImageData(this.image, 0, 0);
  }

  /**
   * Returns the pixel under a pointer, which may lie outside of the map.
   * @param {{ clientX: number, clientY: number }} event
   * @returns {Point}
   */
  pointAt({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    return {
      x: Math.floor(((clientX - box.left) * this.size.width) / box.width),
      y: Math.floor(((clientY - box.top) * this.size.height) / box.height),
    };
  }

  /**
   * Converts pixels of the screen to pixels of the map.
   * @param {number} screenLength
   */
  mapLength(screenLength) {
    return (screenLength * this.size.width) / this.canvas.clientWidth;
  }

  /**
   * Zooms, and keeps what lies under one place of the window there; by default the middle.
   * @param {number} factor 0 shows the whole map.
   * @param {{ clientX: number, clientY: number }} [place]
   */
  zoomBy(factor, place) {
    const box = this.surface.getBoundingClientRect();
    const zoom = Math.min(Math.max(this.zoom * factor, 1), MAX_ZOOM);
    const gain = 1 / this.zoom - 1 / zoom;
    this.#left += (place ? (place.clientX - box.left) / box.width : 0.5) * gain;
    this.#top += (place ? (place.clientY - box.top) / box.height : 0.5) * gain;
    this.zoom = zoom;
    this.#place();
  }

  /** @type {(dx: number, dy: number) => void} */
  panBy(dx, dy) {
    this.#left -= dx / this.canvas.clientWidth;
    this.#top -= dy / this.canvas.clientHeight;
    this.#place();
  }

  /**
   * Brings a pixel into sight, with a margin.
   * @param {Point} point
   */
  reveal({ x, y }) {
    const margin = 0.1 / this.zoom;
    const follow = (/** @type {number} */ start, /** @type {number} */ position) =>
      Math.min(Math.max(start, position - 1 / this.zoom + margin), position - margin);
    this.#left = follow(this.#left, x / this.size.width);
    this.#top = follow(this.#top, y / this.size.height);
    this.#place();
  }

  /** The part in sight: its corner, 0 to 1, and the zoom. */
  get place() {
    return { left: this.#left, top: this.#top, zoom: this.zoom };
  }

  /** @type {(path: string, isMirrored: boolean) => void} */
  showOutline(path, isMirrored) {
    for (const line of this.guide.querySelectorAll('.lc-drawn path')) line.setAttribute('d', path);
    for (const line of this.guide.querySelectorAll('.lc-mirrored path')) line.setAttribute('d', isMirrored ? path : '');
  }

  /** @param {number} step Pixels of the map per cell; 1 shows no grid. */
  showGrid(step) {
    this.stage.toggleAttribute('data-grid', step > 1);
    this.stage.style.setProperty('--cell-width', `${(100 * step) / this.size.width}%`);
    this.stage.style.setProperty('--cell-height', `${(100 * step) / this.size.height}%`);
  }

  /** @param {boolean} isMirrored */
  showMirror(isMirrored) {
    this.stage.toggleAttribute('data-mirror', isMirrored);
  }

  #place() {
    this.#left = Math.min(Math.max(this.#left, 0), 1 - 1 / this.zoom);
    this.#top = Math.min(Math.max(this.#top, 0), 1 - 1 / this.zoom);
    this.stage.style.setProperty('--zoom', String(this.zoom));
    this.stage.style.setProperty('--left', String(this.#left));
    this.stage.style.setProperty('--top', String(this.#top));
    this.onPlace();
  }
}

/**
 * Returns "#rrggbb" as one element of a Uint32Array over RGBA bytes, in the byte order of the machine.
 * @param {string} color
 */
function pixelOfColor(color) {
  const channels = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  return new Uint32Array(Uint8Array.of(...channels, 255).buffer)[0];
}
