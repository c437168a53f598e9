// @ts-check
// Mouse, pen and fingers: one of them paints; two fingers, the middle button, or the left button with the space bar
// move the view; the right button, or the left one with Alt, picks the class.

/** @import { Point } from '../document/raster.js' */
/** @import { View } from '../view.js' */
/** @import { Fingers, Gesture } from './gestures.js' */
/** @import { Pen } from './pen.js' */
import { isTouch, Paint, Pan, Pick, Pinch } from './gestures.js';
import { isField } from './keyboard.js';

const TRACKPAD = 40; // pixels; anything in smaller steps is a trackpad, not a wheel
const WHEEL_NOTCHES = 2; // to double the size; a notch is some 120 pixels

/**
 * @typedef {object} PointerListeners
 * @property {(point: Point | null) => void} onHover Gets the pixel under the pointer.
 * @property {(place: { clientX: number, clientY: number }) => void} onPlace Gets where the pointer is, on the screen.
 * @property {() => boolean} isSpaceHeld Asked as a drag begins: with the space bar held it moves the view.
 * @property {(isHeld: boolean) => void} onShift Gets whether Shift is held.
 * @property {(point: Point) => void} onPick Gets the pixel whose class is picked.
 * @property {(fingerCount: number) => void} onTap Several fingers have tapped.
 */

export class Pointer {
  /** @type {Fingers} */
  #fingers = new Map();
  /** @type {Gesture | null} */
  #gesture = null;

  /**
   * @param {View} view
   * @param {Pen} pen
   * @param {PointerListeners} listeners
   */
  constructor(view, pen, listeners) {
    this.view = view;
    this.pen = pen;
    this.listeners = listeners;
    const { canvas } = view;
    canvas.addEventListener('pointerdown', (event) => this.#down(event));
    canvas.addEventListener('pointermove', (event) => this.#move(event));
    canvas.addEventListener('pointerup', (event) => this.#up(event, false));
    canvas.addEventListener('lostpointercapture', (event) => this.#up(event, false)); // a dialog took it
    canvas.addEventListener('pointercancel', (event) => this.#up(event, true)); // a palm, or a gesture of the system
    canvas.addEventListener('pointerleave', () => listeners.onHover(null));
    canvas.addEventListener('contextmenu', (event) => event.preventDefault()); // the right button picks
    canvas.addEventListener('mousedown', (event) => event.button === 1 && event.preventDefault()); // no scrolling
    canvas.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
  }

  /** @param {PointerEvent} event */
  #down(event) {
    const { canvas } = this.view;
    canvas.dataset.pointer = '';
    this.listeners.onPlace(event);
    if (isTouch(event)) this.#fingers.set(event.pointerId, event);
    if (this.#gesture?.yieldsTo(event, this.#fingers)) {
      this.#gesture.cancel();
      this.#gesture = isTouch(event) ? new Pinch(this.#fingers, this.view, this.listeners.onTap) : null;
    }
    if (this.#gesture || event.button > 2) return; // another pointer or button does nothing
    event.preventDefault();
    canvas.focus({ preventScroll: true }); // leaves text fields, so that Ctrl+Z is meant for the map
    canvas.setPointerCapture(event.pointerId);
    this.listeners.onShift(event.shiftKey);
    this.#gesture = this.#begin(event);
    this.#gesture.enter();
  }

  /**
   * Returns the gesture that a button begins.
   * @param {PointerEvent} event
   */
  #begin(event) {
    const isLeft = event.button === 0;
    if (event.button === 1 || (isLeft && this.listeners.isSpaceHeld())) return new Pan(event, this.view);
    if (isLeft && !event.altKey) return new Paint(event, this.pen, this.view);
    return new Pick(event, (place) => this.listeners.onPick(this.view.pointAt(place)));
  }

  /** @param {PointerEvent} event */
  #move(event) {
    this.#focus(event);
    this.listeners.onPlace(event);
    this.listeners.onShift(event.shiftKey);
    this.listeners.onHover(isTouch(event) ? null : this.view.pointAt(event));
    if (this.#makesGesture(event)) this.#gesture?.move(event);
  }

  /** @type {(event: PointerEvent, isTakenAway: boolean) => void} */
  #up(event, isTakenAway) {
    this.#fingers.delete(event.pointerId);
    if (!this.#gesture || !this.#makesGesture(event)) return;
    this.#gesture = isTakenAway ? this.#gesture.cancel() : this.#gesture.end();
  }

  /** @param {PointerEvent} event */
  #makesGesture({ pointerId }) {
    return this.#gesture?.pointerId === null || this.#gesture?.pointerId === pointerId;
  }

  /**
   * Gives the keyboard to the map that the mouse moves over, except while a person types in a field with the mouse at
   * rest.
   * @param {PointerEvent} event
   */
  #focus(event) {
    const { canvas } = this.view;
    const isMouse = event.pointerType === 'mouse';
    if (isMouse && !event.movementX && !event.movementY) return;
    canvas.dataset.pointer = '';
    const { activeElement } = document;
    if (isMouse && activeElement !== canvas && !isField(activeElement)) canvas.focus({ preventScroll: true });
  }

  /**
   * Zooms with Ctrl, which a trackpad pinch sends too; without Ctrl, moves an enlarged map, and otherwise lets the page
   * scroll.
   * @param {WheelEvent} event
   */
  #wheel(event) {
    if (!event.ctrlKey && this.view.zoom === 1) return;
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 40 : 1;
    if (event.ctrlKey) {
      const strength = Math.abs(event.deltaY * pixels) < TRACKPAD ? 6 : 1;
      this.view.zoomBy(2 ** ((-event.deltaY * pixels * strength) / (120 * WHEEL_NOTCHES)), event);
    } else {
      this.view.panBy(-event.deltaX * pixels, -event.deltaY * pixels);
    }
    this.listeners.onHover(this.view.pointAt(event));
  }
}
