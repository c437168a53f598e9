// @ts-check

/**
 * Listens to the page for as long as an element is on it; a page may remove the canvas and build another.
 * @type {(element: HTMLElement, target: EventTarget, type: string, listener: (event: any) => void) => void}
 */
export function listen(element, target, type, listener) {
  target.addEventListener(type, function hear(event) {
    if (element.isConnected) listener(event);
    else target.removeEventListener(type, hear);
  });
}
