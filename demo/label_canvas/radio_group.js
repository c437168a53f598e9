// Groups of buttons of which one is chosen: the tools and the classes.

/** Radio buttons as one tab stop; arrow keys move and choose, as in a group of native radio buttons. */
function makeRadioGroup(group, onChoose) {
  const radios = [...group.querySelectorAll('[role=radio]')];
  const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  radios.forEach((radio) => {
    radio.addEventListener('click', () => onChoose(radios.indexOf(radio)));
    radio.addEventListener('keydown', (event) => {
      const shown = radios.filter((other) => other.checkVisibility()); // the others wait behind a disclosure
      const position = shown.indexOf(radio);
      let next = position + (steps[event.key] ?? 0);
      if (event.key === 'Home') next = 0;
      if (event.key === 'End') next = shown.length - 1;
      if (next === position || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      next = (next + shown.length) % shown.length;
      onChoose(radios.indexOf(shown[next]));
      shown[next].focus();
    });
  });
  return function show(chosen) {
    radios.forEach((radio, position) => {
      radio.setAttribute('aria-checked', String(position === chosen));
      radio.tabIndex = position === chosen ? 0 : -1;
    });
  };
}
