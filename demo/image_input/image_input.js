// @ts-check
// Shows the image that the server has set, and reports it like a stroke on a canvas.

/** @import { Gradio } from '../gradio' */
import { find } from '../find.js';

/** @type {(element: HTMLElement, gradio: Gradio<{ value: { url: string } | null }>) => void} */
export function mount(element, { props, trigger, watch }) {
  const image = /** @type {HTMLImageElement} */ (find(element, 'img'));
  const show = () => {
    if (!props.value) return;
    image.src = props.value.url;
    image.hidden = false;
    find(element, 'p').hidden = true;
  };
  watch('value', () => {
    show();
    trigger('input');
  });
  show();
}
