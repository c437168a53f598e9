// @ts-check
// What pointers do from the first one down to the last one up: each gesture is a state, and its end names the next one.

/** @import { View } from '../view.js' */
/** @import { Pen } from './pen.js' */

/** @typedef {Map<number, PointerEvent>} Fingers The newest event of each finger on the canvas. */

/**
 * @typedef {object} Gesture
 * @property {number | null} pointerId The pointer that makes the gesture; null for all fingers.
 * @property {() => void} enter
 * @property {(event: PointerEvent) => void} move
 * @property {() => Gesture | null} end A pointer was lifted.
 * @property {() => Gesture | null} cancel The system took the pointer away, or another pointer begins something else.
 * @property {(event: PointerEvent, fingers: Fingers) => boolean} yieldsTo Whether a second pointer ends this gesture.
 */

const TAP_REACH = 14; // pixels of the screen: how far a finger wanders in a tap
const CLICK_REACH = 6; // the same for a mouse or a pen
const TAP_TIME = 400; // milliseconds from the second finger down to the last one up

export const isTouch = (/** @type {PointerEvent} */ event) => event.pointerType === 'touch';

/** @type {(one: PointerEvent, other: PointerEvent) => number} */
const distance = (one, other) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);

/** One pointer paints. @implements {Gesture} */
export class Paint {
  #travelled = 0; // pixels of the screen, the farthest from the start

  /**
   * @param {PointerEvent} first
   * @param {Pen} pen
   * @param {View} view
   */
  constructor(first, pen, view) {
    this.first = first;
    this.pointerId = first.pointerId;
    this.pen = pen;
    this.view = view;
  }

  enter() {
    this.pen.down(this.view.pointAt(this.first));
  }

  /** @param {PointerEvent} event */
  move(event) {
    this.#travelled = Math.max(this.#travelled, distance(event, this.first));
    const steps = event.getCoalescedEvents?.() ?? [];
    for (const step of steps.length ? steps : [event]) this.pen.move(this.view.pointAt(step));
  }

  end() {
    this.pen.up(this.view.mapLength(isTouch(this.first) ? TAP_REACH : CLICK_REACH));
    return null;
  }

  cancel() {
    this.pen.cancel();
    return null;
  }

  /**
   * A finger yields to a pen, because it is the palm, and to a second finger, unless it has begun to paint.
   * @type {Gesture['yieldsTo']}
   */
  yieldsTo(event, fingers) {
    if (!isTouch(this.first)) return false;
    return event.pointerType === 'pen' || (fingers.size === 2 && this.#travelled < TAP_REACH);
  }
}

/** One pointer moves the view. @implements {Gesture} */
export class Pan {
  /**
   * @param {PointerEvent} first
   * @param {View} view
   */
  constructor(first, view) {
    this.last = first;
    this.pointerId = first.pointerId;
    this.view = view;
  }

  enter() {
    this.view.canvas.dataset.panning = '';
  }

  /** @param {PointerEvent} event */
  move(event) {
    this.view.panBy(event.clientX - this.last.clientX, event.clientY - this.last.clientY);
    this.last = event;
  }

  end() {
    delete this.view.canvas.dataset.panning;
    return null;
  }

  cancel() {
    return this.end();
  }

  yieldsTo() {
    return false;
  }
}

/** The class under a pointer is chosen. @implements {Gesture} */
export class Pick {
  /**
   * @param {PointerEvent} first
   * @param {(event: PointerEvent) => void} onPick
   */
  constructor(first, onPick) {
    this.first = first;
    this.pointerId = first.pointerId;
    this.onPick = onPick;
  }

  enter() {
    this.onPick(this.first);
  }

  /** @param {PointerEvent} event */
  move(event) {
    this.onPick(event);
  }

  end() {
    return null;
  }

  cancel() {
    return null;
  }

  yieldsTo() {
    return false;
  }
}

/** Two fingers move and enlarge the view, or tap with as many as come. @implements {Gesture} */
export class Pinch {
  pointerId = null;
  #isStill = true; // a tap so far
  #startedAt = performance.now();

  /**
   * @param {Fingers} fingers
   * @param {View} view
   * @param {(fingerCount: number) => void} onTap
   */
  constructor(fingers, view, onTap) {
    this.fingers = fingers;
    this.starts = new Map(fingers);
    this.span = spanOf(fingers);
    this.view = view;
    this.onTap = onTap;
  }

  enter() {}

  /** @param {PointerEvent} event */
  move(event) {
    if (!this.fingers.has(event.pointerId)) return;
    this.fingers.set(event.pointerId, event);
    const start = this.starts.get(event.pointerId);
    this.#isStill &&= Boolean(start && distance(start, event) < TAP_REACH);
    if (this.#isStill) return;
    const { span } = this;
    this.span = spanOf(this.fingers);
    this.view.zoomBy(this.span.distance / span.distance, span);
    this.view.panBy(this.span.clientX - span.clientX, this.span.clientY - span.clientY);
  }

  end() {
    const count = this.fingers.size + 1; // with the one that was lifted
    return new Rest(this.fingers, () => {
      if (this.#isStill && performance.now() - this.#startedAt < TAP_TIME) this.onTap(count);
    });
  }

  cancel() {
    return new Rest(this.fingers, () => {});
  }

  /**
   * Another finger makes it a tap of more fingers.
   * @param {PointerEvent} event
   */
  yieldsTo(event) {
    if (isTouch(event)) this.starts.set(event.pointerId, event);
    return false;
  }
}

/** The fingers that stay after a pinch or a tap paint nothing. @implements {Gesture} */
class Rest {
  pointerId = null;

  /**
   * @param {Fingers} fingers
   * @param {() => void} onLast Runs when the last finger is lifted.
   */
  constructor(fingers, onLast) {
    this.fingers = fingers;
    this.onLast = onLast;
  }

  enter() {}

  move() {}

  end() {
    if (this.fingers.size) return this;
    this.onLast();
    return null;
  }

  cancel() {
    return this.fingers.size ? this : null;
  }

  yieldsTo() {
    return this.fingers.size === 2;
  }
}

/**
 * Returns the middle between the first two fingers, and their distance.
 * @param {Fingers} fingers
 */
function spanOf(fingers) {
  const [one, other] = fingers.values();
  return {
    clientX: (one.clientX + other.clientX) / 2,
    clientY: (one.clientY + other.clientY) / 2,
    distance: Math.max(distance(one, other), 1),
  };
}
