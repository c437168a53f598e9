// The classes to choose from: those that are needed often, and the others behind "More".

/** Fills the radio group; onChoose gets the class. */
function makePalette(palette, classes, firstClasses, onChoose) {
  const allClasses = classes.map((_, classIndex) => classIndex);
  const moreClasses = allClasses.filter((classIndex) => firstClasses.length && !firstClasses.includes(classIndex));
  const order = moreClasses.length ? [...firstClasses, ...moreClasses] : allClasses;
  const disclosure = moreClasses.length ? makeDisclosure(palette) : null;
  const radios = order.map((classIndex, position) => {
    const radio = makeClassRadio(classes[classIndex], keyOf(position));
    if (moreClasses.includes(classIndex)) palette.querySelector('.lc-more').append(radio);
    else palette.querySelector('.lc-first').insertBefore(radio, disclosure);
    return radio;
  });
  let marked = null;
  const showPosition = makeRadioGroup(palette, (position) => onChoose(order[position]));

  return {
    show: (classIndex) => showPosition(order.indexOf(classIndex)),

    /** Marks the class under the pointer; null for none. */
    mark(classIndex) {
      if (classIndex === marked) return;
      marked = classIndex;
      radios.forEach((radio, position) => radio.toggleAttribute('data-under-pointer', order[position] === classIndex));
      if (!disclosure) return;
      const isHidden = classIndex !== null && !radios[order.indexOf(classIndex)].checkVisibility();
      disclosure.toggleAttribute('data-under-pointer', isHidden);
      disclosure.textContent = isHidden ? classes[classIndex].name : 'More'; // colours such as those of truck and trailer need their names
    },
  };
}

/** "1" to "9" and "0" for the first ten, then the same with Shift; none beyond. */
function keyOf(position) {
  if (position >= 20) return '';
  return (position >= 10 ? 'Shift+' : '') + ((position + 1) % 10);
}

function makeClassRadio({ name, color }, key) {
  const radio = document.createElement('button');
  radio.type = 'button';
  radio.setAttribute('role', 'radio');
  if (key) {
    radio.setAttribute('aria-keyshortcuts', key);
    radio.dataset.key = key.replace('Shift+', '⇧');
  }
  const swatch = document.createElement('span');
  swatch.className = 'lc-swatch';
  swatch.style.background = color;
  radio.append(swatch, name);
  return radio;
}

/** The button that shows and hides the rarer classes; the chosen one is always shown. */
function makeDisclosure(palette) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'lc-disclosure';
  button.setAttribute('aria-expanded', 'false');
  button.setAttribute('aria-label', 'More classes');
  button.textContent = 'More';
  button.addEventListener('click', () => {
    button.setAttribute('aria-expanded', String(palette.toggleAttribute('data-open')));
  });
  palette.querySelector('.lc-first').append(button);
  return button;
}
