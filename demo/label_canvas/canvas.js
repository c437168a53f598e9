// The label canvas on the page: makes the parts and connects them. Gradio runs all scripts of this folder as one function body with element,
// props, trigger and watch.

const CURSOR_RADIUS = 10; // pixels of the screen: a ring shows where the keyboard's cursor is

element.innerHTML = MARKUP; // not html_template, which Gradio would compile anew with every stroke

const size = props.size;
const find = (selector) => element.querySelector(selector);
const canvas = find('canvas');
const choice = { tool: 'brush', paintClass: props.start_class, brushSize: 16, step: 1, isMirrored: false, across: 0, down: 0 };
let hover = null; // the pixel under the pointer, or the keyboard's cursor
let settings = props.settings; // the seed and dropout of the pictures
let redrawRequested = false;
let isLinkShown = false; // in the address bar, for people to copy

// ---- The map, what is seen of it, and who hears of it ----------------------------------------------------------------------------

const painting = makePainting(decodeRuns(props.value.runs, size), () => {
  if (isLinkShown) clearAddress(); // it is of an older map from now on
  sender.send(painting.map);
  requestRedraw();
  showHistory();
  keep(painting.map);
});
const colors = props.classes.map(({ color }) => color);
const view = makeView(find('.lc-surface'), size, colors, () => painting.map);
const keep = makeKeeper(props.dataset);
const sender = makeSender(props.value.runs, (runs) => {
  props.value = { width: size, height: size, runs };
  trigger('input');
});
const tools = makeTools(painting, size, choice, pickClass);

/** Pointers report more often than screens draw, so changes within one frame share one drawing. */
function requestRedraw() {
  if (redrawRequested) return;
  redrawRequested = true;
  requestAnimationFrame(() => {
    redrawRequested = false;
    view.draw();
    const ring = hover && canvas.matches(':focus-visible') ? outlineRing(hover, view.mapLength(CURSOR_RADIUS)) : '';
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
listen(document, props.dataset + '-settings', ({ detail }) => (settings = detail));

/** A map set by the server, such as an example, can be undone like a stroke, and is announced like one. */
watch('value', () => {
  if (!props.value) return;
  const newMap = decodeRuns(props.value.runs, size);
  pen.cancel();
  dropUnfinished();
  painting.replace(newMap);
});

// ---- The pen and what holds it ---------------------------------------------------------------------------------------------------

const pen = makePen(painting, size, () => tools[choice.tool], {
  onDown() {
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
  palette.mark(hover && painting.map[hover.y * size + hover.x]);
  requestRedraw();
}

/** Pen down or up, or both at once where a click is all that a tool needs. */
function togglePen(point) {
  const wasDown = pen.downSince !== null;
  if (!wasDown) pen.down(point);
  if (wasDown || tools[choice.tool].isClick) pen.up(0);
  announce(pen.downSince === null ? 'Pen up' : 'Pen down, ' + props.classes[choice.paintClass].name);
}

const keys = listenToKeys(element, canvas, listen, {
  getCursor: () => hover ?? { x: size / 2, y: size / 2 },
  setCursor(point) {
    setHover(point);
    pen.move(hover);
    view.reveal(hover);
  },
  cursorStep: () => (hasGrid() ? choice.step : 1),
  describe: ({ x, y }) => x + ', ' + y + ': ' + props.classes[painting.map[y * size + x]].name,
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
    tools.polygon.close();
    showHistory();
    requestRedraw();
    return true;
  },
  cancel() {
    pen.cancel();
    dropUnfinished();
  },
  announce,
});

listenToPointers(canvas, view, pen, {
  onHover: setHover,
  isSpaceHeld: keys.isSpaceHeld,
  /** A tap after a tap shows the whole map again; what the first one painted was not meant. */
  onDoubleTap() {
    if (view.zoom === 1 || choice.tool === 'polygon') return false;
    if (pen.hasPainted) painting.undo();
    view.reset();
    return true;
  },
});

canvas.addEventListener('focus', () => {
  if (canvas.matches(':focus-visible')) find('.lc-hint').textContent = canvas.ariaDescription;
});
canvas.addEventListener('blur', () => {
  pen.up(0); // the keyboard's, which no key could lift any more
  setHover(null);
  showHint();
});

// ---- Undo, redo, clear -----------------------------------------------------------------------------------------------------------

function undo() {
  if (pen.downSince !== null) return;
  if (tools.polygon.isOpen) tools.polygon.takeCornerBack();
  else if (painting.undo()) announce('Undone');
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
  announce('Cleared to ' + props.classes[props.background].name);
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

// ---- Start -----------------------------------------------------------------------------------------------------------------------

/** What was painted here before a link was opened, what was painted last, then the map of a link, each a step of undo. */
async function openMaps() {
  for (const kept of await readKept(props.dataset, size, props.classes.length)) painting.replace(kept);
  await openLink();
}

async function openLink() {
  try {
    const link = await readLink(props.dataset, size, props.classes.length);
    if (!link) return;
    clearAddress();
    pen.cancel();
    dropUnfinished();
    keepAside(props.dataset);
    painting.replace(link.map);
    trigger('linked', { seed: link.seed, dropout: link.dropout });
    showNotice('The map of the link is on the canvas; undo brings yours back.');
  } catch (error) {
    showNotice('This link was not opened. ' + error.message + ' Ask for it again.');
  }
}

/** So that a reload shows what has been painted since. */
function clearAddress() {
  history.replaceState(history.state, '', location.href.split('#')[0]);
  isLinkShown = false;
}

async function copyLink() {
  const link = await makeLink(props.dataset, painting.map, settings);
  try {
    await navigator.clipboard.writeText(link);
    showNotice('Link copied.');
  } catch {
    history.replaceState(history.state, '', link); // no clipboard without https, or it is forbidden
    isLinkShown = true;
    showNotice('The link is in the address bar now; copy it from there.');
  }
}

/** A link that is pasted into the address bar of the open page; one of another dataset opens its tab as the page loads. */
function followLink() {
  if (canvas.offsetParent === null) return; // the canvas of the tab that is open answers
  if (isLinkElsewhere(props.dataset)) location.reload();
  else openLink();
}

listen(window, 'hashchange', followLink);
