// @ts-check
// The work on a canvas, its map with seed and dropout: opens stored work and links, stores what changes, copies links.

/** @import { SizedWork, Work as SavedWork } from './codec.js' */
/** @import { LabelMap } from './map.js' */
import { clearAddress, isLinkHere, makeLink, readLink, readStored, Store } from './storage.js';

const NOT_STORED = 'Your browser cannot keep this map for your next visit; save it as a file, or copy its link.';

/**
 * @typedef {object} WorkListeners
 * @property {() => void} beforeMap Runs before the map of a link is shown.
 * @property {(words: string) => void} onNotice Shows a sentence to people.
 * @property {(link: string) => void} onLink Shows a link to people, who copy it themselves.
 */

export class Work {
  #isOpened = false; // nothing is stored before: the first map may not be the newest work
  /** @type {number | null} The version of the map whose link is in the address bar. */
  #linkedVersion = null;

  /**
   * @param {LabelMap} labelMap
   * @param {{ dataset: string, classCount: number }} page
   * @param {WorkListeners} listeners
   */
  constructor(labelMap, { dataset, classCount }, listeners) {
    this.labelMap = labelMap;
    this.dataset = dataset;
    this.classCount = classCount;
    this.listeners = listeners;
    this.store = new Store(dataset, () => listeners.onNotice(NOT_STORED));
  }

  /**
   * Stores the map after a change. Linked work is someone else's until its map changes; until then a reload opens
   * the link again.
   */
  keep() {
    if (!this.#isOpened || this.labelMap.version === this.#linkedVersion) return;
    if (this.#linkedVersion !== null && isLinkHere(this.dataset)) clearAddress();
    this.#linkedVersion = null;
    this.store.keep(this.#saved());
  }

  /** Opens the stored work, then the link in the address bar; each is one undo step. */
  async open() {
    const stored = await readStored(this.dataset, this.labelMap.size, this.classCount);
    if (stored) this.#show(stored);
    this.#isOpened = true;
    await this.openLink();
  }

  async openLink() {
    try {
      const linked = await readLink(this.dataset, this.labelMap.size, this.classCount);
      if (!linked) return;
      this.listeners.beforeMap();
      this.#linkedVersion = this.labelMap.version + 1;
      this.#show(linked);
      this.#linkedVersion = this.labelMap.version; // one less, if the map was the same
      this.listeners.onNotice('The map of the link is on the canvas; undo brings yours back.');
    } catch (error) {
      this.#linkedVersion = this.labelMap.version; // another map clears the address
      const reason = error instanceof Error ? error.message : '';
      this.listeners.onNotice(`This link was not opened. ${reason} Ask for it again.`);
    }
  }

  async copyLink() {
    const link = makeLink(this.dataset, this.#saved());
    try {
      // A promise, because Safari writes nothing after an await; of a blob, because older browsers take no promise of
      // text.
      const blob = link.then((text) => new Blob([text], { type: 'text/plain' }));
      await navigator.clipboard.write([new ClipboardItem({ 'text/plain': blob })]);
      this.listeners.onNotice('Link copied.');
    } catch {
      this.listeners.onLink(await link); // the clipboard needs https and permission, which frames seldom have
    }
  }

  /** @returns {SizedWork} */
  #saved() {
    return { pixels: this.labelMap.pixels, size: this.labelMap.size, ...this.labelMap.settings };
  }

  /** @param {SavedWork} work */
  #show({ pixels, seed, dropout }) {
    this.labelMap.replace(pixels, { seed, dropout });
  }
}
