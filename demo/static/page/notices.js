// @ts-check
// Sentences that come and go in a corner of the page: what was wrong, or what was guessed.

const SECONDS = 10;

/**
 * Shows a sentence, which screen readers say at once.
 * @param {string} sentence
 * @param {'error' | 'info'} [kind]
 */
export function notify(sentence, kind = 'error') {
  const notice = document.createElement('div');
  notice.className = 'notice';
  notice.dataset.kind = kind;
  const close = document.createElement('button');
  close.type = 'button';
  close.textContent = '×';
  close.setAttribute('aria-label', 'Close');
  close.addEventListener('click', () => notice.remove());
  const words = document.createElement('p');
  words.textContent = sentence;
  notice.append(words, close);
  const notices = /** @type {HTMLElement} */ (document.querySelector('.notices'));
  for (const shown of notices.children) if (shown.firstChild?.textContent === sentence) shown.remove();
  notices.append(notice);
  setTimeout(() => notice.remove(), 1000 * SECONDS);
}
