// @ts-check
// The place of the images while the models load: a bar, then the images, or a sentence and a button to try again.

/** @import { BrowserEngine, Wanted } from '../../in_browser/browser_engine.js' */
/** @import { Engine, PaintingClient } from '../../in_browser/client.js' */
import { find } from '../../find.js';

const MARKUP = `
<p role="status"></p>
<progress></progress>
<small aria-hidden="true"></small>
<button type="button" hidden>Try again</button>`;
const MOST_FAILURES = 3; // of painting, in a row

export class Loading {
  #failures = 0;
  #resolve = () => {};
  /** Resolves once the models can paint. @type {Promise<void>} */
  #done = Promise.resolve();

  /**
   * Begins at once.
   * @param {HTMLElement} element followed by the place of the images
   * @param {BrowserEngine} engine
   * @param {Wanted} wanted
   * @param {Promise<void>} permitted resolves once models may be loaded
   * @param {(engine: Engine) => void} onReady is called whenever they have been
   */
  constructor(element, engine, wanted, permitted, onReady) {
    element.innerHTML = MARKUP;
    this.element = element;
    this.engine = engine;
    this.wanted = wanted;
    this.permitted = permitted;
    this.onReady = onReady;
    this.total = wanted.models.reduce((sum, { bytes }) => sum + bytes, 0);
    find(element, 'button').addEventListener('click', () => this.#load());
    this.#reset();
    this.#load();
  }

  /**
   * Paints once the models can; if that fails, they are loaded again, and after some failures the visitor is asked.
   * @template Painted
   * @param {(client: PaintingClient) => Promise<Painted>} paint
   * @returns {Promise<Painted>}
   */
  async paint(paint) {
    for (;;) {
      await this.#done;
      try {
        const painted = await this.engine.use(paint);
        if (!painted) continue; // another request has found that they have to be loaded again
        this.#failures = 0;
        return painted;
      } catch (error) {
        this.#reset();
        this.#failures++;
        if (this.#failures < MOST_FAILURES) this.#load();
        else this.#fail(error);
      }
    }
  }

  #reset() {
    this.#done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  async #load() {
    this.#show('Loading the models, which paint in your browser.', { isLoading: true });
    try {
      await this.permitted;
      await this.engine.load(this.wanted, (loaded) => this.#showProgress(loaded));
    } catch (error) {
      return this.#fail(error);
    }
    this.#showPictures(true);
    this.onReady(/** @type {Engine} */ (this.engine.ready));
    this.#resolve();
  }

  /** @param {unknown} error */
  #fail(error) {
    this.#failures = 0;
    this.#show(error instanceof Error ? error.message : String(error), { isLoading: false });
  }

  /** @type {(words: string, state: { isLoading: boolean }) => void} */
  #show(words, { isLoading }) {
    this.#showPictures(false);
    find(this.element, 'p').textContent = words;
    find(this.element, 'progress').hidden = !isLoading;
    find(this.element, 'progress').removeAttribute('value'); // until the first bytes come
    find(this.element, 'small').textContent = '';
    find(this.element, 'button').hidden = isLoading;
  }

  /** @param {boolean} areShown */
  #showPictures(areShown) {
    this.element.hidden = areShown;
    /** @type {HTMLElement} */ (this.element.nextElementSibling).hidden = !areShown;
  }

  /** @param {number} loaded bytes */
  #showProgress(loaded) {
    const bar = find(this.element, 'progress');
    const [now, total] = [loaded, this.total].map((bytes) => (bytes / 1e6).toFixed(0));
    Object.assign(bar, { max: this.total, value: loaded });
    bar.setAttribute('aria-label', `${now} of ${total} MB`);
    find(this.element, 'small').textContent = `${now} of ${total} MB`;
  }
}
