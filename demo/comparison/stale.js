// @ts-check
// Images that are older than the map are dimmed, and a line says so, with the place in the server's queue.

import { find } from '../find.js';
import { listen } from '../label_canvas/input/listen.js';

const SLOW = 1000; // milliseconds; images that come sooner need no word, and the place in the queue no newer one
const OLDER = 'These images are older than your map.';
const NOT_YET = 'The new ones have not come yet.';
const REFUSED = 'These images are older than your map: no new ones came.';
const NONE_YET = 'The first images have not come yet.';
const NONE = 'No images came.';

/** @type {(element: HTMLElement, dataset: string, onAgain: () => void) => void} */
export function watchAge(element, dataset, onAgain) {
  const comparison = find(element, '.comparison');
  const words = find(element, '.cp-stale [role=status]');
  const more = find(element, '.cp-stale .cp-place'); // not announced, as it may change every second
  const again = /** @type {HTMLButtonElement} */ (find(element, '.cp-stale button'));
  let timer = 0;

  /** @type {(sentence: string, details?: string, canAskAgain?: boolean) => void} */
  function show(sentence, details = '', canAskAgain = false) {
    comparison.toggleAttribute('data-stale', Boolean(sentence));
    if (words.textContent !== sentence) words.textContent = sentence;
    more.textContent = details;
    again.hidden = !canAskAgain;
  }

  const hasImages = () => Boolean(element.querySelector('.cp-pictures img'));

  function showWait() {
    const place = placeInQueue(element);
    if (hasImages()) show(OLDER, place || NOT_YET);
    else show(NONE_YET, place);
  }

  function wait() {
    clearInterval(timer);
    timer = setInterval(showWait, SLOW);
  }

  listen(element, document, `${dataset}-asked`, wait);
  listen(element, document, `${dataset}-painted`, () => {
    clearInterval(timer);
    show('');
  });
  listen(element, document, `${dataset}-refused`, () => {
    clearInterval(timer);
    show(hasImages() ? REFUSED : NONE, '', true);
  });
  again.addEventListener('click', () => {
    showWait();
    wait();
    onAgain();
  });
}

/** @param {HTMLElement} element beside which Gradio writes "queue: 3/12 | 2.1s" */
function placeInQueue(element) {
  const words = element.closest('.studio')?.querySelector('.studio-pictures .progress-text')?.textContent ?? '';
  const [, place, length] = /queue: (\d+)\/(\d+)/.exec(words) ?? [];
  return place ? `The server is busy; your place in its queue is ${place} of ${length}.` : '';
}
