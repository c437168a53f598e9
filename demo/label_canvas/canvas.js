// The label canvas on the page. Gradio runs raster.js, radio_group.js and this file as one function body with element, props, trigger
// and watch.

const MAX_UNDO = 100; // maps of 64 KiB at 256 x 256

const size = props.size;
const canvas = element.querySelector('canvas');
const palette = element.querySelector('.lc-palette');
const tools = element.querySelector('.lc-tools');
const sizeSlider = element.querySelector('.lc-size input');
const announcer = element.querySelector('.lc-announcer');

let map = decodeRuns(props.value.runs, size);
let past = []; // maps to undo to, newest last
let future = []; // maps to redo to, next one last
let stroke = null; // while a pointer is down: { pointerId, start, last, before }
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
  to.push(map);
  map = from.pop();
  showHistory();
  requestRedraw();
  sendMap();
  announce(words);
}

const undo = () => travel(past, future, 'Undone');
const redo = () => travel(future, past, 'Redone');

function clear() {
  if (stroke) return;
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
  remember(map);
  map = newMap;
  requestRedraw();
  trigger('input');
}

function showHistory() {
  // aria-disabled and not disabled: a button that is disabled while it has the focus would drop the focus to the page.
  const show = (action, steps) => element.querySelector('[data-action=' + action + ']').setAttribute('aria-disabled', String(!steps.length));
  show('undo', past);
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
  if (!stroke || event.pointerId !== stroke.pointerId) return;
  const coalesced = event.getCoalescedEvents?.() ?? [];
  for (const step of coalesced.length ? coalesced : [event]) paintStroke(pixelAt(step));
}

function paintStroke(point) {
  if (tool === 'brush') {
    drawSegment(map, size, stroke.last, point, brushSize(), paintClass);
    stroke.last = point;
  } else {
    map.set(stroke.before);
    if (tool === 'line') drawSegment(map, size, stroke.start, point, brushSize(), paintClass);
    else drawRectangle(map, size, stroke.start, point, paintClass);
  }
  requestRedraw();
}

function endStroke(event) {
  if (!stroke || event.pointerId !== stroke.pointerId) return;
  const { before } = stroke;
  stroke = null;
  commitChange(before);
}

/** The system took the pointer away (a palm, a system gesture), or Escape was pressed: as if the stroke had never begun. */
function cancelStroke() {
  map = stroke.before;
  stroke = null;
  requestRedraw();
}

canvas.addEventListener('pointerdown', beginStroke);
canvas.addEventListener('pointermove', continueStroke);
canvas.addEventListener('pointerup', endStroke);
canvas.addEventListener('lostpointercapture', endStroke); // a dialog or a driver took the pointer, and no pointerup will come
canvas.addEventListener('pointercancel', (event) => stroke?.pointerId === event.pointerId && cancelStroke());
canvas.addEventListener('pointerleave', () => markClassUnderPointer(null));
canvas.addEventListener('contextmenu', (event) => stroke && event.preventDefault()); // a long press, in the middle of a stroke

// ---- Palette and tools -----------------------------------------------------------------------------------------------------------

for (const { name, color } of props.classes) {
  const radio = document.createElement('button');
  radio.type = 'button';
  radio.setAttribute('role', 'radio');
  const swatch = document.createElement('span');
  swatch.className = 'lc-swatch';
  swatch.style.background = color;
  radio.append(swatch, name);
  palette.append(radio);
}

const toolNames = [...tools.children].map((radio) => radio.dataset.tool);
const showClass = makeRadioGroup(palette, chooseClass);
const showTool = makeRadioGroup(tools, (position) => chooseTool(toolNames[position]));

function chooseClass(classIndex) {
  if (stroke) return; // a stroke is of one class
  paintClass = classIndex;
  showClass(classIndex);
}

function chooseTool(name) {
  if (stroke) return;
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
  [...palette.children].forEach((radio, index) => radio.toggleAttribute('data-under-pointer', index === classIndex));
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
  if (event.key === 'Escape' && stroke) return cancelStroke();
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  const key = event.key.toLowerCase();
  if (key !== 'z' && key !== 'y') return;
  event.preventDefault();
  if (key === 'y' || event.shiftKey) redo();
  else undo();
}

document.addEventListener('keydown', handleKey);

// ---- Start -----------------------------------------------------------------------------------------------------------------------

watch('value', takeMapFromServer);
chooseTool(tool);
chooseClass(paintClass);
showBrushSize();
showHistory();
requestRedraw();
