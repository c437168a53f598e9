// @ts-check
// What the canvas tells people: a line below the map to read, and words for screen readers.

import { find } from '../../find.js';

const SETTLED = 600; // milliseconds without another move or announcement until a place is announced

export class Status {
  #settling = 0;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.hint = find(element, '.lc-hint');
    this.announcer = find(element, '.lc-announcer');
  }

  /**
   * Tells screen readers only.
   * @param {string} words
   */
  announce(words) {
    clearTimeout(this.#settling);
    this.announcer.textContent = words;
  }

  /**
   * Announces what a cursor has come to once it stays there; anything else that is announced first takes its place.
   * @param {() => string} describe Asked when the cursor has settled.
   */
  announceSettled(describe) {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.announce(describe()), SETTLED);
  }

  /**
   * Shows a sentence and announces it; the next stroke or tool brings the tool's hint back.
   * @param {string} words
   */
  showNotice(words) {
    this.showHint(words);
    this.hint.toggleAttribute('data-notice', true);
    this.announce(words);
  }

  /**
   * Shows a link in a field, selected, to be copied from there.
   * @param {string} link
   */
  showLink(link) {
    const field = document.createElement('input');
    field.className = 'lc-link';
    field.readOnly = true;
    field.value = link;
    field.ariaLabel = 'Link to this map';
    this.showNotice('Copy this link:');
    this.hint.append(field);
    field.select();
  }

  /** @param {string} words */
  showHint(words) {
    this.hint.textContent = words;
    this.hint.toggleAttribute('data-notice', false);
  }
}
