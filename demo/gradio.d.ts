/** What Gradio hands to the script of a `gr.HTML` component, besides its element. */
export interface Gradio<Props> {
  /** As the Python component sets them; assigning to `value` sends it with the next event. */
  props: Props;
  /** Fires an event of the component. */
  trigger(event: string, detail?: unknown): void;
  /** Calls back whenever Python has changed a prop. */
  watch(name: string, callback: () => void): void;
}
