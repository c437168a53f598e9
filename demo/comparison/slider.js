// @ts-check
// Two images in one place, divided by a line to drag: the first is to its left, the second to its right.

/** Makes an element with an image on either side of the line; returns it with the two images. */
export function makeSlider() {
  const frame = document.createElement('div');
  frame.className = 'cp-slider';
  const left = document.createElement('img');
  const right = document.createElement('img');
  const range = document.createElement('input'); // invisible; for the keyboard and screen readers
  range.type = 'range';
  range.min = '0';
  range.max = '100';
  range.value = '50';
  range.setAttribute('aria-label', 'Where the GAN ends and L1 only begins, in percent from the left');
  const line = document.createElement('span');
  line.className = 'cp-line';
  frame.append(right, left, range, line);

  const moveLine = () => frame.style.setProperty('--cp-split', `${range.value}%`);
  /** @param {PointerEvent} event */
  function followPointer(event) {
    const box = frame.getBoundingClientRect();
    range.value = `${Math.round((100 * (event.clientX - box.left)) / box.width)}`;
    moveLine();
  }
  range.addEventListener('input', moveLine);
  frame.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    event.preventDefault(); // neither drags the image nor selects
    range.focus({ preventScroll: true });
    frame.setPointerCapture(event.pointerId);
    followPointer(event);
  });
  frame.addEventListener('pointermove', (event) => {
    if (frame.hasPointerCapture(event.pointerId)) followPointer(event);
  });
  moveLine();
  return { frame, images: [left, right] };
}
