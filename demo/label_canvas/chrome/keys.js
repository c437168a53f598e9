// @ts-check
// The dialog with all keys and gestures, made from the table of actions.

import { find } from '../../find.js';
/** @import { KeyEntry } from '../actions.js' */
import { KEY_TABLES } from '../actions.js';

export class Keys {
  /** @param {HTMLElement} element The whole component. */
  constructor(element) {
    this.dialog = /** @type {HTMLDialogElement} */ (find(element, '.lc-keys'));
    find(this.dialog, 'div').append(...KEY_TABLES.map(({ title, entries }) => makeTable(title, entries)));
    find(this.dialog, 'button').addEventListener('click', () => this.dialog.close());
    this.dialog.addEventListener('click', ({ target }) => {
      if (target === this.dialog) this.dialog.close(); // a click beside it
    });
    this.dialog.addEventListener('keydown', (event) => {
      if (event.key === '?') this.dialog.close();
    });
  }

  /** Browsers close it with Escape and give the focus back. */
  open() {
    this.dialog.showModal();
  }
}

/** @type {(title: string, entries: KeyEntry[]) => HTMLTableElement} */
function makeTable(title, entries) {
  const table = document.createElement('table');
  table.createCaption().textContent = title;
  for (const { keys, does } of entries) {
    const row = table.insertRow();
    const heading = document.createElement('th');
    heading.scope = 'row';
    heading.append(...keys.flatMap((key, index) => [...(index ? [', '] : []), makeKey(key)]));
    row.append(heading);
    row.insertCell().textContent = does;
  }
  return table;
}

/** @param {string} key */
function makeKey(key) {
  const element = document.createElement('kbd');
  element.textContent = key;
  return element;
}
