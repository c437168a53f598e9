// The label canvas on the page. Gradio runs raster.js, radio_group.js and this file as one function body with element, props, trigger
// and watch.

const MAX_UNDO = 100; // maps of 64 KiB at 256 x 256

const size = props.size;
const canvas = element.querySelector('canvas');
const guide = element.querySelector('.lc-guide');
const palette = element.querySelector('.lc-palette');
const tools = element.querySelector('.lc-tools');
const sizeSlider = element.querySelector('.lc-size input');
const announcer = element.querySelector('.lc-announcer');

let map = decodeRuns(props.value.runs, size);
let past = []; // maps to undo to, newest last
let future = []; // maps to redo to, next one last
let stroke = null; // while a pointer is down: { pointerId, start, last, before }
let corners = []; // of a polygon that is not closed yet
let paintClass = props.start_class;
let tool = 'brush';
let toolBeforePick = 'brush';

// ---- Showing the map -------------------------------------------------------------------------------------------------------------

canvas.width = canvas.height = size;
const context = canvas.getContext('2d');
const image = context.createImageData(size, size);
const imagePixels = new Uint32Array(image.data.buffer);
const classPixels = Uint32Array.from(props.classes, ({ color }) => pixelOfColor(color));
let redrawRequested = false;

/** "#rrggbb" as one element of a Uint32Array over RGBA bytes, in whichever byte order the machine has. */
function pixelOfColor(color) {
  const channels = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  return new Uint32Array(Uint8Array.of(...channels, 255).buffer)[0];
}

/** Pointers report more often than screens draw, so changes within one frame share one drawing. */
function requestRedraw() {
  if (redrawRequested) return;
  redrawRequested = true;
  requestAnimationFrame(() => {
    redrawRequested = false;
    for (let index = 0; index < map.length; index++) imagePixels[index] = classPixels[map[index]];
    context.putImageData(image, 0, 0);
  });
}

// ---- Telling the server, and undo ------------------------------------------------------------------------------------------------

function sendMap() {
  props.value = { width: size, height: size, runs: encodeRuns(map) };
  trigger('input');
}

function remember(before) {
  past.push(before);
  if (past.length > MAX_UNDO) past.shift();
  future = [];
  showHistory();
}

/** Ends whatever changed the map in place: one step of undo and one message, or neither where nothing has changed. */
function commitChange(before) {
  requestRedraw();
  if (sameMap(map, before)) return;
  remember(before);
  sendMap();
}

function travel(from, to, words) {
  if (stroke || !from.length) return;
  dropCorners();
  to.push(map);
  map = from.pop();
  showHistory();
  requestRedraw();
  sendMap();
  announce(words);
}

const undo = () => (corners.length ? takeCornerBack() : travel(past, future, 'Undone'));
const redo = () => travel(future, past, 'Redone');

function clear() {
  if (stroke) return;
  dropCorners();
  const before = map;
  map = new Uint8Array(size * size).fill(props.background);
  commitChange(before);
  announce('Cleared to ' + props.classes[props.background].name);
}

/** A map set by the server, such as an example, can be undone like a stroke, and is announced like one. */
function takeMapFromServer() {
  if (!props.value) return;
  const newMap = decodeRuns(props.value.runs, size);
  if (stroke) cancelStroke();
  if (sameMap(map, newMap)) return;
  dropCorners();
  remember(map);
  map = newMap;
  requestRedraw();
  trigger('input');
}

function showHistory() {
  // aria-disabled and not disabled: a button that is disabled while it has the focus would drop the focus to the page.
  const show = (action, steps) => element.querySelector('[data-action=' + action + ']').setAttribute('aria-disabled', String(!steps.length));
  show('undo', corners.length ? corners : past);
  show('redo', future);
}

function announce(words) {
  announcer.textContent = words;
}

// ---- Strokes ---------------------------------------------------------------------------------------------------------------------

function pixelAt(event) {
  const box = canvas.getBoundingClientRect();
  return {
    x: Math.floor(((event.clientX - box.left) * size) / box.width),
    y: Math.floor(((event.clientY - box.top) * size) / box.height),
  };
}

function clampToMap({ x, y }) {
  return { x: Math.min(Math.max(x, 0), size - 1), y: Math.min(Math.max(y, 0), size - 1) };
}

function beginStroke(event) {
  // One stroke at a time: a second finger, another pointer and the other mouse buttons paint nothing.
  if (stroke || event.button !== 0) return;
  event.preventDefault();
  canvas.focus({ preventScroll: true }); // leaves text fields, so that Ctrl+Z is meant for the map
  const start = clampToMap(pixelAt(event));
  const before = map.slice();
  if (tool === 'pick') {
    pickClass(map[start.y * size + start.x]);
  } else if (tool === 'fill') {
    floodFill(map, size, start, paintClass);
    commitChange(before);
  } else {
    canvas.setPointerCapture(event.pointerId);
    stroke = { pointerId: event.pointerId, start, last: start, before };
    paintStroke(start);
  }
}

function continueStroke(event) {
  markClassUnderPointer(event);
  if (!stroke && corners.length) showGuide(clampToMap(pixelAt(event)));
  if (!stroke || event.pointerId !== stroke.pointerId) return;
  const coalesced = event.getCoalescedEvents?.() ?? [];
  for (const step of coalesced.length ? coalesced : [event]) paintStroke(pixelAt(step));
}

function paintStroke(point) {
  if (tool === 'brush') {
    drawSegment(map, size, stroke.last, point, brushSize(), paintClass);
    stroke.last = point;
  } else if (tool === 'polygon') {
    stroke.last = clampToMap(point);
    showGuide(stroke.last);
  } else {
    map.set(stroke.before);
    if (tool === 'line') drawSegment(map, size, stroke.start, point, brushSize(), paintClass);
    else drawRectangle(map, size, stroke.start, point, paintClass);
  }
  requestRedraw();
}

function endStroke(event) {
  if (!stroke || event.pointerId !== stroke.pointerId) return;
  const { before, last } = stroke;
  stroke = null;
  if (tool === 'polygon') placeCorner(last, reachOf(event));
  else commitChange(before);
}

/** The system took the pointer away (a palm, a system gesture), or Escape was pressed: as if the stroke had never begun. */
function cancelStroke() {
  map = stroke.before;
  stroke = null;
  showGuide();
  requestRedraw();
}

canvas.addEventListener('pointerdown', beginStroke);
canvas.addEventListener('pointermove', continueStroke);
canvas.addEventListener('pointerup', endStroke);
canvas.addEventListener('lostpointercapture', endStroke); // a dialog or a driver took the pointer, and no pointerup will come
canvas.addEventListener('pointercancel', (event) => stroke?.pointerId === event.pointerId && cancelStroke());
canvas.addEventListener('pointerleave', () => {
  markClassUnderPointer(null);
  if (!stroke) showGuide();
});
canvas.addEventListener('contextmenu', (event) => stroke && event.preventDefault()); // a long press, in the middle of a stroke

// ---- Polygon ---------------------------------------------------------------------------------------------------------------------

// A corner is where the pointer is lifted, so that a finger can move it into place. The map changes only when the polygon is closed.

guide.setAttribute('viewBox', '0 0 ' + size + ' ' + size);

/** How near, in pixels of the map, a click counts as one on a corner: 6 px of the screen for a mouse, 14 for a finger. */
function reachOf(event) {
  return ((event.pointerType === 'touch' ? 14 : 6) * size) / canvas.clientWidth;
}

/** A click on the first corner closes the polygon, and so does a second one on the last: the end of a double click. */
function placeCorner(point, reach) {
  const isNear = (corner) => Math.hypot(corner.x - point.x, corner.y - point.y) <= reach;
  if (corners.length && (isNear(corners[0]) || isNear(corners.at(-1)))) return closePolygon();
  corners.push(point);
  showGuide();
  showHistory();
}

function closePolygon() {
  if (corners.length < 3) return showGuide();
  const before = map.slice();
  drawPolygon(map, size, corners, paintClass);
  dropCorners();
  commitChange(before);
}

function takeCornerBack() {
  if (stroke) return;
  corners.pop();
  showGuide();
  showHistory();
}

function dropCorners() {
  corners = [];
  showGuide();
  showHistory();
}

/** Draws the open outline over the map, up to where the pointer is, and a ring around the corner that closes it. */
function showGuide(pointer) {
  const points = pointer ? [...corners, pointer] : corners;
  guide.toggleAttribute('data-shown', points.length > 0);
  guide.querySelector('polyline').setAttribute('points', points.map(({ x, y }) => x + 0.5 + ',' + (y + 0.5)).join(' '));
  if (!points.length) return;
  guide.querySelector('circle').setAttribute('cx', points[0].x + 0.5);
  guide.querySelector('circle').setAttribute('cy', points[0].y + 0.5);
}

// ---- Palette and tools -----------------------------------------------------------------------------------------------------------

const allClasses = props.classes.map((_, classIndex) => classIndex);
const moreClasses = allClasses.filter((classIndex) => props.first_classes.length && !props.first_classes.includes(classIndex));
const shownOrder = moreClasses.length ? [...props.first_classes, ...moreClasses] : allClasses;
const disclosure = moreClasses.length ? makeDisclosure() : null;

const classRadios = shownOrder.map((classIndex) => {
  const { name, color } = props.classes[classIndex];
  const radio = document.createElement('button');
  radio.type = 'button';
  radio.setAttribute('role', 'radio');
  const swatch = document.createElement('span');
  swatch.className = 'lc-swatch';
  swatch.style.background = color;
  radio.append(swatch, name);
  if (moreClasses.includes(classIndex)) palette.querySelector('.lc-more').append(radio);
  else palette.querySelector('.lc-first').insertBefore(radio, disclosure);
  return radio;
});

/** The button that shows and hides the rarer classes; the chosen one is always shown. */
function makeDisclosure() {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'lc-disclosure';
  button.setAttribute('aria-expanded', 'false');
  button.setAttribute('aria-label', 'More classes');
  button.textContent = 'More';
  button.addEventListener('click', () => {
    button.setAttribute('aria-expanded', String(palette.toggleAttribute('data-open')));
  });
  palette.querySelector('.lc-first').append(button);
  return button;
}

const toolNames = [...tools.children].map((radio) => radio.dataset.tool);
const showClass = makeRadioGroup(palette, (position) => chooseClass(shownOrder[position]));
const showTool = makeRadioGroup(tools, (position) => chooseTool(toolNames[position]));

function chooseClass(classIndex) {
  if (stroke) return; // a stroke is of one class
  paintClass = classIndex;
  showClass(shownOrder.indexOf(classIndex));
}

function chooseTool(name) {
  if (stroke) return;
  dropCorners();
  if (name === 'pick' && tool !== 'pick') toolBeforePick = tool;
  tool = name;
  showTool(toolNames.indexOf(name));
  sizeSlider.disabled = name !== 'brush' && name !== 'line';
}

/** Picking is one click between strokes, so the tool that was in use comes back. */
function pickClass(classIndex) {
  chooseClass(classIndex);
  chooseTool(toolBeforePick);
  announce('Picked ' + props.classes[classIndex].name);
}

function markClassUnderPointer(event) {
  const point = event && event.pointerType !== 'touch' ? clampToMap(pixelAt(event)) : null;
  const classIndex = point ? map[point.y * size + point.x] : -1;
  classRadios.forEach((radio, position) => radio.toggleAttribute('data-under-pointer', shownOrder[position] === classIndex));
  if (!disclosure) return;
  const isHidden = point && !classRadios[shownOrder.indexOf(classIndex)].checkVisibility();
  disclosure.toggleAttribute('data-under-pointer', isHidden);
  disclosure.textContent = isHidden ? props.classes[classIndex].name : 'More'; // colours such as those of truck and trailer need their names
}

function brushSize() {
  return Number(sizeSlider.value);
}

function showBrushSize() {
  element.querySelector('.lc-size output').value = sizeSlider.value;
}

sizeSlider.addEventListener('input', showBrushSize);
element.querySelector('[data-action=undo]').addEventListener('click', undo);
element.querySelector('[data-action=redo]').addEventListener('click', redo);
element.querySelector('[data-action=clear]').addEventListener('click', clear);

// ---- Keyboard --------------------------------------------------------------------------------------------------------------------

/** Shortcuts work wherever the focus is on the page, but for fields with an undo of their own and canvases in hidden tabs. */
function handleKey(event) {
  if (!element.isConnected) return document.removeEventListener('keydown', handleKey);
  if (canvas.offsetParent === null || event.target.closest?.('input:not([type=range]):not([type=checkbox]), textarea, select')) return;
  if (event.key === 'Escape') {
    if (stroke) cancelStroke();
    return dropCorners();
  }
  if (event.key === 'Enter' && corners.length && !stroke && !event.target.closest?.('button, a')) return closePolygon();
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  const key = event.key.toLowerCase();
  if (key !== 'z' && key !== 'y') return;
  event.preventDefault();
  if (key === 'y' || event.shiftKey) redo();
  else undo();
}

document.addEventListener('keydown', handleKey);

// ---- Start -----------------------------------------------------------------------------------------------------------------------

element.querySelector('[data-action=clear]').title = 'Clear: ' + props.classes[props.background].name + ' everywhere';
watch('value', takeMapFromServer);
chooseTool(tool);
chooseClass(paintClass);
showBrushSize();
showHistory();
requestRedraw();
