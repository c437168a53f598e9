// @ts-check
// The pixel under the pointer, and the keyboard's cursor, which holds the pen like a hand.

/** @import { Canvas } from '../canvas.js' */
/** @import { Point } from '../document/raster.js' */
import { clampPoint } from '../document/raster.js';
import { outlineRing } from '../outlines.js';

const RADIUS = 10; // pixels of the screen: a ring shows the keyboard's cursor
const LONG_STEP = 8; // pixels of the map that the cursor moves with Shift
const BY_KEYS = ':focus:not([data-pointer])'; // the focus came with the keyboard, not with the mouse

export class Cursor {
  /** @type {Point | null} The pixel under the pointer, or the keyboard's cursor; null if neither is on the map. */
  hover = null;
  /** @type {Point} Where the keyboard's cursor is, or appears next. */
  #place;
  isHoldingPen = false;

  /** @param {Canvas} canvas Its view, pen, palette and status exist. */
  constructor(canvas) {
    const { view, labelMap } = canvas;
    this.canvas = canvas;
    this.#place = { x: labelMap.size.width / 2, y: labelMap.size.height / 2 };
    view.canvas.addEventListener('focus', () => {
      if (!view.canvas.matches(BY_KEYS)) return;
      canvas.status.showHint(view.canvas.ariaDescription ?? '');
      this.set(this.#place);
    });
    view.canvas.addEventListener('blur', () => {
      canvas.pen.up(0); // no key could lift it any more
      this.set(null);
      canvas.showHint();
    });
  }

  /** The ring around the keyboard's cursor, as an SVG path; empty if the mouse is in use. */
  get ring() {
    const { view } = this.canvas;
    return this.hover && view.canvas.matches(BY_KEYS) ? outlineRing(this.hover, view.mapLength(RADIUS)) : '';
  }

  /** @param {Point | null} point The pixel under the pointer; null if it has left the map. */
  set(point) {
    const { labelMap, palette } = this.canvas;
    this.hover = point && clampPoint(point, labelMap.size);
    this.#place = this.hover ?? this.#place;
    palette.mark(this.hover && labelMap.classAt(this.hover));
    this.canvas.requestRedraw();
  }

  /** Notes that the keyboard is in use, so that its focus is shown. */
  noteKeys() {
    delete this.canvas.view.canvas.dataset.pointer;
  }

  /** @type {(dx: number, dy: number, isLong: boolean) => void} */
  move(dx, dy, isLong) {
    const { gridStep, pen, view } = this.canvas;
    const length = isLong ? Math.max(LONG_STEP, gridStep) : gridStep;
    const { x, y } = this.#place;
    this.noteKeys();
    this.set({ x: x + dx * length, y: y + dy * length });
    pen.move(this.#place);
    view.reveal(this.#place);
  }

  /** Returns the place and its class in words. */
  describe() {
    const { x, y } = this.#place;
    return `${x}, ${y}: ${this.canvas.className(this.canvas.labelMap.classAt(this.#place))}`;
  }

  /** Puts the pen down or lifts it; both at once if a click is all that the tool needs. */
  togglePen() {
    const { pen, tool, choice } = this.canvas;
    const wasDown = pen.isDown;
    if (!wasDown) pen.down(this.#place);
    if (wasDown || tool.isClick) pen.up(0);
    this.isHoldingPen = pen.isDown;
    choice.isShiftHeld &&= !pen.isDown; // with arrow keys it means longer steps
    const name = this.canvas.className(choice.paintClass);
    this.canvas.announce(this.isHoldingPen ? `Pen down, ${name}` : (tool.said?.(name) ?? 'Pen up'));
  }
}
