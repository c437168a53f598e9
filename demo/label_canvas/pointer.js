// Mouse, pen and fingers: one of them paints; two fingers, the middle button or the left one with the space bar move and enlarge the view.

const TAP_REACH = 14; // pixels of the screen: how far a finger wanders in a tap
const CLICK_REACH = 6; // and a mouse or a pen
const TRACKPAD = 40; // pixels; what comes in smaller steps is no wheel
const WHEEL_NOTCHES = 2; // to double the size; a notch is some 120 pixels

/**
 * pen is what draws: down(point), move(point), up(reach), cancel(). onHover gets the pixel under the pointer, or null.
 * isSpaceHeld() tells whether a drag moves the view.
 */
function listenToPointers(canvas, view, pen, { onHover, isSpaceHeld }) {
  const fingers = new Map(); // on the canvas: pointerId → newest event
  let gesture = null; // what the pointers do until they are lifted: 'paint', 'pan', 'pinch', or 'none' until the last finger is gone
  let first = null; // the event that began the gesture
  let last = null; // the newest one of the same pointer
  let travelled = 0; // pixels of the screen, the farthest from there

  const isTouch = (event) => event.pointerType === 'touch';
  const distance = (one, other) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
  const reachOf = (event) => view.mapLength(isTouch(event) ? TAP_REACH : CLICK_REACH);

  function begin(event) {
    canvas.dataset.pointer = '';
    if (isTouch(event)) fingers.set(event.pointerId, event);
    if (fingers.size === 2 && (gesture === 'none' || (gesture === 'paint' && isTouch(first) && travelled < TAP_REACH))) {
      if (gesture === 'paint') pen.cancel();
      gesture = 'pinch';
    }
    if (event.pointerType === 'pen' && gesture === 'paint' && isTouch(first)) {
      pen.cancel(); // the palm came down before the pen
      gesture = null;
    }
    const isPan = event.button === 1 || (event.button === 0 && isSpaceHeld());
    if (gesture || (event.button !== 0 && !isPan)) return; // a second pointer and the other mouse buttons paint nothing
    event.preventDefault();
    canvas.focus({ preventScroll: true }); // leaves text fields, so that Ctrl+Z is meant for the map
    canvas.setPointerCapture(event.pointerId);
    first = last = event;
    travelled = 0;
    gesture = isPan ? 'pan' : 'paint';
    if (gesture === 'paint') pen.down(view.pointAt(event));
    if (gesture === 'pan') canvas.dataset.panning = '';
  }

  /** Keys are meant for the map where the mouse is moved over it; a mouse that lies there while people type moves by nothing. */
  function follow(event) {
    const isMouse = event.pointerType === 'mouse';
    if (isMouse && !event.movementX && !event.movementY) return;
    canvas.dataset.pointer = '';
    if (isMouse && document.activeElement !== canvas && !isField(document.activeElement)) canvas.focus({ preventScroll: true });
  }

  function move(event) {
    follow(event);
    onHover(isTouch(event) ? null : view.pointAt(event));
    if (gesture === 'pinch' && fingers.has(event.pointerId)) return pinch(event);
    if (event.pointerId !== first?.pointerId) return;
    travelled = Math.max(travelled, distance(event, first));
    if (gesture === 'pan') view.panBy(event.clientX - last.clientX, event.clientY - last.clientY);
    last = event;
    if (gesture !== 'paint') return;
    const coalesced = event.getCoalescedEvents?.() ?? [];
    for (const step of coalesced.length ? coalesced : [event]) pen.move(view.pointAt(step));
  }

  function pinch(event) {
    const before = spanOf(fingers);
    fingers.set(event.pointerId, event);
    const after = spanOf(fingers);
    view.zoomBy(after.distance / before.distance, before.clientX, before.clientY);
    view.panBy(after.clientX - before.clientX, after.clientY - before.clientY);
  }

  /** The pointer was lifted, or the system took it away: a palm, a system gesture. */
  function end(event, isTakenAway) {
    fingers.delete(event.pointerId);
    if (gesture === 'paint' && event.pointerId === first.pointerId) {
      if (isTakenAway) pen.cancel();
      else pen.up(reachOf(event));
      gesture = null;
    } else if (gesture === 'pan' && event.pointerId === first.pointerId) {
      gesture = null;
    } else if (gesture === 'pinch' || gesture === 'none') {
      gesture = 'none'; // a finger that stays paints nothing
    }
    if (gesture === 'none' && !fingers.size) gesture = null;
    if (!gesture) first = null;
    delete canvas.dataset.panning;
  }

  /** With Ctrl, as two fingers on a trackpad report it too, it zooms; without, it moves an enlarged map, and otherwise scrolls the page. */
  function wheel(event) {
    if (!event.ctrlKey && view.zoom === 1) return;
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 40 : 1;
    if (event.ctrlKey) {
      const strength = Math.abs(event.deltaY * pixels) < TRACKPAD ? 6 : 1;
      view.zoomBy(2 ** ((-event.deltaY * pixels * strength) / (120 * WHEEL_NOTCHES)), event.clientX, event.clientY);
    } else {
      view.panBy(-event.deltaX * pixels, -event.deltaY * pixels);
    }
    onHover(view.pointAt(event));
  }

  canvas.addEventListener('pointerdown', begin);
  canvas.addEventListener('pointermove', move);
  canvas.addEventListener('pointerup', (event) => end(event, false));
  canvas.addEventListener('lostpointercapture', (event) => end(event, false)); // a dialog or a driver took it, and no pointerup will come
  canvas.addEventListener('pointercancel', (event) => end(event, true));
  canvas.addEventListener('pointerleave', () => onHover(null));
  canvas.addEventListener('contextmenu', (event) => gesture && event.preventDefault()); // a long press, in the middle of a stroke
  canvas.addEventListener('mousedown', (event) => event.button === 1 && event.preventDefault()); // no scrolling by the middle button
  canvas.addEventListener('wheel', wheel, { passive: false });
}

/** The middle between the first two fingers, and how far apart they are. */
function spanOf(fingers) {
  const [one, other] = fingers.values();
  return {
    clientX: (one.clientX + other.clientX) / 2,
    clientY: (one.clientY + other.clientY) / 2,
    distance: Math.max(Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY), 1),
  };
}
