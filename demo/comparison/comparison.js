// Pictures side by side. Gradio runs this file as a function body with element, props and watch.

const figures = props.models.map(makeFigure);
element.querySelector('.cp-pictures').append(...figures.map(({ figure }) => figure));

function makeFigure({ name, note, file }) {
  const figure = document.createElement('figure');
  const picture = document.createElement('img');
  picture.alt = 'Picture painted by the model ' + name;
  picture.width = picture.height = 256;
  const caption = document.createElement('figcaption');
  const title = document.createElement('strong');
  title.textContent = name;
  const details = document.createElement('span');
  details.textContent = note;
  caption.append(title, details, makeSaveButton(picture, name, file));
  figure.append(caption, picture);
  return { figure, picture };
}

function makeSaveButton(picture, name, file) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Save';
  button.setAttribute('aria-label', 'Save the picture of ' + name);
  button.addEventListener('click', () => {
    const link = document.createElement('a');
    link.href = picture.src;
    link.download = file;
    link.click();
  });
  return button;
}

function showPictures() {
  if (!props.value) return;
  figures.forEach(({ picture }, index) => (picture.src = props.value.urls[index]));
  const times = props.models.map(({ name }, index) => name + ' ' + props.value.milliseconds[index] + ' ms');
  element.querySelector('.cp-times').textContent = times.join(' · ');
}

watch('value', showPictures);
showPictures();
