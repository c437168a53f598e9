// @ts-check
// Images that are older than the map are dimmed, and a sentence says so.

import { find } from '../find.js';
import { listen } from '../label_canvas/input/listen.js';

const SLOW = 1000; // milliseconds; images that come sooner need no word
const WAITING = 'These images are older than your map. The new ones have not come yet.';
const REFUSED = 'These images are older than your map: no new ones came.';

/** @type {(element: HTMLElement, dataset: string, onAgain: () => void) => void} */
export function watchAge(element, dataset, onAgain) {
  const comparison = find(element, '.comparison');
  const words = find(element, '.cp-stale span');
  const again = /** @type {HTMLButtonElement} */ (find(element, '.cp-stale button'));
  let timer = 0;

  /** @type {(sentence: string, canAskAgain?: boolean) => void} */
  function show(sentence, canAskAgain = false) {
    clearTimeout(timer);
    comparison.toggleAttribute('data-stale', Boolean(sentence));
    if (words.textContent !== sentence) words.textContent = sentence;
    again.hidden = !canAskAgain;
  }

  listen(element, document, `${dataset}-asked`, () => {
    clearTimeout(timer);
    timer = setTimeout(() => show(WAITING), SLOW);
  });
  listen(element, document, `${dataset}-painted`, () => show(''));
  listen(element, document, `${dataset}-refused`, () => show(REFUSED, true));
  again.addEventListener('click', () => {
    show(WAITING);
    onAgain();
  });
}
