// @ts-check
// A radio button per view.

/** @import { Gradio } from '../gradio' */
import { find } from '../find.js';

/** @type {(element: HTMLElement, gradio: Gradio<{ value: string, names: string[] }>) => void} */
export function mount(element, { props, trigger, watch }) {
  const group = `view-${Math.random()}`; // a page may have several
  let offered = '';

  /** @param {string} name */
  function makeChoice(name) {
    const label = document.createElement('label');
    const radio = document.createElement('input');
    radio.type = 'radio';
    radio.name = group;
    radio.checked = name === props.value;
    radio.addEventListener('change', () => {
      props.value = name;
      trigger('input');
    });
    label.append(radio, name);
    return label;
  }

  function offerViews() {
    if (offered === props.names.join()) return; // the focus would be lost
    offered = props.names.join();
    if (!props.names.includes(props.value)) props.value = props.names[0];
    find(element, '.view-choice div').replaceChildren(...props.names.map(makeChoice));
  }

  watch('names', offerViews);
  offerViews();
}
