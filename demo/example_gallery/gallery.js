// @ts-check
// Thumbnails of example maps.

/** @import { Gradio } from '../gradio' */
import { find } from '../find.js';

/** @type {(element: HTMLElement, gradio: Gradio<{ thumbnails: { name: string, url: string }[] }>) => void} */
export function mount(element, { props, trigger }) {
  const buttons = props.thumbnails.map(({ name, url }) => {
    const button = document.createElement('button');
    button.type = 'button';
    const image = document.createElement('img');
    image.src = url;
    image.alt = '';
    button.append(image, name);
    button.addEventListener('click', () => trigger('click', { name }));
    return button;
  });
  find(element, '.example-gallery').append(...buttons);
}
