// The label canvas on the page: makes the parts and connects them. Gradio runs all scripts of this folder as one function body with element,
// props, trigger and watch.

const CURSOR_RADIUS = 10; // pixels of the screen: a ring shows where the keyboard's cursor is
const IS_BY_KEYS = ':focus:not([data-pointer])'; // the canvas: its focus and cursor came with the keyboard, not with the mouse

element.innerHTML = MARKUP; // not html_template, which Gradio would compile anew with every stroke

const size = props.size;
const find = (selector) => element.querySelector(selector);
const canvas = find('canvas');
const choice = { tool: 'brush', paintClass: props.start_class, brushSize: 16, step: 1, isMirrored: false, across: 0, down: 0 };
let hover = null; // the pixel under the pointer, or the keyboard's cursor; null where neither is on the map
let redrawRequested = false;
let cursor = { x: size / 2, y: size / 2 }; // where the keyboard goes on
let isHeldByKeys = false; // the pen, while it is down

// ---- The map, what is seen of it, and who hears of it ----------------------------------------------------------------------------

const painting = makePainting(decodeRuns(props.value.runs, size), () => {
  sender.send(painting.map);
  requestRedraw();
  showHistory();
  work.keep();
});
const colors = props.classes.map(({ color }) => color);
const view = makeView(find('.lc-surface'), size, colors, () => painting.map);
const sender = makeSender(props.value.runs, (runs) => {
  props.value = { width: size, height: size, runs };
  trigger('input');
});
const tools = makeTools(painting, size, choice, pickClass);
const className = (classIndex) => props.classes[classIndex].name;

const work = makeWork(painting, props, {
  beforeMap() {
    pen.cancel();
    dropUnfinished();
  },
  onSettings: (settings) => trigger('linked', settings),
  onNotice: (words) => showNotice(words),
});

/** Pointers report more often than screens draw, so changes within one frame share one drawing. */
function requestRedraw() {
  if (redrawRequested) return;
  redrawRequested = true;
  requestAnimationFrame(() => {
    redrawRequested = false;
    view.draw();
    const ring = hover && canvas.matches(IS_BY_KEYS) ? outlineRing(hover, view.mapLength(CURSOR_RADIUS)) : '';
    view.showOutline(tools[choice.tool].outline(hover) + ring, choice.isMirrored);
    sendLive();
  });
}

function sendLive() {
  if (pen.downSince !== null) sender.sendLive(painting.map, pen.downSince);
}

/** Listens for as long as the canvas is on the page, which Gradio may take apart and build again. */
function listen(target, type, listener) {
  target.addEventListener(type, function hear(event) {
    if (element.isConnected) listener(event);
    else target.removeEventListener(type, hear);
  });
}

listen(document, 'pictures-painted', () => {
  sender.noteAnswer();
  sendLive();
});
listen(document, props.dataset + '-refused', () => sender.noteRefusal());
listen(document, props.dataset + '-settings', ({ detail }) => work.noteSettings(detail));

/** A link that is pasted into the address bar of the open page; one of another dataset opens its tab as the page loads. */
listen(window, 'hashchange', () => {
  if (canvas.offsetParent === null) return; // the canvas of the tab that is open answers
  if (isLinkElsewhere(props.dataset)) location.reload();
  else work.openLink();
});

/** A map set by the server, such as an example, can be undone like a stroke, and is announced like one. */
watch('value', () => {
  if (!props.value) return;
  const newMap = decodeRuns(props.value.runs, size);
  pen.cancel();
  dropUnfinished();
  if (painting.replace(newMap)) announce('New map');
});

// ---- The pen and what holds it ---------------------------------------------------------------------------------------------------

const pen = makePen(painting, size, () => tools[choice.tool], {
  onDown() {
    isHeldByKeys = false;
    setTimeout(requestRedraw, SHORT_STROKE); // live pictures begin even where the hand rests
    showHint();
  },
  onChange() {
    showHistory();
    requestRedraw();
  },
  onCancel: () => sender.send(painting.map), // live pictures may have shown the stroke
});

/** The pixel under the pointer, or the keyboard's cursor; null for none. */
function setHover(point) {
  hover = point && clampPoint(point, size);
  cursor = hover ?? cursor;
  palette.mark(hover && painting.map[hover.y * size + hover.x]);
  requestRedraw();
}

function noteKeys() {
  delete canvas.dataset.pointer;
}

/** Pen down or up, or both at once where a click is all that a tool needs. */
function togglePen(point) {
  const wasDown = pen.downSince !== null;
  const tool = tools[choice.tool];
  if (!wasDown) pen.down(point);
  if (wasDown || tool.isClick) pen.up(0);
  isHeldByKeys = pen.downSince !== null;
  if (isHeldByKeys) announce('Pen down, ' + className(choice.paintClass));
  else announce(tool.said?.(className(choice.paintClass)) ?? 'Pen up');
}

const keys = listenToKeys(element, canvas, listen, {
  getCursor: () => cursor,
  setCursor(point) {
    noteKeys();
    setHover(point);
    pen.move(hover);
    view.reveal(hover);
  },
  noteKeys,
  cursorStep: () => (hasGrid() ? choice.step : 1),
  describe: ({ x, y }) => x + ', ' + y + ': ' + className(painting.map[y * size + x]),
  togglePen,
  undo,
  redo,
  resizeBrush(sign) {
    setBrushSize(choice.brushSize + sign * (choice.brushSize + sign > 8 ? 4 : 1));
    announce('Size ' + choice.brushSize);
  },
  /** Enter closes a polygon; elsewhere it is of no use. */
  closeShape() {
    if (pen.downSince !== null || !tools.polygon.isOpen) return false;
    if (tools.polygon.close()) announce('Polygon closed');
    showHistory();
    requestRedraw();
    return true;
  },
  cancel() {
    if (pen.downSince !== null || tools.polygon.isOpen) announce('Taken back');
    pen.cancel();
    dropUnfinished();
  },
  announce,
});

listenToPointers(canvas, view, pen, { onHover: setHover, isSpaceHeld: keys.isSpaceHeld });

canvas.addEventListener('focus', () => {
  if (!canvas.matches(IS_BY_KEYS)) return;
  find('.lc-hint').textContent = canvas.ariaDescription;
  setHover(cursor);
});
canvas.addEventListener('blur', () => {
  pen.up(0); // the keyboard's, which no key could lift any more
  setHover(null);
  showHint();
});

// ---- Undo, redo, clear -----------------------------------------------------------------------------------------------------------

/** In the middle of a stroke: takes back that of the keyboard, which can press on; a mouse is to be lifted first. */
function undo() {
  if (pen.downSince !== null) {
    if (!isHeldByKeys) return;
    pen.cancel();
    announce('Taken back');
  } else if (tools.polygon.isOpen) {
    tools.polygon.takeCornerBack();
  } else if (painting.undo()) {
    announce('Undone');
  }
  showHistory();
  requestRedraw();
}

function redo() {
  if (pen.downSince !== null || !painting.redoSteps) return;
  dropUnfinished();
  if (painting.redo()) announce('Redone');
}

function clear() {
  pen.cancel();
  dropUnfinished();
  painting.replace(new Uint8Array(size * size).fill(props.background));
  announce('Cleared to ' + className(props.background));
}

function showHistory() {
  // aria-disabled and not disabled: a button that is disabled while it has the focus would drop the focus to the page.
  const show = (action, canAct) => find('[data-action=' + action + ']').setAttribute('aria-disabled', String(!canAct));
  show('undo', tools.polygon.isOpen || painting.undoSteps);
  show('redo', painting.redoSteps);
}

function dropUnfinished() {
  tools[choice.tool].drop?.();
  showHistory();
  requestRedraw();
}
