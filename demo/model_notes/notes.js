// @ts-check
// Lines of text about the models.

/** @import { Gradio } from '../gradio' */
import { find } from '../find.js';

/** @typedef {{ name: string, source: string, notice: string }} Note */

/** @type {(element: HTMLElement, gradio: Gradio<{ value: Note[] }>) => void} */
export function mount(element, { props, trigger, watch }) {
  let shownText = '';
  let shownSources = '';

  function show() {
    const text = JSON.stringify(props.value);
    if (text === shownText) return;
    shownText = text;
    find(element, '.model-notes').replaceChildren(...props.value.flatMap(makeLines));
    const sources = JSON.stringify(props.value.map(({ source }) => source));
    if (shownSources && sources !== shownSources) {
      trigger('apply'); // the images are those of other weights
      // Announced once; every megabyte of the download would be too much.
      const said = props.value.map(({ name, source }) => `${name} is now ${source}`).join('; ');
      find(element, '.mn-said').textContent = said;
    }
    shownSources = sources;
  }

  watch('value', show);
  show();
}

/** @type {(note: Note) => HTMLElement[]} */
function makeLines({ name, source, notice }) {
  const line = makeLine(source, 'mn-source');
  const title = document.createElement('strong');
  title.textContent = `${name} `;
  line.prepend(title);
  return notice ? [line, makeLine(notice, 'mn-notice')] : [line];
}

/** @type {(text: string, className: string) => HTMLElement} */
function makeLine(text, className) {
  const line = document.createElement('p');
  line.textContent = text;
  line.className = className;
  return line;
}
