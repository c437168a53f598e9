// @ts-check
// What goes with a tool: the size of the brush, the grid, the numbers of copies.

import { find } from '../../find.js';

/**
 * @typedef {object} OptionListeners
 * @property {(brushSize: number) => void} onBrushSize
 * @property {(step: number) => void} onStep
 * @property {(direction: 'across' | 'down', count: number) => void} onCopies 0 for as many as fit.
 */

export class ToolOptions {
  /**
   * @param {HTMLElement} element
   * @param {OptionListeners} listeners
   */
  constructor(element, { onBrushSize, onStep, onCopies }) {
    this.slider = /** @type {HTMLInputElement} */ (find(element, '.lc-size input'));
    this.output = /** @type {HTMLOutputElement} */ (find(element, '.lc-size output'));
    this.slider.addEventListener('input', () => onBrushSize(Number(this.slider.value)));
    const step = /** @type {HTMLSelectElement} */ (find(element, '.lc-step'));
    step.addEventListener('change', () => onStep(Number(step.value)));
    for (const direction of /** @type {const} */ (['across', 'down'])) {
      const field = /** @type {HTMLInputElement} */ (find(element, `.lc-${direction}`));
      field.addEventListener('input', () => onCopies(direction, field.validity.valid ? Number(field.value) : 0));
    }
  }

  /**
   * Shows the size of the brush and returns it, within its limits.
   * @param {number} brushSize
   */
  showBrushSize(brushSize) {
    this.slider.value = String(brushSize);
    this.output.value = this.slider.value;
    return Number(this.slider.value);
  }
}
