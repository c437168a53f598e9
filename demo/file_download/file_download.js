// @ts-check
// Saves the file that the server sends.

/** @import { Gradio } from '../gradio' */

/** @type {(element: HTMLElement, gradio: Gradio<{ value: { name: string, url: string } | null }>) => void} */
export function mount(_element, { props, watch }) {
  watch('value', () => {
    const file = props.value;
    if (!file) return;
    props.value = null; // Gradio reports changes only, and the same file may be saved again
    const link = document.createElement('a');
    link.href = file.url;
    link.download = file.name;
    link.click();
  });
}
