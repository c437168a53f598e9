// @ts-check
// The buttons of tools and commands, made from the table of actions.

import { find } from '../../find.js';
/** @import { Action } from '../actions.js' */
import { COMMANDS, TOOLS } from '../actions.js';
import { RadioGroup } from './radio_group.js';

export class Toolbar {
  /**
   * @param {HTMLElement} element
   * @param {(action: Action) => void} run
   */
  constructor(element, run) {
    this.element = element;
    find(element, '.lc-tools').append(
      ...TOOLS.map((tool) => makeButton(tool, { role: 'radio', 'data-tool': tool.name })),
    );
    for (const command of COMMANDS.filter(({ place }) => place)) {
      const button = makeButton(command, { 'data-action': command.name });
      button.addEventListener('click', () => run(command));
      find(element, `[data-place=${command.place}]`).append(button);
    }
    this.tools = new RadioGroup(find(element, '.lc-tools'), (position) => run(TOOLS[position]));
    this.showMirror(false);
    this.showZoom(1);
  }

  /**
   * Marks the chosen tool and shows its options.
   * @param {string} name
   */
  showTool(name) {
    this.tools.show(TOOLS.findIndex((tool) => tool.name === name));
    for (const option of /** @type {NodeListOf<HTMLElement>} */ (this.element.querySelectorAll('[data-tools]'))) {
      option.hidden = !option.dataset.tools?.split(' ').includes(name);
    }
  }

  /** @param {boolean} isMirrored */
  showMirror(isMirrored) {
    this.#button('mirror').setAttribute('aria-pressed', String(isMirrored));
  }

  /**
   * Shows whether there is anything to undo or redo. A disabled button would drop the focus to the page; aria-disabled
   * keeps it.
   * @type {(canUndo: boolean, canRedo: boolean) => void}
   */
  showHistory(canUndo, canRedo) {
    this.#button('undo').setAttribute('aria-disabled', String(!canUndo));
    this.#button('redo').setAttribute('aria-disabled', String(!canRedo));
  }

  /**
   * Shows the zoom on the button that shows the whole map again; it is there only while the map is enlarged.
   * @param {number} zoom
   */
  showZoom(zoom) {
    const fit = this.#button('zoom-reset');
    const percent = `${Math.round(100 * zoom)} %`;
    fit.hidden = zoom === 1;
    fit.dataset.zoom = percent;
    fit.setAttribute('aria-label', `Fit, now ${percent}`);
    this.#button('zoom-out').setAttribute('aria-disabled', String(zoom === 1));
  }

  /** @param {string} name */
  #button(name) {
    return find(this.element, `[data-action=${name}]`);
  }
}

/** @type {(action: Action, attributes: Record<string, string>) => HTMLButtonElement} */
function makeButton({ label, keys, title, icon }, attributes) {
  const button = document.createElement('button');
  button.type = 'button';
  button.title = [keys ? `${label} (${keys[0]})` : label, title].filter(Boolean).join(': ');
  button.setAttribute('aria-label', label);
  if (keys) button.setAttribute('aria-keyshortcuts', keys[0].replace('Ctrl', 'Control'));
  for (const [name, value] of Object.entries(attributes)) button.setAttribute(name, value);
  button.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${icon}" /></svg>`;
  return button;
}
