// @ts-check
// Finds an element that must exist.

/**
 * Returns the first descendant that matches; throws if there is none.
 * @type {(element: Element, selector: string) => HTMLElement}
 */
export function find(element, selector) {
  const found = element.querySelector(selector);
  if (!found) throw new Error(`The page has no element ${selector}.`);
  return /** @type {HTMLElement} */ (found);
}
