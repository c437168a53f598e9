// @ts-check
// Where work is kept: in the browser's storage, and in the fragment of links, which browsers never send to a server.

/** @import { Settings, SizedWork, Work } from './codec.js' */
/** @import { Size } from './raster.js' */
import { packWork, packWorkNow, unpackWork } from './codec.js';

const STORE_AFTER = 200; // milliseconds; sending the map to the server comes first

const storageKey = (/** @type {string} */ dataset) => `pix2pix-studio.work.${dataset}`;

/** Stores the work of this tab for a reload; new tabs open the work of the tab that was painted in last. */
export class Store {
  #timer = 0;
  #hasFailed = false;
  /** @type {SizedWork | null} What the timer will write. */
  #waiting = null;

  /**
   * @param {string} dataset
   * @param {() => void} onFailure Runs once, if the browser stores nothing; the work is then only on the page.
   */
  constructor(dataset, onFailure) {
    this.dataset = dataset;
    this.onFailure = onFailure;
    addEventListener('pagehide', () => this.#write());
    document.addEventListener('visibilitychange', () => this.#write()); // phones end hidden pages without a word
  }

  /** @param {SizedWork} work */
  keep(work) {
    this.#waiting = work;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#write(), STORE_AFTER);
  }

  /** Writes what waits, without any await: a page that is being left runs nothing afterwards. */
  #write() {
    if (!this.#waiting) return;
    const packed = packWorkNow(this.#waiting);
    this.#waiting = null;
    try {
      sessionStorage.setItem(storageKey(this.dataset), packed);
      localStorage.setItem(storageKey(this.dataset), packed);
    } catch {
      if (!this.#hasFailed) this.onFailure();
      this.#hasFailed = true;
    }
  }
}

/**
 * Returns the stored work, or null.
 * @type {(dataset: string, size: Size, classCount: number) => Promise<Work | null>}
 */
export async function readStored(dataset, size, classCount) {
  try {
    const packed = sessionStorage.getItem(storageKey(dataset)) ?? localStorage.getItem(storageKey(dataset));
    return packed ? await unpackWork(packed, size, classCount) : null;
  } catch {
    return null; // storage is forbidden, or the work was stored with another palette
  }
}

/**
 * Makes a link without the query of the page's address, which may hold secrets, such as the token of a private Space.
 * @type {(dataset: string, work: SizedWork) => Promise<string>}
 */
export async function makeLink(dataset, work) {
  return `${location.origin}${location.pathname}#${dataset}=${await packWork(work)}`;
}

/** Returns whether the address bar holds work of this dataset. @param {string} dataset */
export const isLinkHere = (dataset) => location.hash.startsWith(`#${dataset}=`);

/** Returns whether the address bar holds work of another dataset. @param {string} dataset */
export const isLinkElsewhere = (dataset) => /^#[\w-]+=\d+\./.test(location.hash) && !isLinkHere(dataset);

/**
 * Returns the work in the address bar; null if it holds none of this dataset. Throws an Error with one sentence.
 * @type {(dataset: string, size: Size, classCount: number) => Promise<Work | null>}
 */
export async function readLink(dataset, size, classCount) {
  return isLinkHere(dataset) ? unpackWork(location.hash.slice(dataset.length + 2), size, classCount) : null;
}

export function clearAddress() {
  history.replaceState(history.state, '', location.href.split('#')[0]);
}
