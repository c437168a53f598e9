// @ts-check
// One tab of the site: the components of the Gradio page, and the events that demo/studio.py connects there.
// Every change of map, seed, dropout or view ends in `repaint`, so the images shown last belong to the current map.

/** @import { Shown } from '../../comparison/comparison.js' */
/** @import { ClassEntry } from '../../label_canvas/chrome/palette.js' */
/** @import { Settings } from '../../label_canvas/document/codec.js' */
/** @import { Size } from '../../label_canvas/document/raster.js' */
/** @import { Numbering } from './class_numbers.js' */
/** @import { Engine } from '../../in_browser/client.js' */
/** @import { ModelFile } from '../../in_browser/model_store.js' */
/** @import { ModelWords, Work } from '../../in_browser/views.js' */
import { mount as mountComparison } from '../../comparison/comparison.js';
import { mount as mountGallery } from '../../example_gallery/gallery.js';
import { find } from '../../find.js';
import { BrowserEngine, nameEngine } from '../../in_browser/browser_engine.js';
import { areKept } from '../../in_browser/model_store.js';
import { NOISY_VIEW, show, VIEWS } from '../../in_browser/views.js';
import { decodeRuns, encodeRuns, unpackMap } from '../../label_canvas/document/codec.js';
import { mount as mountCanvas } from '../../label_canvas/mount.js';
import { mount as mountNotes } from '../../model_notes/notes.js';
import { mount as mountNoise } from '../../noise_choice/noise_choice.js';
import { mount as mountViewChoice } from '../../view_choice/view_choice.js';
import { Component } from './component.js';
import { LAYOUT } from './layout.js';
import { Loading } from './loading.js';
import { MapActions } from './map_actions.js';

const MAX_SEED = 2 ** 32 - 1;
const NOT_KEPT = 'It does not keep the models, so each visit downloads them.';

/**
 * @typedef {object} StudioData What demo/static/contents.py writes.
 * @property {string} dataset
 * @property {string} title what the page calls it
 * @property {Size} size of maps
 * @property {ClassEntry[]} classes
 * @property {number} background
 * @property {number} startClass
 * @property {number[]} firstClasses
 * @property {Settings} settings
 * @property {Numbering} numbering
 * @property {string} note
 * @property {string} epochs which models were trained for fewer epochs than published
 * @property {{ name: string, url: string, packed: string }[]} examples
 * @property {(ModelFile & ModelWords & { caption: string, source: string })[]} models
 */

export class Studio {
  #isPainting = false;
  #isOutOfDate = false;

  /**
   * @param {HTMLElement} element
   * @param {StudioData} data
   * @param {Uint8Array} firstMap
   * @param {{ runtime: string, permitted: Promise<void>, wanted: Partial<Engine>, onLoad: () => void }} start its
   *   address, when models may be loaded, what paints instead of the best engine, and what follows once they are
   */
  constructor(element, data, firstMap, { runtime, permitted, wanted, onLoad }) {
    element.innerHTML = LAYOUT;
    this.element = element;
    this.data = data;
    this.palette = data.classes.flatMap(({ color }) =>
      [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)),
    );
    const { dataset } = data;
    find(element, 'input[type=file]').id = `open-${dataset}`; // the canvas gives it pasted and dropped images
    const repaint = () => this.repaint();
    this.canvas = this.#mountCanvas(firstMap);
    this.view = new Component(
      find(element, '.studio-view'),
      mountViewChoice,
      { value: VIEWS[0], names: VIEWS, dataset, noisy_view: NOISY_VIEW },
      { input: repaint },
    );
    this.noise = new Component(
      find(element, '.studio-noise'),
      mountNoise,
      { value: data.settings, dataset, max_seed: MAX_SEED },
      { input: repaint },
    );
    this.comparison = new Component(
      find(element, '.pictures-place'),
      mountComparison,
      { value: /** @type {Shown | null} */ (null), dataset },
      { retry: repaint },
    );
    const notes = data.models.map(({ title, source }) => ({ name: title, source, notice: '' }));
    new Component(find(element, '.studio-notes'), mountNotes, { value: notes });
    new MapActions(find(element, '.map-actions'), this);
    this.#mountGallery();
    find(element, '.licence-note').textContent = data.note;
    const models = { dataset, palette: this.palette, models: data.models, runtime };
    const place = find(element, '.loading');
    this.loading = new Loading(place, new BrowserEngine(wanted), models, permitted, (engine) => {
      this.#describe(engine);
      onLoad();
    });
    this.repaint();
  }

  /**
   * The map with its seed and dropout.
   * @returns {Work}
   */
  get work() {
    return { labelMap: decodeRuns(this.canvas.props.value.runs, this.data.size), ...this.noise.props.value };
  }

  /** Puts a map on the canvas, as one undo step. @param {Uint8Array} labelMap */
  setMap(labelMap) {
    this.canvas.set({ value: this.#message(labelMap) });
  }

  /** Paints what is chosen now; while it is busy, once more afterwards. */
  async repaint() {
    this.#isOutOfDate = true;
    if (this.#isPainting) return;
    this.#isPainting = true;
    await new Promise((resolve) => setTimeout(resolve)); // undo and links bring a seed right after its map
    while (this.#isOutOfDate) {
      this.#isOutOfDate = false;
      await this.#paint();
    }
    this.#isPainting = false;
  }

  async #paint() {
    const value = await this.loading.paint((client) => {
      this.#isOutOfDate = false; // whatever changed while the models were loading is painted now
      this.#tell('asked');
      return show(this.view.props.value, this.data, client, this.work);
    });
    this.comparison.set({ value });
    this.#tell('painted');
  }

  /** @param {Engine} engine */
  async #describe(engine) {
    const note = find(this.element, '.engine-note');
    note.textContent = describeEngine(engine);
    if (globalThis.caches && !(await areKept(this.data.models))) note.textContent += ` ${NOT_KEPT}`;
  }

  /** Lets the components know of a request and its images. @param {'asked' | 'painted'} name */
  #tell(name) {
    document.dispatchEvent(new Event(`${this.data.dataset}-${name}`));
  }

  /** @param {Uint8Array} firstMap */
  #mountCanvas(firstMap) {
    const { size, classes, dataset, settings, background, startClass, firstClasses } = this.data;
    const props = {
      value: this.#message(firstMap),
      ...{ size, classes, dataset, settings, background, start_class: startClass, first_classes: firstClasses },
      image_input: `#open-${dataset}`,
    };
    return new Component(find(this.element, '.studio-canvas'), mountCanvas, props, {
      input: () => this.repaint(),
    });
  }

  #mountGallery() {
    const { examples, size, classes } = this.data;
    new Component(
      find(this.element, '.studio-examples'),
      mountGallery,
      { thumbnails: examples },
      {
        click: async ({ name }) => {
          const example = examples.find((one) => one.name === name);
          if (example) this.setMap(await unpackMap(example.packed, size, classes.length));
        },
      },
    );
  }

  /** @param {Uint8Array} labelMap */
  #message(labelMap) {
    return { ...this.data.size, runs: encodeRuns(new Uint8Array(labelMap)) };
  }
}

/** @param {Engine} engine */
function describeEngine(engine) {
  return `Your browser paints these images with ${nameEngine(engine)}; your map is sent to no server.`;
}
