// @ts-check
// Groups of buttons of which one is chosen: the tools and the classes.

/** @type {Record<string, number>} */
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** Radio buttons as one tab stop; arrow keys move and choose, as in a group of native radio buttons. */
export class RadioGroup {
  /**
   * @param {HTMLElement} group
   * @param {(position: number) => void} onChoose
   */
  constructor(group, onChoose) {
    this.radios = /** @type {HTMLElement[]} */ ([...group.querySelectorAll('[role=radio]')]);
    this.onChoose = onChoose;
    this.radios.forEach((radio, position) => {
      radio.addEventListener('click', () => onChoose(position));
      radio.addEventListener('keydown', (event) => this.#press(event, radio));
    });
  }

  /** @param {number} chosen */
  show(chosen) {
    this.radios.forEach((radio, position) => {
      radio.setAttribute('aria-checked', String(position === chosen));
      radio.tabIndex = position === chosen ? 0 : -1;
    });
  }

  /** @type {(event: KeyboardEvent, radio: HTMLElement) => void} */
  #press(event, radio) {
    const shown = this.radios.filter((other) => other.checkVisibility()); // the others wait behind a disclosure
    const position = shown.indexOf(radio);
    let next = position + (STEPS[event.key] ?? 0);
    if (event.key === 'Home') next = 0;
    if (event.key === 'End') next = shown.length - 1;
    if (next === position || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    next = (next + shown.length) % shown.length;
    this.onChoose(this.radios.indexOf(shown[next]));
    shown[next].focus();
  }
}
