// @ts-check
// What the page says of the two that can compute: which one did, and when the other would be better.

const SLOW = 1000; // milliseconds of the server for the images of a map; otherwise it takes a tenth of that
const FASTER = 1.5; // a smaller difference is not worth a word
const REMEMBERED = 3;

/** How long the last images took, in milliseconds, from the change of the map to the images. */
export class Times {
  /** @type {number[]} */
  #last = [];

  /** @param {number} milliseconds */
  add(milliseconds) {
    this.#last = [...this.#last.slice(1 - REMEMBERED), milliseconds];
  }

  /** The median of the last three; null if there are fewer. */
  get median() {
    return this.#last.length < REMEMBERED ? null : this.#last.toSorted((a, b) => a - b)[1];
  }
}

/**
 * Says why the browser should compute; empty for no reason.
 * @param {Times} server
 * @param {{ isRefused: boolean, hasGpu: boolean }} known the server refused the last map; the browser has a GPU
 */
export function recommendBrowser(server, { isRefused, hasGpu }) {
  if (isRefused) return 'It did not compute your last map; your browser can.';
  if ((server.median ?? 0) > SLOW) return 'It is slow at the moment; your browser may be faster.';
  return hasGpu ? 'Your browser has a GPU, which may be faster.' : '';
}

/** Says whether the server would be faster; empty if not. @type {(server: Times, browser: Times) => string} */
export function recommendServer(server, browser) {
  if (server.median === null || browser.median === null || browser.median < FASTER * server.median) return '';
  const [theirs, mine] = [server.median, browser.median].map((time) => time.toFixed(0));
  return `The server would be faster: ${theirs} instead of ${mine} ms.`;
}
