// @ts-check
// The images of a map in one of several views, with captions, save buttons and words.

/** @import { Gradio } from '../gradio' */
import { find } from '../find.js';
import { listen } from '../label_canvas/input/listen.js';
import { makeSlider } from './slider.js';
import { watchAge } from './stale.js';

/** @typedef {{ title: string, note: string, file: string, row?: number, url: string }} ShownImage */
/** @typedef {{ view: string, pictures: ShownImage[], words: string, times: string, facts: string[] }} Shown */
/** @typedef {{ caption: HTMLElement, title: HTMLElement, note: HTMLElement, save: HTMLButtonElement }} Caption */
/** @typedef {Caption & { image: HTMLImageElement }} Place */

const LAYOUT = `
<div class="comparison">
  <div class="cp-frame">
    <div class="cp-pictures"></div>
    <p class="cp-stale">
      <span role="status"></span> <span class="cp-place"></span> <button type="button" hidden>Try again</button>
    </p>
  </div>
  <p class="cp-words"></p>
  <details class="cp-help">
    <summary>What am I looking at?</summary>
    <p class="cp-two">
      The same network was trained twice on the same photos, with two different goals. Both networks painted your map
      with the same noise. <strong>L1 only</strong> was trained to match the photo in every pixel. Where the map does
      not decide what the photo shows, such as the colour of a wall or a reflection in a window, the safest answer lies
      in the middle of all possibilities, which looks blurred. <strong>GAN</strong> also had to convince a second
      network, the discriminator, that its image is a photo. The discriminator learns that photos are not blurred, so
      the GAN invents sharp details, which may differ from the real ones.
    </p>
    <ul class="cp-facts"></ul>
    <p>Time to paint: <span class="cp-times"></span></p>
  </details>
</div>`;

/** @typedef {{ value: Shown | null, dataset: string, is_explained?: boolean }} Props */

/** @type {(element: HTMLElement, gradio: Gradio<Props>) => void} */
export function mount(element, { props, trigger, watch }) {
  element.innerHTML = LAYOUT;
  if (props.is_explained === false) {
    find(element, '.cp-two').hidden = true;
    find(element, '.cp-help summary').textContent = 'About this model';
  }
  const container = find(element, '.cp-pictures');
  let layout = ''; // of the elements in the container
  /** @type {Place[]} */
  let places = [];

  /** @param {ShownImage} image */
  function save({ file, url }) {
    if (!url.startsWith('data:image/png')) return trigger('save', { file }); // the server makes a PNG file of it
    const link = document.createElement('a');
    link.href = url;
    link.download = file;
    link.click();
  }

  /** New elements are made only for another view or number of images: a stroke changes only their contents. */
  function show() {
    const shown = props.value;
    if (!shown) return;
    if (layout !== shown.view + shown.pictures.length) {
      layout = shown.view + shown.pictures.length;
      container.dataset.view = shown.view;
      container.replaceChildren();
      places = shown.view === 'Slider' ? layOverEachOther(container) : [];
      places.push(...layOut(container, shown.pictures.length - places.length));
    }
    shown.pictures.forEach((image, index) => {
      fill(places[index], image, save);
    });
    find(element, '.cp-words').textContent = shown.words;
    find(element, '.cp-times').textContent = shown.times;
    find(element, '.cp-facts').replaceChildren(...shown.facts.map(makeFact));
  }

  watch('value', show);
  listen(element, document, `${props.dataset}-computed`, ({ detail }) => {
    props.value = detail;
    show();
  });
  watchAge(element, props.dataset, () => trigger('retry'));
  show();
}

/** @type {(container: HTMLElement, count: number) => Place[]} */
function layOut(container, count) {
  const places = Array.from({ length: count }, () => ({ image: document.createElement('img'), ...makeCaption() }));
  container.append(...places.map(({ image, caption }) => makeFigure(image, caption)));
  return places;
}

/** @type {(container: HTMLElement) => Place[]} */
function layOverEachOther(container) {
  const { frame, images } = makeSlider();
  const captions = document.createElement('div');
  captions.className = 'cp-captions';
  const places = images.map((image) => ({ image, ...makeCaption() }));
  captions.append(...places.map(({ caption }) => caption));
  container.append(makeFigure(frame, captions));
  return places;
}

/** @type {(...children: HTMLElement[]) => HTMLElement} */
function makeFigure(...children) {
  const figure = document.createElement('figure');
  figure.append(...children);
  return figure;
}

/** @returns {Caption} */
function makeCaption() {
  const caption = document.createElement('figcaption');
  const title = document.createElement('strong');
  const note = document.createElement('span');
  const save = document.createElement('button');
  save.type = 'button';
  save.textContent = 'Save';
  caption.append(title, note, save);
  return { caption, title, note, save };
}

/** @param {string} fact */
function makeFact(fact) {
  const item = document.createElement('li');
  item.textContent = fact;
  return item;
}

/** @type {(place: Place, shown: ShownImage, onSave: (shown: ShownImage) => void) => void} */
function fill({ image, caption, title, note, save }, shown, onSave) {
  image.src = shown.url;
  image.width = image.height = 256;
  image.alt = `Image: ${shown.title}`;
  title.textContent = shown.title;
  note.textContent = shown.note;
  save.setAttribute('aria-label', `Save the image of ${shown.title}`);
  save.onclick = () => onSave(shown);
  if (shown.row) /** @type {HTMLElement} */ (caption.parentElement).style.gridRow = String(shown.row);
}
