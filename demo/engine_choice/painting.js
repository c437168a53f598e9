// @ts-check
// Who paints a change: the browser if it was chosen and can, else the server. Only the newest map counts: the images
// that are shown last belong to it, whoever painted them.

/** @import { Shown } from '../comparison/comparison.js' */
/** @import { Engine } from '../in_browser/client.js' */
/** @import { Settings } from '../label_canvas/document/codec.js' */
/** @import { Props } from './engine_choice.js' */
import { BrowserEngine, nameEngine } from '../in_browser/browser_engine.js';
import { NOISY_VIEW, show, VIEWS } from '../in_browser/views.js';
import { decodeRuns } from '../label_canvas/document/codec.js';
import { Times } from './advice.js';

const BY_SERVER = 'Computed by the server';
const MOST_FAILURES = 3; // in a row

/** @typedef {[{ runs: string }, Settings, string]} Values map, noise and view */
/**
 * @typedef {object} Page What the component lets this module do.
 * @property {() => void} ask lets the server paint what is chosen now
 * @property {() => boolean} isChosen whether the visitor wants the browser to paint
 * @property {(loaded: number | null) => void} onProgress gets the loaded bytes; null once nothing is loading
 * @property {() => void} onFailure the browser cannot paint
 * @property {() => void} onChange there is something new to say
 */

export class Painting {
  #engine = new BrowserEngine();
  #change = 0; // the number of the newest change
  #asked = 0; // the newest change that the server was asked for
  /** @type {{ change: number, shown: Shown | null }} The newest images of the browser. */
  #painted = { change: 0, shown: null };
  /** @type {number | null} When the server was asked; null if it was busy with an earlier change then. */
  #askedAt = null;
  #isAsking = false;
  #isPainting = false;
  #isTelling = false;
  #failures = 0;
  /** @type {Set<string>} Maps whose photos the server shows beside the images. */
  #photoMaps = new Set();
  #askedWords = `${BY_SERVER}.`;
  #hashes = '';
  serverTimes = new Times();
  browserTimes = new Times();
  isRefused = false;
  isByBrowser = false;
  /** What computed the images that are shown. */
  words = `${BY_SERVER}.`;
  /** Why the browser computes no more; empty once an image came or the browser is chosen anew. */
  failure = '';

  /** @param {Props} props @param {Page} page */
  constructor(props, page) {
    this.props = props;
    this.page = page;
  }

  /** @returns {Values | undefined} */
  get #values() {
    return /** @type {{ studioChanges?: Record<string, Values> }} */ (window).studioChanges?.[this.props.dataset];
  }

  get #isOffered() {
    return this.props.offer.models.length > 0;
  }

  /** Whether the browser is not tried any more, unless it is chosen anew. */
  get hasFailed() {
    return this.#failures >= MOST_FAILURES;
  }

  /** Paints what has changed, or lets the server paint it. */
  noteChange() {
    if (!this.#values) return;
    this.#change++;
    this.#paintNewest();
  }

  /**
   * Notes whether the visitor wants the browser to paint; `repaint` triggers a change.
   * @type {(isChosen: boolean, repaint: () => void) => void}
   */
  choose(isChosen, repaint) {
    if (isChosen) {
      this.#failures = 0;
      this.failure = '';
      this.load().then(() => this.#engine.ready && repaint());
    } else {
      this.#engine.stop();
      this.page.onProgress(null);
      this.page.onChange();
    }
  }

  /** Loads the models, if they are not there. */
  async load() {
    const { offer, files, runtime, dataset, palette } = this.props;
    if (!this.#isOffered || this.#engine.ready || this.#engine.isLoading) return;
    const { root } = /** @type {{ gradio_config: { root: string } }} */ (/** @type {unknown} */ (window)).gradio_config;
    const absolute = (/** @type {string} */ url) => new URL(`${root}${files}/${url}`, document.baseURI).href;
    const models = offer.models.map((model) => ({ ...model, url: absolute(model.url) }));
    this.page.onProgress(0);
    try {
      const wanted = { dataset, palette, runtime: absolute(runtime.url), models };
      await this.#engine.load(wanted, (loaded) => this.page.onProgress(loaded));
    } catch (error) {
      this.#giveUp(error);
    }
    if (!this.#engine.isLoading) this.page.onProgress(null);
    this.page.onChange();
  }

  /** Other models may be offered than before, or none. */
  noteOffer() {
    const hashes = JSON.stringify(this.props.offer.models.map(({ sha256 }) => sha256));
    if (hashes !== this.#hashes) this.#engine.stop();
    this.#hashes = hashes;
  }

  /** @param {string} runs a map whose photo the server has */
  notePhoto(runs) {
    if (!runs) return;
    this.#photoMaps.add(runs);
    if (this.isByBrowser && this.#values?.[0].runs === runs) this.noteChange();
  }

  /** Images have come; the server's, unless this object has told of its own. */
  noteAnswer() {
    if (this.#isTelling) return;
    if (this.#askedAt !== null) this.serverTimes.add(performance.now() - this.#askedAt);
    this.#endAsking();
    this.isRefused = false;
    if (this.#painted.change > this.#asked) return this.#showAgain();
    this.isByBrowser = false;
    this.words = this.#askedWords;
    this.failure = '';
    this.page.onChange();
  }

  noteRefusal() {
    this.#endAsking();
    this.isRefused = true;
    if (this.#painted.change > this.#asked) this.#showAgain();
    this.page.onChange();
  }

  async #paintNewest() {
    if (this.#isPainting) return this.#leaveToServer();
    this.#isPainting = true;
    while (!this.#leaveToServer()) {
      const change = this.#change;
      try {
        await this.#paint(change);
      } catch (error) {
        this.#failures++;
        this.#ask(describeFailure(error));
        if (this.hasFailed) this.#giveUp(error);
        else this.load();
      }
    }
    this.#isPainting = false;
  }

  /** Returns true if the browser has nothing to paint now; asks the server for what it has to paint. */
  #leaveToServer() {
    if (Math.max(this.#painted.change, this.#asked) >= this.#change) return true;
    const words = this.#wordsOfServer();
    if (words) this.#ask(words);
    return Boolean(words);
  }

  /** Says why the server has to paint what is chosen; empty if the browser can. */
  #wordsOfServer() {
    const [map, , view] = /** @type {Values} */ (this.#values);
    if (!this.#isOffered || !this.page.isChosen()) return `${BY_SERVER}.`;
    if (!VIEWS.includes(view)) return `${BY_SERVER}, which this view needs.`;
    if (this.#photoMaps.has(map.runs)) return `${BY_SERVER}, which has the photo of this map.`;
    if (this.#engine.ready) return '';
    this.load();
    return `${BY_SERVER}, as your browser did not have the models yet.`;
  }

  /** @param {number} change */
  async #paint(change) {
    const { dataset, size, offer } = this.props;
    const [map, noise, view] = /** @type {Values} */ (this.#values);
    const engine = /** @type {Engine} */ (this.#engine.ready);
    const start = performance.now();
    this.#tell(new Event(`${dataset}-asked`));
    const work = { labelMap: decodeRuns(map.runs, size), ...noise };
    const shown = await this.#engine.use((client) => show(view, { dataset, size, ...offer }, client, work));
    if (!shown) return; // the choice or the models changed meanwhile
    this.#failures = 0;
    if (view !== NOISY_VIEW) this.browserTimes.add(performance.now() - start); // that one has four images
    if (this.#asked > change) return; // the server paints a newer one
    this.#painted = { change, shown };
    this.isByBrowser = true;
    this.words = `Computed by your browser: ${nameEngine(engine)}.`;
    this.failure = '';
    this.#showPainted();
    this.page.onChange();
  }

  /** @param {string} words about the images that will come */
  #ask(words) {
    this.#asked = this.#change;
    this.#askedWords = words;
    this.#askedAt = this.#isAsking || this.#values?.[2] === NOISY_VIEW ? null : performance.now();
    this.#isAsking = true;
    this.page.ask();
  }

  #endAsking() {
    this.#isAsking = false;
    this.#askedAt = null;
  }

  /** The server's answer to an earlier change came after the browser's images of a newer one. */
  #showAgain() {
    setTimeout(() => this.#showPainted()); // once all parts of the page have heard of that answer
  }

  #showPainted() {
    const { dataset } = this.props;
    this.#tell(new CustomEvent(`${dataset}-computed`, { detail: this.#painted.shown }));
    this.#tell(new Event(`${dataset}-painted`));
  }

  /** @param {Event} event */
  #tell(event) {
    this.#isTelling = true;
    document.dispatchEvent(event);
    this.#isTelling = false;
  }

  /** @param {unknown} error */
  #giveUp(error) {
    this.#failures = MOST_FAILURES;
    this.failure = `Your browser cannot compute. ${sentence(error)}`;
    if (this.#isAsking) this.#askedWords = describeFailure(error);
    this.page.onFailure();
  }
}

/** @param {unknown} error */
function describeFailure(error) {
  return `${BY_SERVER}, because your browser could not. ${sentence(error)}`;
}

/** @param {unknown} error */
const sentence = (error) => (error instanceof Error ? error.message : String(error));
