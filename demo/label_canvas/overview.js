// @ts-check
// A small map with a frame around the part in sight, while the map is enlarged.

/** @import { View } from './view.js' */
import { find } from '../find.js';

const CORNER = 0.4; // of the window, to the right and below: there the pointer needs the overview's place

export class Overview {
  /**
   * @param {HTMLElement} element
   * @param {View} view
   */
  constructor(element, view) {
    this.element = element;
    this.view = view;
    this.canvas = document.createElement('canvas');
    this.frame = find(element, 'span');
    Object.assign(this.canvas, view.size);
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext('2d'));
  }

  draw() {
    if (this.view.zoom > 1) this.context.drawImage(this.view.canvas, 0, 0);
  }

  /** Shows the part in sight. */
  place() {
    const { left, top, zoom } = this.view.place;
    this.element.hidden = zoom === 1;
    if (zoom === 1) return this.canvas.remove();
    if (!this.canvas.isConnected) this.element.prepend(this.canvas);
    const percent = (/** @type {number} */ share) => `${100 * share}%`;
    Object.assign(this.frame.style, {
      left: percent(left),
      top: percent(top),
      width: percent(1 / zoom),
      height: percent(1 / zoom),
    });
    this.draw();
  }

  /**
   * Moves to the other side while the pointer is near.
   * @param {{ clientX: number, clientY: number }} place
   */
  avoid({ clientX, clientY }) {
    if (this.view.zoom === 1) return;
    const box = this.view.surface.getBoundingClientRect();
    const isNear = clientX > box.right - CORNER * box.width && clientY > box.bottom - CORNER * box.height;
    this.element.toggleAttribute('data-left', isNear);
  }
}
