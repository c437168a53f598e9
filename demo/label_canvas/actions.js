// @ts-check
// Every tool and command with its icon, key, title and effect. Toolbar, keyboard and tooltips are made from this table.

/** @import { Canvas } from './canvas.js' */
/** @import { LabelMap } from './document/map.js' */
/** @import { Choice, Tool } from './tools/tool.js' */
import { Brush } from './tools/brush.js';
import { makeFill } from './tools/fill.js';
import { makeLine } from './tools/line.js';
import { makePick } from './tools/pick.js';
import { Polygon } from './tools/polygon.js';
import { makeRectangle } from './tools/rectangle.js';
import { Repeat } from './tools/repeat.js';

/**
 * @typedef {object} Action
 * @property {string} name
 * @property {string} label What screen readers say.
 * @property {string[]} [keys] The tooltip shows the first one.
 * @property {string} [title] What the tooltip and the list of keys say besides the label.
 * @property {string} [icon] An SVG path, 24 x 24.
 * @property {'toolbar' | 'status'} [place] Where the button of a command stands; tools have a group of their own.
 * @property {(canvas: Canvas) => void} run The effect.
 */

/**
 * @typedef {object} ToolDetails
 * @property {string} hint The sentence below the map while the tool is chosen.
 * @property {string} [touchHint] The same for fingers, where "tap" for "click" is not enough.
 * @property {boolean} [snaps] The tool and its cursor keep to the grid.
 * @property {(labelMap: LabelMap, choice: Choice, canvas: Canvas) => Tool} make
 */

/** @typedef {Action & ToolDetails} ToolAction */

/** @type {(entry: Omit<ToolAction, 'run'>) => ToolAction} */
const tool = (entry) => ({ ...entry, run: (canvas) => canvas.chooseTool(entry.name) });

export const TOOLS = [
  tool({
    name: 'brush',
    label: 'Brush',
    keys: ['B'],
    title: 'paint freely',
    hint: 'Paint freely. Shift+click draws a line.',
    touchHint: 'Paint freely. A tap with two fingers undoes.',
    icon:
      'M20.5 3.5c-4.8 2.6-8.6 6.1-11 10.1l2.9 2.9c4-2.4 7.5-6.2 8.1-13z ' +
      'M8 15c-2 .2-3 1.6-3.2 3.2-.1 1-.6 1.7-1.3 2.2 3.5.6 7.4-.3 7.4-2.8L8 15z',
    make: (labelMap, choice) => new Brush(labelMap, choice),
  }),
  tool({
    name: 'rectangle',
    label: 'Rectangle',
    keys: ['R'],
    title: 'drag from corner to corner; Shift makes a square',
    hint: 'Drag from corner to corner.',
    icon: 'M4 6h16v12H4z',
    snaps: true,
    make: makeRectangle,
  }),
  tool({
    name: 'polygon',
    label: 'Polygon',
    keys: ['P'],
    title:
      'click its corners or draw around it; a double click, Enter or the first corner closes it, Escape cancels; ' +
      'Shift keeps to steps of 45°',
    hint: 'Click corners, or draw around an area.',
    icon: 'M4.5 9.5 12.5 4l7 6.5-3.5 9H7z',
    make: (labelMap, choice) => new Polygon(labelMap, choice),
  }),
  tool({
    name: 'line',
    label: 'Line',
    keys: ['L'],
    title: 'drag from end to end, as thick as the brush; Shift keeps to steps of 45°',
    hint: 'Drag from end to end.',
    icon: 'M5 19 19 5',
    make: makeLine,
  }),
  tool({
    name: 'fill',
    label: 'Fill',
    keys: ['F'],
    title: 'repaint a whole region',
    hint: 'Click a region to repaint it.',
    icon:
      'm8.5 3 9.5 9.5-6.5 6.5a1.5 1.5 0 0 1-2.1 0L4 13.6a1.5 1.5 0 0 1 0-2.1L10.5 5M3.7 12.5H18' +
      'M20.5 16.5s1.5 1.8 1.5 2.9a1.5 1.5 0 0 1-3 0c0-1.1 1.5-2.9 1.5-2.9z',
    make: makeFill,
  }),
  tool({
    name: 'repeat',
    label: 'Repeat',
    keys: ['T'],
    title: 'drag around a block, then from inside it over the area to fill with copies',
    hint: 'Drag around a block, then from it over the area.',
    icon: 'M3.5 3.5h7v7h-7z M14 4h6v6h-6z M4 14h6v6H4z M14 14h6v6h-6z',
    snaps: true,
    make: (labelMap, choice) => new Repeat(labelMap, choice),
  }),
  tool({
    name: 'pick',
    label: 'Pick class',
    keys: ['I'],
    title: 'take the class from the map',
    hint: 'Click to take the class from the map.',
    icon: 'm13 7 4 4M11.5 8.5 4.5 15.5 3.5 20.5l5-1 7-7M13 7l3-3a2.5 2.5 0 0 1 4 4l-3 3',
    make: (labelMap, _, canvas) => makePick(labelMap, (classIndex) => canvas.pickClass(classIndex)),
  }),
];

/**
 * Returns the hint of a tool in words for the pointer at hand, which may change: fingers tap, and have no Shift key.
 * @param {string} name
 * @param {string} [step] What an open tool says of its next step instead.
 */
export function hintOf(name, step) {
  const { hint = '', touchHint = hint } = TOOLS.find((entry) => entry.name === name) ?? {};
  if (!matchMedia('(pointer: coarse)').matches) return step ?? hint;
  return (step ?? touchHint).replaceAll('click', 'tap').replaceAll('Click', 'Tap');
}

/** @type {Action[]} */
export const COMMANDS = [
  {
    name: 'mirror',
    label: 'Mirror',
    keys: ['M'],
    title: 'paint on the left and the right half at once',
    icon: 'M12 3.5v17M8.5 7 3 17h5.5zM15.5 7 21 17h-5.5z',
    place: 'toolbar',
    run: (canvas) => canvas.commands.toggleMirror(),
  },
  {
    name: 'undo',
    label: 'Undo',
    keys: ['Ctrl+Z'],
    icon: 'M9 5 4.5 9.5 9 14M5 9.5h9a5 5 0 0 1 0 10h-3',
    place: 'toolbar',
    run: (canvas) => canvas.commands.undo(),
  },
  {
    name: 'redo',
    label: 'Redo',
    keys: ['Ctrl+Shift+Z', 'Ctrl+Y', 'Ctrl+Shift+Y'],
    icon: 'm15 5 4.5 4.5L15 14M19 9.5h-9a5 5 0 0 0 0 10h3',
    place: 'toolbar',
    run: (canvas) => canvas.commands.redo(),
  },
  {
    name: 'zoom-out',
    label: 'Zoom out',
    keys: ['-'],
    icon: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20.5 20.5M7.5 10.5h6',
    place: 'status',
    run: (canvas) => canvas.commands.zoomBy(1 / 2),
  },
  {
    name: 'zoom-in',
    label: 'Zoom in',
    keys: ['+'],
    title: 'Ctrl and the wheel zoom too; drag with Space held to move',
    icon: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20.5 20.5M7.5 10.5h6M10.5 7.5v6',
    place: 'status',
    run: (canvas) => canvas.commands.zoomBy(2),
  },
  {
    name: 'zoom-reset',
    label: 'Fit',
    keys: ['Z'],
    title: 'show the whole map',
    icon: 'M9 4H4v5M15 4h5v5M9 20H4v-5M15 20h5v-5',
    place: 'status',
    run: (canvas) => canvas.commands.zoomBy(0),
  },
  {
    name: 'clear',
    label: 'Clear',
    title: 'paint the whole map in one class',
    icon: 'M4.5 7h15M10 11v6M14 11v6M6 7l1 12.5h10L18 7M9.5 7V4.5h5V7',
    place: 'status',
    run: (canvas) => canvas.commands.clear(),
  },
  {
    name: 'link',
    label: 'Copy link',
    title: 'it holds the map, the seed and dropout',
    icon: 'M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.6L12 7M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.6L12 17',
    place: 'status',
    run: (canvas) => canvas.work.copyLink(),
  },
  {
    name: 'keys',
    label: 'Keys',
    keys: ['?'],
    title: 'show all keys and gestures',
    icon: 'M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.5v.5',
    place: 'status',
    run: (canvas) => canvas.keys.open(),
  },
  {
    name: 'erase',
    label: 'Erase',
    keys: ['E'],
    title: 'choose the background class',
    run: (canvas) => canvas.classChoice.erase(),
  },
  { name: 'swap', label: 'Previous class', keys: ['X'], run: (canvas) => canvas.classChoice.swap() },
  { name: 'brush-smaller', label: 'Smaller brush', keys: ['['], run: (canvas) => canvas.commands.resizeBrush(-1) },
  { name: 'brush-larger', label: 'Larger brush', keys: [']'], run: (canvas) => canvas.commands.resizeBrush(1) },
];

/** @type {Action[]} */
export const ACTIONS = [...TOOLS, ...COMMANDS];

/** @typedef {{ keys: string[], does: string }} KeyEntry */

/** @type {(action: Action) => KeyEntry} */
const keyEntry = ({ keys = [], label, title }) => ({ keys, does: [label, title].filter(Boolean).join(': ') });

/** @type {KeyEntry[]} What keyboard.js and the palette do without a button. */
const ON_THE_MAP = [
  { keys: ['1', '…', '0', 'Shift+1', '…'], does: 'Choose a class, in the order of the palette' },
  { keys: ['Arrow keys', 'Shift+Arrow keys'], does: 'Move the cursor, by more with Shift' },
  {
    keys: ['Space', 'Enter'],
    does: 'Put the pen down and lift it; with Shift, the brush draws a line from its last stroke',
  },
  { keys: ['Enter'], does: 'Close a polygon' },
  { keys: ['Escape'], does: 'Cancel' },
];

/** @type {KeyEntry[]} What pointer.js does. */
const POINTERS = [
  { keys: ['Alt+click', 'Right click'], does: 'Pick the class under the pointer' },
  { keys: ['Shift+click'], does: 'With the brush, draw a line from the last stroke' },
  { keys: ['Shift'], does: 'While dragging: squares, and lines in steps of 45°' },
  { keys: ['Ctrl+wheel', 'Two fingers'], does: 'Zoom' },
  { keys: ['Wheel', 'Middle button', 'Space+drag', 'Two fingers'], does: 'Move the enlarged map' },
  { keys: ['Tap with two fingers'], does: 'Undo' },
  { keys: ['Tap with three fingers'], does: 'Redo' },
  { keys: ['Ctrl+V', 'Drop a file'], does: 'Open an image' },
];

/** The whole of what can be done without a button, for the list of keys. */
export const KEY_TABLES = [
  { title: 'Tools', entries: TOOLS.map(keyEntry) },
  { title: 'Commands', entries: COMMANDS.filter(({ keys }) => keys).map(keyEntry) },
  { title: 'On the map', entries: ON_THE_MAP },
  { title: 'Mouse, pen and fingers', entries: POINTERS },
];
