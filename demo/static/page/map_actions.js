// @ts-check
// The buttons that put a map on the canvas (a random one, a file) or save one. As demo/map_actions.py connects them.

/** @import { Work } from '../../in_browser/views.js' */
/** @import { Loading } from './loading.js' */
/** @import { StudioData } from './studio.js' */
import { find } from '../../find.js';
import { indexedPng } from '../../in_browser/png.js';
import { paintBoth } from '../../in_browser/views.js';
import { unpackMap } from '../../label_canvas/document/codec.js';
import { drawSheet } from './comparison_sheet.js';
import { openLabelMap } from './map_files.js';
import { notify } from './notices.js';

/**
 * @typedef {object} Studio What the buttons need of the page.
 * @property {StudioData} data
 * @property {number[]} palette
 * @property {Loading} loading
 * @property {Work} work
 * @property {(labelMap: Uint8Array) => void} setMap
 */

export class MapActions {
  /** @type {Promise<string[]> | undefined} */
  #surprises;
  /** @type {string[]} Those that this page has not shown yet. */
  #unseen = [];
  /** @type {File | undefined} The one that was opened last. */
  #file;
  /** @type {File | undefined} The one that was chosen last; it may still be read. */
  #newest;

  /** @param {HTMLElement} element @param {Studio} studio */
  constructor(element, studio) {
    this.studio = studio;
    this.stretch = find(element, '[data-action=stretch]');
    const chooser = /** @type {HTMLInputElement} */ (find(element, 'input[type=file]'));
    connect(element, 'surprise', () => this.surprise());
    connect(element, 'open', async () => chooser.click());
    connect(element, 'stretch', () => this.open(this.#file, true));
    connect(element, 'save-map', () => this.saveMap());
    connect(element, 'save-sheet', () => this.saveSheet());
    chooser.addEventListener('change', () => {
      const file = chooser.files?.[0];
      if (file) this.open(file, false).catch(report);
      chooser.value = ''; // the same file may be chosen again
    });
  }

  /** Shows a random map, each once before any comes again. */
  async surprise() {
    const { dataset, size, classes } = this.studio.data;
    this.#surprises ??= fetchSurprises(dataset);
    const all = await this.#surprises.catch((error) => {
      this.#surprises = undefined; // the next click tries again
      throw error;
    });
    if (!this.#unseen.length) this.#unseen = [...all];
    const [packed] = this.#unseen.splice(Math.floor(Math.random() * this.#unseen.length), 1);
    this.studio.setMap(await unpackMap(packed, size, classes.length));
  }

  /**
   * Puts the map of a file on the canvas, reports what was done with it, and offers to stretch a map of another shape.
   * @param {File | undefined} file
   * @param {boolean} isStretched
   */
  async open(file, isStretched) {
    if (!file) return;
    this.#newest = file;
    const { size, classes, background, numbering } = this.studio.data;
    const reading = {
      size,
      palette: this.studio.palette,
      names: classes.map(({ name }) => name),
      background,
      numbering,
    };
    const { labelMap, words, isFitted } = await openLabelMap(file, reading, isStretched);
    if (this.#newest !== file) return; // a large one took longer than the next
    this.#file = file;
    this.stretch.hidden = !isFitted;
    if (words) notify(words, 'info');
    this.studio.setMap(labelMap);
  }

  async saveMap() {
    const { dataset, size } = this.studio.data;
    save(`${dataset}-map.png`, await indexedPng(this.studio.work.labelMap, size, this.studio.palette));
  }

  async saveSheet() {
    const { data, palette, work, loading } = this.studio;
    const paintings = await loading.paint((client) => paintBoth(data, client, work));
    const pictures = [
      { caption: 'Label map', rgba: toRgba(work.labelMap, palette) },
      ...data.models.map(({ caption }, index) => ({ caption, rgba: paintings[index].image })),
    ];
    const noise = work.dropout ? `seed ${work.seed}` : 'without dropout';
    const texts = [`pix2pix · ${data.dataset} · ${noise}`, data.note];
    save(`${data.dataset}-comparison.png`, await drawSheet(pictures, data.size, texts));
  }
}

/** @type {(element: HTMLElement, name: string, act: () => Promise<void>) => void} */
function connect(element, name, act) {
  find(element, `[data-action="${name}"]`).addEventListener('click', () => act().catch(report));
}

/** @param {Error} error */
const report = (error) => notify(error.message);

/** @param {string} dataset @returns {Promise<string[]>} packed maps */
async function fetchSurprises(dataset) {
  const response = await fetch(new URL(`../../surprises-${dataset}.json`, import.meta.url)).catch(() => undefined);
  if (!response?.ok) throw new Error('The random maps could not be downloaded. Try again once there is a connection.');
  return response.json();
}

/** @type {(labelMap: Uint8Array, palette: number[]) => Uint8ClampedArray<ArrayBuffer>} */
function toRgba(labelMap, palette) {
  const rgba = new Uint8ClampedArray(4 * labelMap.length).fill(255);
  labelMap.forEach((label, i) => {
    rgba.set(palette.slice(3 * label, 3 * label + 3), 4 * i);
  });
  return rgba;
}

/** @type {(name: string, file: Blob) => void} */
function save(name, file) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // once the browser has read it
}
