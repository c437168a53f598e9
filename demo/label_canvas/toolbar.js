// Everything around the map that people choose from: tools, classes, and what goes with a tool.

const palette = makePalette(find('.lc-palette'), props.classes, props.first_classes, chooseClass);
const toolRadios = [...element.querySelectorAll('[data-tool]')];
const showTool = makeRadioGroup(find('.lc-tools'), (position) => chooseTool(toolRadios[position].dataset.tool));
const sizeSlider = find('.lc-size input');
const announcer = find('.lc-announcer');
const hint = find('.lc-hint');
let toolBeforePick = 'brush';

function chooseClass(classIndex) {
  if (pen.downSince !== null) return; // a stroke is of one class
  choice.paintClass = classIndex;
  palette.show(classIndex);
}

function chooseTool(name) {
  if (pen.downSince !== null) return;
  dropUnfinished();
  if (name === 'pick' && choice.tool !== 'pick') toolBeforePick = choice.tool;
  choice.tool = name;
  showTool(toolRadios.findIndex((radio) => radio.dataset.tool === name));
  for (const option of element.querySelectorAll('[data-tools]')) option.hidden = !option.dataset.tools.split(' ').includes(name);
  if (name === 'repeat') tools.repeat.preselect();
  view.showGrid(hasGrid() ? choice.step : 1);
  showHint();
  requestRedraw();
}

const hasGrid = () => choice.tool === 'rectangle' || choice.tool === 'repeat';

/** Picking is one click between strokes, so the tool that was in use comes back. */
function pickClass(classIndex) {
  chooseClass(classIndex);
  chooseTool(toolBeforePick);
  announce('Picked ' + className(classIndex));
}

function setBrushSize(brushSize) {
  sizeSlider.value = brushSize; // which keeps it within its limits
  choice.brushSize = Number(sizeSlider.value);
  find('.lc-size output').value = choice.brushSize;
  requestRedraw();
}

function toggleMirror(button) {
  choice.isMirrored = !choice.isMirrored;
  button.setAttribute('aria-pressed', String(choice.isMirrored));
  view.showMirror(choice.isMirrored);
  announce(choice.isMirrored ? 'Mirror on' : 'Mirror off');
  requestRedraw();
}

/** For ears only. */
function announce(words) {
  announcer.textContent = words;
}

/** For eyes and ears; the next stroke or tool puts the tool's hint back. */
function showNotice(words) {
  hint.textContent = words;
  hint.toggleAttribute('data-notice', true);
  announce(words);
}

function showHint() {
  hint.textContent = toolRadios.find((radio) => radio.dataset.tool === choice.tool).dataset.hint;
  hint.toggleAttribute('data-notice', false);
}

/** By the buttons, about the middle of what is seen. */
function zoom(factor) {
  const box = find('.lc-surface').getBoundingClientRect();
  view.zoomBy(factor, box.left + box.width / 2, box.top + box.height / 2);
  announce(Math.round(100 * view.zoom) + ' %');
  requestRedraw();
}

const actions = {
  undo,
  redo,
  clear,
  mirror: toggleMirror,
  'zoom-in': () => zoom(2),
  'zoom-out': () => zoom(1 / 2),
  'zoom-reset': () => zoom(0),
  link: work.copyLink,
};
for (const button of element.querySelectorAll('[data-action]')) button.addEventListener('click', () => actions[button.dataset.action](button));
sizeSlider.addEventListener('input', () => setBrushSize(Number(sizeSlider.value)));
find('.lc-step').addEventListener('change', (event) => {
  choice.step = Number(event.target.value);
  view.showGrid(choice.step);
});
for (const direction of ['across', 'down']) {
  find('.lc-' + direction).addEventListener('input', (event) => {
    choice[direction] = event.target.validity.valid ? Number(event.target.value) : 0;
    tools.repeat.recount();
  });
}

find('[data-action=clear]').title = 'Clear: ' + className(props.background) + ' everywhere';
chooseTool('brush');
chooseClass(choice.paintClass);
setBrushSize(choice.brushSize);
showHistory();
work.open();
