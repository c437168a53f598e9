// Pictures and what is said about them. Gradio runs slider.js and this file as one function body with element, props and watch.

element.innerHTML = MARKUP; // not html_template, which Gradio would compile anew with every new picture

const container = element.querySelector('.cp-pictures');
let layout = ''; // of what is in the container
let places = []; // one per picture: { picture, title, note, save }

/** Elements are made anew only where another view or number of pictures needs others: a stroke changes nothing but their contents. */
function showPictures() {
  const shown = props.value;
  if (!shown) return;
  if (layout !== shown.view + shown.pictures.length) {
    layout = shown.view + shown.pictures.length;
    container.dataset.view = shown.view;
    places = shown.view === 'Slider' ? layOverEachOther() : layOut(shown.pictures.length);
  }
  shown.pictures.forEach((picture, index) => fill(places[index], picture));
  element.querySelector('.cp-words').textContent = shown.words;
  element.querySelector('.cp-times').textContent = shown.times;
}

function layOut(count) {
  const figures = Array.from({ length: count }, () => {
    const figure = document.createElement('figure');
    const place = { picture: document.createElement('img'), ...makeCaption() };
    figure.append(place.picture, place.caption);
    return { figure, place };
  });
  container.replaceChildren(...figures.map(({ figure }) => figure));
  return figures.map(({ place }) => place);
}

function layOverEachOther() {
  const { frame, pictures } = makeSlider();
  const figure = document.createElement('figure');
  const captions = document.createElement('div');
  captions.className = 'cp-captions';
  const besideEachOther = pictures.map((picture) => ({ picture, ...makeCaption() }));
  captions.append(...besideEachOther.map(({ caption }) => caption));
  figure.append(frame, captions);
  container.replaceChildren(figure);
  return besideEachOther;
}

function makeCaption() {
  const caption = document.createElement('figcaption');
  const [title, note, save] = ['strong', 'span', 'button'].map((name) => document.createElement(name));
  save.type = 'button';
  save.textContent = 'Save';
  caption.append(title, note, save);
  return { caption, title, note, save };
}

function fill({ picture, title, note, save }, shown) {
  picture.src = shown.url;
  picture.width = picture.height = 256;
  picture.alt = 'Picture: ' + shown.title;
  title.textContent = shown.title;
  note.textContent = shown.note;
  save.setAttribute('aria-label', 'Save the picture of ' + shown.title);
  save.onclick = () => {
    const link = document.createElement('a');
    link.href = shown.url;
    link.download = shown.file;
    link.click();
  };
}

watch('value', showPictures);
showPictures();
