// @ts-check
// The seed, another random seed, and dropout.

/** @import { Gradio } from '../gradio' */
/** @import { Settings } from '../label_canvas/document/codec.js' */
import { find } from '../find.js';
import { listen } from '../label_canvas/input/listen.js';

const LAYOUT = `
<fieldset class="noise-choice" aria-label="Noise">
  <label>Seed <input type="number" min="0" step="1" required autocomplete="off" /></label>
  <button type="button">Another variation</button>
  <label><input type="checkbox" /> Dropout</label>
  <p role="alert"></p>
</fieldset>`;

/** @typedef {{ value: Settings, dataset: string, max_seed: number }} Props */

/** @type {(element: HTMLElement, gradio: Gradio<Props>) => void} */
export function mount(element, { props, trigger }) {
  const { dataset, max_seed: maxSeed } = props;
  element.innerHTML = LAYOUT;
  const field = /** @type {HTMLInputElement} */ (find(element, '[type=number]'));
  const another = /** @type {HTMLButtonElement} */ (find(element, 'button'));
  const checkbox = /** @type {HTMLInputElement} */ (find(element, '[type=checkbox]'));
  const notice = find(element, 'p');
  const rule = `The seed is a whole number from 0 to ${maxSeed}.`;
  let isTyping = false; // the changes until the field is left are one step of undo
  field.max = String(maxSeed);

  function show() {
    const { seed, dropout } = props.value;
    field.value = String(seed);
    checkbox.checked = dropout;
    field.disabled = another.disabled = !dropout; // there is nothing to vary
  }

  /** @type {(settings: Settings) => boolean} */
  function take({ seed, dropout }) {
    if (seed === props.value.seed && dropout === props.value.dropout) return false;
    props.value = { seed, dropout };
    return true;
  }

  /** @type {(settings: Settings, isContinued?: boolean) => boolean} */
  function choose(settings, isContinued = false) {
    if (!take(settings)) return false;
    trigger('input');
    const detail = { settings, isContinued };
    document.dispatchEvent(new CustomEvent(`${dataset}-settings`, { detail }));
    return true;
  }

  field.addEventListener('input', () => {
    notice.textContent = field.validity.valid || field.validity.valueMissing ? '' : rule; // empty is on the way
    if (field.validity.valid && choose({ ...props.value, seed: Number(field.value) }, isTyping)) isTyping = true;
  });
  field.addEventListener('change', () => {
    isTyping = false;
    if (!field.validity.valid) notice.textContent = `${rule} It is ${props.value.seed} again.`;
    show(); // 1e5 as 100000
  });
  field.addEventListener('blur', () => {
    isTyping = false;
    if (!field.validity.valid) field.dispatchEvent(new Event('change')); // emptied by way of text that is no number
  });
  another.addEventListener('click', () => {
    notice.textContent = '';
    choose({ ...props.value, seed: Math.floor(Math.random() * (maxSeed + 1)) });
    show();
  });
  checkbox.addEventListener('change', () => {
    choose({ ...props.value, dropout: checkbox.checked });
    show();
  });
  listen(element, document, `${dataset}-restored`, ({ detail }) => {
    notice.textContent = '';
    // The map that comes with it changes first, so that both requests carry both: their answers come in any order.
    if (take(detail)) setTimeout(() => trigger('input'));
    show();
  });
  show();
  document.dispatchEvent(new Event(`${dataset}-noise-shown`)); // work may have been opened before
}
