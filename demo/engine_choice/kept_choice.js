// @ts-check
// Whether the visitor chose to compute in the browser, kept for the next visit.

const KEY = 'pix2pix-studio.computes-in-browser';

/** @param {boolean} isChosen */
export function keepChoice(isChosen) {
  try {
    if (isChosen) localStorage[KEY] = 'true';
    else localStorage.removeItem(KEY);
  } catch {} // storage may be forbidden
}

export function readChoice() {
  try {
    return localStorage[KEY] === 'true';
  } catch {
    return false;
  }
}
