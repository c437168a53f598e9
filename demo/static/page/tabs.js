// @ts-check
// Tabs: one tab stop; arrow keys, Home and End select.

/**
 * @param {HTMLElement} element Receives the tabs and their panels.
 * @param {string[]} names
 * @param {(index: number, panel: HTMLElement) => void} onSelect
 * @returns {(index: number) => void} Selects a tab.
 */
export function makeTabs(element, names, onSelect) {
  const list = document.createElement('div');
  list.className = 'tabs';
  list.setAttribute('role', 'tablist');
  const tabs = names.map((name, index) => {
    const tab = document.createElement('button');
    Object.assign(tab, { type: 'button', textContent: name, id: `tab-${index}` });
    tab.setAttribute('role', 'tab');
    tab.setAttribute('aria-controls', `panel-${index}`);
    tab.addEventListener('click', () => select(index));
    return tab;
  });
  const panels = names.map((_, index) => {
    const panel = document.createElement('div');
    panel.id = `panel-${index}`;
    panel.setAttribute('role', 'tabpanel');
    panel.setAttribute('aria-labelledby', `tab-${index}`);
    return panel;
  });
  list.append(...tabs);
  element.append(list, ...panels);

  /** @param {number} index */
  function select(index) {
    for (const [number, tab] of tabs.entries()) {
      tab.setAttribute('aria-selected', `${number === index}`);
      tab.tabIndex = number === index ? 0 : -1;
      panels[number].hidden = number !== index;
    }
    onSelect(index, panels[index]);
  }

  list.addEventListener('keydown', (event) => {
    const current = tabs.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const wanted = { ArrowRight: current + 1, ArrowLeft: current - 1, Home: 0, End: -1 }[event.key];
    if (wanted === undefined || current < 0) return;
    event.preventDefault();
    const index = (wanted + tabs.length) % tabs.length;
    select(index);
    tabs[index].focus();
  });
  return select;
}
