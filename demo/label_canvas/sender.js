// @ts-check
// When the server gets the map: at the end of every stroke, and during one whenever the last request was answered. One
// request is under way at a time and carries the newest map: Gradio holds back what is triggered meanwhile, then asks
// once more with the map of that moment.

/** @import { Pixels } from './document/raster.js' */
import { encodeRuns } from './document/codec.js';

const LIVE_ANSWER = 150; // milliseconds; slower images would lag behind and delay those of the finished stroke
const ASK_AGAIN = 5000; // milliseconds after a refusal, once per map

export class Sender {
  #isWaiting = false;
  /** @type {number | null} When the request under way was sent; null if it waits for an earlier one. */
  #sentAt = null;
  /** @type {number[]} Milliseconds of the last three requests that nothing delayed. */
  #answerTimes = [];
  /** @type {string | null} The last map that was sent a second time. */
  #askedAgain = null;
  #timer = 0;

  /**
   * @param {string} sentRuns The map that the server has.
   * @param {(runs: string) => void} send
   */
  constructor(sentRuns, send) {
    this.sentRuns = sentRuns;
    this.send = send;
  }

  /** @param {Pixels} pixels */
  sendMap(pixels) {
    const runs = encodeRuns(pixels);
    if (runs === this.sentRuns) return;
    this.sentRuns = runs;
    this.#sentAt = this.#isWaiting ? null : performance.now();
    this.#isWaiting = true;
    this.send(runs);
  }

  /**
   * Sends the map in the middle of a stroke, if the server is quick and free.
   * @param {Pixels} pixels
   */
  sendLive(pixels) {
    const isSlow = this.#answerTimes.filter((time) => time > LIVE_ANSWER).length >= 2;
    if (!isSlow && !this.#isWaiting) this.sendMap(pixels);
  }

  noteAnswer() {
    clearTimeout(this.#timer);
    this.#isWaiting = false;
    if (this.#sentAt !== null) this.#answerTimes = [...this.#answerTimes.slice(-2), performance.now() - this.#sentAt];
    this.#sentAt = null;
  }

  /**
   * Asks again later, unless images have come by then: the server was too busy, or the connection failed. Only once,
   * as the map itself may be what is refused.
   */
  noteRefusal() {
    this.#isWaiting = false;
    this.#sentAt = null;
    const refused = this.sentRuns;
    if (refused === this.#askedAgain) return;
    this.#timer = setTimeout(() => {
      if (this.sentRuns !== refused || this.#isWaiting) return; // a newer map is under way
      this.#askedAgain = refused;
      this.#isWaiting = true;
      this.send(refused);
    }, ASK_AGAIN);
  }
}
