// @ts-check
// A radio button per view.

/** @import { Gradio } from '../gradio' */
import { find } from '../find.js';
import { listen } from '../label_canvas/input/listen.js';

/** @typedef {{ value: string, names: string[], dataset: string, noisy_view: string }} Props */

/** @type {(element: HTMLElement, gradio: Gradio<Props>) => void} */
export function mount(element, { props, trigger, watch }) {
  const group = `view-${Math.random()}`; // a page may have several
  let offered = '';
  let hasNoise = true;

  /** @param {string} name */
  function choose(name) {
    props.value = name;
    trigger('input');
  }

  /** @param {string} name */
  function makeChoice(name) {
    const label = document.createElement('label');
    const radio = document.createElement('input');
    radio.type = 'radio';
    radio.className = 'heard-only'; // its label shows which is chosen
    radio.name = group;
    radio.checked = name === props.value;
    radio.addEventListener('change', () => choose(name));
    label.append(radio, name);
    return label;
  }

  function offerViews() {
    const names = props.names.filter((name) => hasNoise || name !== props.noisy_view);
    if (offered === names.join()) return; // the focus would be lost
    offered = names.join();
    if (!names.includes(props.value)) choose(names[0]);
    find(element, '.view-choice div').replaceChildren(...names.map(makeChoice));
  }

  /** @param {boolean} dropout */
  function noteNoise(dropout) {
    hasNoise = dropout;
    offerViews();
  }

  watch('names', offerViews);
  listen(element, document, `${props.dataset}-settings`, ({ detail }) => noteNoise(detail.settings.dropout));
  listen(element, document, `${props.dataset}-restored`, ({ detail }) => noteNoise(detail.dropout));
  offerViews();
}
