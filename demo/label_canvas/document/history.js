// @ts-check
// Undo and redo.

/**
 * The states before and after the present one.
 * @template State
 */
export class History {
  /** @type {State[]} Newest last. */
  #past = [];
  /** @type {State[]} Next one last. */
  #future = [];

  /** @param {number} limit Maximum number of undo steps. */
  constructor(limit) {
    this.limit = limit;
  }

  get undoSteps() {
    return this.#past.length;
  }

  get redoSteps() {
    return this.#future.length;
  }

  /** The state before the last change; undefined if there is none. */
  get previous() {
    return this.#past.at(-1);
  }

  /** @param {State} previous The state before a new change, which ends what could be redone. */
  push(previous) {
    this.#past.push(previous);
    if (this.#past.length > this.limit) this.#past.shift();
    this.#future = [];
  }

  /** Removes the last step and returns the state before it, so that the caller can redo it differently. */
  pop() {
    return this.#past.pop();
  }

  /**
   * Returns the state before the present one; undefined if there is none.
   * @param {State} present
   */
  undo(present) {
    if (this.#past.length) this.#future.push(present);
    return this.#past.pop();
  }

  /**
   * Returns the state that the last undo left; undefined if there is none.
   * @param {State} present
   */
  redo(present) {
    if (this.#future.length) this.#past.push(present);
    return this.#future.pop();
  }
}
