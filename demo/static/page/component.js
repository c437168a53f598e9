// @ts-check
// Mounts the studio's components on a page without Gradio: they get the same props, trigger and watch.

/** @import { Gradio } from '../../gradio' */

/** @template {object} Props */
export class Component {
  /** @type {Map<string, (() => void)[]>} */
  #watchers = new Map();

  /**
   * @param {HTMLElement} element
   * @param {(element: HTMLElement, gradio: Gradio<Props>) => void} mount of the component's module
   * @param {Props} props
   * @param {Record<string, (detail: any) => void>} [listeners] by the name of the event
   */
  constructor(element, mount, props, listeners = {}) {
    this.props = props;
    mount(element, {
      props,
      trigger: (event, detail) => listeners[event]?.(detail),
      watch: (name, callback) => this.#watchers.set(name, [...(this.#watchers.get(name) ?? []), callback]),
    });
  }

  /** Changes props as the server would. @param {Partial<Props>} changes */
  set(changes) {
    Object.assign(this.props, changes);
    for (const name of Object.keys(changes)) for (const callback of this.#watchers.get(name) ?? []) callback();
  }
}
