// @ts-check
// The keyboard: single keys choose while the focus is in the canvas, arrow keys move a cursor that paints, Ctrl
// shortcuts work anywhere.

/** @import { Canvas } from '../canvas.js' */
import { ACTIONS, TOOLS } from '../actions.js';
import { listen } from './listen.js';

/** @type {Record<string, [dx: number, dy: number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export const isTextField = (/** @type {Element | null} */ element) =>
  element?.matches('textarea, input:not([type=range], [type=checkbox], [type=radio])') ?? false;

/** Returns whether letters and digits are meant for this element. @param {Element | null} element */
export const isField = (element) => isTextField(element) || (element?.matches('select') ?? false);

/** @param {string} key */
const actionOf = (key) => ACTIONS.find(({ keys }) => keys?.includes(key));

export class Keyboard {
  #isSpaceHeld = false;
  #hasMovedView = false; // since the space bar went down

  /**
   * @param {HTMLElement} element The whole component.
   * @param {Canvas} canvas
   */
  constructor(element, canvas) {
    this.element = element;
    this.canvas = canvas;
    this.surface = canvas.view.canvas;
    listen(element, document, 'keydown', (event) => this.#press(event));
    listen(element, document, 'keyup', (event) => this.#release(event));
    this.surface.addEventListener('blur', () => {
      this.#isSpaceHeld = false;
    });
  }

  /** Asked as a drag begins: with the space bar held it moves the view. */
  isSpaceHeld() {
    this.#hasMovedView ||= this.#isSpaceHeld;
    return this.#isSpaceHeld;
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.key === 'Tab') this.canvas.cursor.noteKeys();
    if (event.key === 'Shift') this.canvas.holdShift(true);
    const target = event.target instanceof Element ? event.target : document.body;
    // Text fields have an undo of their own, and the dialog a key to close it.
    if (!this.canvas.isShown || isTextField(target) || target.closest('dialog')) return;
    const isAltGraph = event.getModifierState('AltGraph'); // brackets are AltGr keys on some keyboards
    const isControl = (event.ctrlKey || event.metaKey) && !isAltGraph;
    if (event.key === 'Escape') return this.canvas.commands.cancel();
    if (event.key === 'Enter' && !target.closest('button, a, summary') && this.canvas.commands.closeShape()) {
      return event.preventDefault();
    }
    if (isControl && !event.altKey) return this.#pressControl(event);
    if (isField(target) || isControl || event.altKey !== isAltGraph) return;
    if (target === this.surface && this.#pressOnMap(event)) return event.preventDefault();
    if (this.element.contains(target) && this.#pressKey(event)) event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  #pressControl(event) {
    const action = actionOf(`Ctrl+${event.shiftKey ? 'Shift+' : ''}${event.key.toUpperCase()}`);
    if (!action) return;
    event.preventDefault();
    action.run(this.canvas);
  }

  /** @param {KeyboardEvent} event */
  #pressOnMap(event) {
    const direction = ARROWS[event.key];
    if (direction) {
      this.canvas.cursor.move(...direction, event.shiftKey);
      this.canvas.status.announceSettled(() => this.canvas.cursor.describe());
    } else if (event.key === ' ' && !event.repeat) {
      this.#isSpaceHeld = true;
      this.#hasMovedView = false;
    } else if (event.key === 'Enter') {
      this.canvas.cursor.togglePen();
    }
    return direction !== undefined || event.key === ' ' || event.key === 'Enter';
  }

  /**
   * A digit is one on every keyboard layout, also with Shift.
   * @param {KeyboardEvent} event
   */
  #pressKey(event) {
    const digit = /^Digit(\d)$/.exec(event.code)?.[1];
    const key = digit ? (event.shiftKey ? 'Shift+' : '') + digit : event.key.toUpperCase();
    const action = actionOf(key);
    action?.run(this.canvas);
    const chosen = TOOLS.find((tool) => tool === action)?.label ?? this.canvas.palette.chooseKey(key);
    if (chosen && !this.canvas.pen.isDown) this.canvas.announce(chosen); // with the pen down, nothing was chosen
    return Boolean(action || chosen);
  }

  /**
   * The space bar paints as it is lifted: while it is held, a drag moves the view.
   * @param {KeyboardEvent} event
   */
  #release(event) {
    if (event.key === 'Shift') this.canvas.holdShift(false);
    if (event.key !== ' ' || !this.#isSpaceHeld) return;
    this.#isSpaceHeld = false;
    if (event.target === this.surface && !this.#hasMovedView) this.canvas.cursor.togglePen();
  }
}
