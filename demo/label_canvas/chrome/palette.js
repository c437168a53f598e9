// @ts-check
// The classes to choose from: those that are often needed, and the others behind "More".

import { find } from '../../find.js';
import { RadioGroup } from './radio_group.js';

/** @typedef {{ name: string, color: string }} ClassEntry The colour is "#rrggbb". */

export class Palette {
  /** @type {number | null} */
  #marked = null;
  /** @type {HTMLButtonElement | null} */
  #disclosure = null;

  /**
   * @param {HTMLElement} palette
   * @param {ClassEntry[]} classes
   * @param {number[]} firstClasses Classes that are always shown; empty for all.
   * @param {(classIndex: number) => void} onChoose
   */
  constructor(palette, classes, firstClasses, onChoose) {
    const allClasses = classes.map((_, classIndex) => classIndex);
    const moreClasses = allClasses.filter((index) => firstClasses.length && !firstClasses.includes(index));
    this.classes = classes;
    this.order = moreClasses.length ? [...firstClasses, ...moreClasses] : allClasses;
    const radios = this.order.map((classIndex, position) => makeClassRadio(classes[classIndex], keyOf(position)));
    const firstCount = this.order.length - moreClasses.length;
    find(palette, '.lc-first').append(...radios.slice(0, firstCount));
    find(palette, '.lc-more').append(...radios.slice(firstCount));
    if (moreClasses.length) this.#disclosure = addDisclosure(palette);
    this.radios = new RadioGroup(palette, (position) => onChoose(this.order[position]));
  }

  /** @param {number} classIndex */
  show(classIndex) {
    this.radios.show(this.order.indexOf(classIndex));
  }

  /**
   * Chooses the class that a key stands for and returns its name; null if there is none.
   * @param {string} key
   */
  chooseKey(key) {
    const position = this.order.findIndex((_, index) => keyOf(index) === key);
    if (position < 0) return null;
    this.radios.onChoose(position);
    return this.classes[this.order[position]].name;
  }

  /**
   * Marks the class under the pointer; null for none.
   * @param {number | null} classIndex
   */
  mark(classIndex) {
    if (classIndex === this.#marked) return;
    this.#marked = classIndex;
    const { radios } = this.radios;
    radios.forEach((radio, position) => {
      radio.toggleAttribute('data-under-pointer', this.order[position] === classIndex);
    });
    if (!this.#disclosure) return;
    const isHidden = classIndex !== null && !radios[this.order.indexOf(classIndex)].checkVisibility();
    this.#disclosure.toggleAttribute('data-under-pointer', isHidden);
    // Some colours, such as those of truck and trailer, are too similar to do without the name.
    this.#disclosure.textContent = isHidden ? this.classes[classIndex].name : 'More';
  }
}

/**
 * Returns "1" to "9" and "0" for the first ten classes, the same with Shift for the next ten, and "" for the rest.
 * @param {number} position
 */
function keyOf(position) {
  if (position >= 20) return '';
  return (position >= 10 ? 'Shift+' : '') + ((position + 1) % 10);
}

/** @type {(entry: ClassEntry, key: string) => HTMLButtonElement} */
function makeClassRadio({ name, color }, key) {
  const radio = document.createElement('button');
  radio.type = 'button';
  radio.setAttribute('role', 'radio');
  if (key) {
    radio.setAttribute('aria-keyshortcuts', key);
    radio.dataset.key = key.replace('Shift+', '⇧');
  }
  const swatch = document.createElement('span');
  swatch.className = 'lc-swatch';
  swatch.style.background = color;
  radio.append(swatch, name);
  return radio;
}

/**
 * Adds the button that shows and hides the rarer classes; the chosen class is always shown.
 * @param {HTMLElement} palette
 */
function addDisclosure(palette) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'lc-disclosure';
  button.setAttribute('aria-expanded', 'false');
  button.setAttribute('aria-label', 'More classes');
  button.textContent = 'More';
  button.addEventListener('click', () => {
    const isOpen = palette.toggleAttribute('data-open');
    button.setAttribute('aria-expanded', String(isOpen));
    if (isOpen) palette.scrollTop = button.offsetTop - palette.offsetTop; // where the palette scrolls
  });
  find(palette, '.lc-first').append(button);
  return button;
}
