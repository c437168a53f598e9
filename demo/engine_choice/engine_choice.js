// @ts-check
// A box to tick, a bar while models load, and one line that says what computed the images.

/** @import { Gradio } from '../gradio' */
/** @import { Size } from '../label_canvas/document/raster.js' */
/** @import { ModelFile } from '../in_browser/model_store.js' */
/** @import { ModelWords } from '../in_browser/views.js' */
import { find } from '../find.js';
import { hasWebGPU } from '../in_browser/painter.js';
import { listen } from '../label_canvas/input/listen.js';
import { recommendBrowser, recommendServer } from './advice.js';
import { keepChoice, readChoice } from './kept_choice.js';
import { Painting } from './painting.js';

const LAYOUT = `
<div class="engine-choice">
  <label><input type="checkbox" /> <span>Compute in my browser <small></small></span></label>
  <progress hidden></progress>
  <p role="status"></p>
</div>`;
const CHOSEN = 'studio-engine-chosen'; // one choice for all tabs of the page

/** @typedef {{ models: (ModelFile & ModelWords)[], epochs: string }} Offer without models, nothing is offered */
/**
 * @typedef {object} Props As EngineChoice in Python sets them.
 * @property {Offer} offer
 * @property {string} dataset
 * @property {Size} size
 * @property {number[]} palette
 * @property {{ url: string, bytes: { wasm: number, webgpu: number } }} runtime
 * @property {string} files the path of the models and the runtime
 * @property {string} photo_map
 */

/** @type {(element: HTMLElement, gradio: Gradio<Props>) => void} */
export function mount(element, { props, trigger, watch }) {
  const { dataset } = props;
  element.innerHTML = LAYOUT;
  const box = /** @type {HTMLInputElement} */ (find(element, 'input'));
  const bar = find(element, 'progress');
  const line = find(element, 'p');
  let hasGpu = false;

  const painting = new Painting(props, {
    ask: () => trigger('submit'),
    isChosen: () => box.checked,
    onProgress: showProgress,
    onFailure: () => {
      box.checked = false; // the choice is kept: the next visit tries again
    },
    onChange: say,
  });

  /** @param {number | null} loaded bytes; null once nothing is loading */
  function showProgress(loaded) {
    const total = modelBytes(props.offer);
    bar.hidden = loaded === null;
    if (loaded === null) return showSize();
    Object.assign(bar, { max: total, value: loaded });
    bar.setAttribute('aria-label', `Models: ${megabytes(loaded)} of ${megabytes(total)}`);
    find(element, 'small').textContent = `(${megabytes(loaded)} of ${megabytes(total)})`;
  }

  function showSize() {
    const bytes = modelBytes(props.offer) + props.runtime.bytes[hasGpu ? 'webgpu' : 'wasm'];
    const when = globalThis.caches ? 'once' : 'at each visit'; // without https, browsers keep no models
    find(element, 'small').textContent = `(${megabytes(bytes)} ${when})`;
  }

  function say() {
    const { serverTimes, browserTimes, isRefused, isByBrowser, hasFailed } = painting;
    const advice = isByBrowser
      ? recommendServer(serverTimes, browserTimes)
      : !box.checked && !hasFailed && recommendBrowser(serverTimes, { isRefused, hasGpu });
    const words = [painting.words, painting.failure, advice].filter(Boolean).join(' ');
    if (line.textContent !== words) line.textContent = words;
  }

  function showOffer() {
    find(element, '.engine-choice').hidden = props.offer.models.length === 0;
    if (bar.hidden) showSize();
    painting.noteOffer();
    say();
  }

  box.addEventListener('change', () => {
    keepChoice(box.checked);
    document.dispatchEvent(new CustomEvent(CHOSEN, { detail: box.checked }));
    painting.choose(box.checked, () => trigger('input'));
  });
  listen(element, document, CHOSEN, ({ detail }) => {
    box.checked = detail;
    say();
  });
  listen(element, document, `${dataset}-changed`, () => painting.noteChange());
  listen(element, document, `${dataset}-painted`, () => painting.noteAnswer());
  listen(element, document, `${dataset}-refused`, () => painting.noteRefusal());
  watch('offer', showOffer);
  watch('photo_map', () => painting.notePhoto(props.photo_map));

  box.checked = readChoice();
  showOffer();
  painting.noteChange(); // one that came before this script
  if (box.checked && element.getClientRects().length) painting.load();
  hasWebGPU().then((has) => {
    hasGpu = has;
    showOffer();
  });
}

/** @param {Offer} offer */
function modelBytes({ models }) {
  return models.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** @param {number} bytes */
function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
