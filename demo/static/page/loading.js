// @ts-check
// The place of the pictures while the models load: a bar, then the pictures, or a sentence and a button to try again.

/** @import { Engine } from '../../in_browser/client.js' */
/** @import { ModelFile } from '../../in_browser/model_store.js' */
import { find } from '../../find.js';

const MARKUP = `
<p role="status"></p>
<progress></progress>
<button type="button" hidden>Try again</button>`;

export class Loading {
  /**
   * Begins at once.
   * @param {HTMLElement} element followed by the place of the pictures
   * @param {ModelFile[]} models
   * @param {(onProgress: (loaded: number) => void) => Promise<Engine>} load
   */
  constructor(element, models, load) {
    element.innerHTML = MARKUP;
    this.element = element;
    this.load = load;
    this.total = models.reduce((sum, { bytes }) => sum + bytes, 0);
    /** Resolves once the models can paint. @type {Promise<Engine>} */
    this.done = new Promise((resolve) => {
      this.resolve = resolve;
    });
    find(element, 'button').addEventListener('click', () => this.#begin());
    this.#begin();
  }

  async #begin() {
    const [words, bar, again] = ['p', 'progress', 'button'].map((part) => find(this.element, part));
    const megabytes = (/** @type {number} */ bytes) => (bytes / 1e6).toFixed(0);
    again.hidden = true;
    bar.hidden = false;
    words.textContent = 'Loading the models, which paint in your browser.';
    try {
      const engine = await this.load((loaded) => {
        Object.assign(bar, { max: this.total, value: loaded });
        bar.setAttribute('aria-label', `${megabytes(loaded)} of ${megabytes(this.total)} MB`);
      });
      this.element.hidden = true;
      /** @type {HTMLElement} */ (this.element.nextElementSibling).hidden = false;
      this.resolve?.(engine);
    } catch (error) {
      words.textContent = error instanceof Error ? error.message : String(error);
      bar.hidden = true;
      again.hidden = false;
    }
  }
}
