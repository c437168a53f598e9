// @ts-check
// Images that are pasted, or dropped anywhere on the page. Without this, a dropped file would replace the page.

/** @import { Canvas } from '../canvas.js' */
import { isTextField } from './keyboard.js';
import { listen } from './listen.js';

const NO_IMAGE = 'That is not an image. Drop or paste a PNG, JPEG or WebP file.';

export class Files {
  /**
   * @param {HTMLElement} element The whole component.
   * @param {Canvas} canvas
   * @param {(file: File) => void} onImage
   */
  constructor(element, canvas, onImage) {
    this.element = element;
    this.canvas = canvas;
    this.onImage = onImage;
    listen(element, document, 'paste', (event) => this.#paste(event));
    listen(element, document, 'dragover', (event) => this.#drag(event));
    listen(element, document, 'dragleave', (event) => !event.relatedTarget && this.#show(false)); // left the window
    listen(element, document, 'drop', (event) => this.#drop(event));
  }

  /** @param {ClipboardEvent} event */
  #paste(event) {
    const files = event.clipboardData?.files;
    if (!this.canvas.isShown || !files?.length || isTextField(document.activeElement)) return;
    event.preventDefault();
    this.#take(files);
  }

  /** @param {DragEvent} event */
  #drag(event) {
    if (!this.canvas.isShown || !event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault(); // allows the drop
    event.dataTransfer.dropEffect = 'copy';
    this.#show(true);
  }

  /** @param {DragEvent} event */
  #drop(event) {
    const files = event.dataTransfer?.files;
    if (!this.canvas.isShown || !files?.length) return;
    event.preventDefault();
    this.#show(false);
    this.#take(files);
  }

  /** @param {FileList} files */
  #take(files) {
    const image = [...files].find(({ type }) => type.startsWith('image/'));
    if (image) this.onImage(image);
    else this.canvas.status.showNotice(NO_IMAGE);
  }

  /** @param {boolean} isOver */
  #show(isOver) {
    this.element.toggleAttribute('data-drop', isOver);
  }
}
