// Lines of text about the models. Gradio runs this file as a function body with element, props, trigger and watch.

let shownText = '';
let shownSources = null;

function makeLine(text, className) {
  const line = document.createElement('p');
  line.textContent = text;
  line.className = className;
  return line;
}

function makeLines({ name, source, details, notice }) {
  const line = makeLine([source, details].filter(Boolean).join(' · '), 'mn-source');
  const title = document.createElement('strong');
  title.textContent = name + ' ';
  line.prepend(title);
  return notice ? [line, makeLine(notice, 'mn-notice')] : [line];
}

function showNotes() {
  const text = JSON.stringify(props.value);
  if (text === shownText) return;
  shownText = text;
  element.querySelector('.model-notes').replaceChildren(...props.value.flatMap(makeLines));
  const sources = JSON.stringify(props.value.map(({ source }) => source));
  if (shownSources !== null && sources !== shownSources) {
    trigger('apply'); // the pictures are those of other weights
    // Read out once, where every megabyte on the way would be too much.
    element.querySelector('.mn-said').textContent = props.value.map(({ name, source }) => name + ' is now ' + source).join('; ');
  }
  shownSources = sources;
}

watch('value', showNotes);
showNotes();
