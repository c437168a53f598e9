// @ts-check
// The canvas in a page of Gradio: the only module of this folder that knows Gradio.

/** @import { Gradio } from '../gradio' */
/** @import { ClassEntry } from './chrome/palette.js' */
/** @import { Settings } from './document/codec.js' */
/** @import { Size } from './document/raster.js' */
import { find } from '../find.js';
import { Canvas } from './canvas.js';
import { decodeRuns } from './document/codec.js';
import { listen } from './input/listen.js';
import { Sender } from './sender.js';

/**
 * @typedef {object} Props As LabelCanvas in Python sets them.
 * @property {{ width: number, height: number, runs: string }} value
 * @property {Size} size
 * @property {ClassEntry[]} classes
 * @property {string} dataset
 * @property {Settings} settings
 * @property {number} background
 * @property {number} start_class
 * @property {number[]} first_classes
 * @property {string} image_input A selector of the page's file input that opens images; empty if there is none.
 * @property {number} [brush_size]
 */

/** @type {(element: HTMLElement, gradio: Gradio<Props>) => void} */
export function mount(element, { props, trigger, watch }) {
  const { size, classes, dataset, settings, background } = props;
  const sender = new Sender(props.value.runs, (runs) => {
    props.value = { ...size, runs };
    trigger('input');
  });
  const canvas = new Canvas(
    element,
    {
      pixels: decodeRuns(props.value.runs, size),
      startClass: props.start_class,
      firstClasses: props.first_classes,
      brushSize: props.brush_size,
      ...{ size, classes, dataset, settings, background },
    },
    {
      onChange: (pixels) => sender.sendMap(pixels),
      onStroke: (pixels) => sender.sendLive(pixels),
      onImage: props.image_input ? (file) => openImage(props.image_input, file) : undefined,
      onSettings: (detail) => document.dispatchEvent(new CustomEvent(`${dataset}-restored`, { detail })),
    },
  );
  watch('value', () => {
    if (props.value) canvas.setMap(decodeRuns(props.value.runs, size));
  });
  listen(element, document, `${dataset}-painted`, () => {
    sender.noteAnswer();
    canvas.reportStroke();
  });
  listen(element, document, `${dataset}-refused`, () => sender.noteRefusal());
  listen(element, document, `${dataset}-settings`, ({ detail }) => {
    canvas.noteSettings(detail.settings, detail.isContinued);
  });
  listen(element, document, `${dataset}-noise-shown`, () => canvas.tellSettings());
}

/**
 * Opens an image that was pasted or dropped as if it had been chosen in a file input.
 * @type {(selector: string, file: File) => void}
 */
function openImage(selector, file) {
  const input = /** @type {HTMLInputElement} */ (find(document.body, selector));
  const files = new DataTransfer();
  files.items.add(file);
  input.files = files.files;
  input.dispatchEvent(new Event('change', { bubbles: true }));
}
