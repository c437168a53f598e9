// @ts-check
// The site: its tabs, each with a studio that is made when it is first opened.

/** @import { StudioData } from './studio.js' */
import { find } from '../../find.js';
import { unpackMap } from '../../label_canvas/document/codec.js';
import { keepModels, startServiceWorker } from './offline.js';
import { Studio } from './studio.js';
import { makeTabs } from './tabs.js';

const TAB = 'pix2pix-studio.tab'; // as on the page of Gradio

/** @type {{ runtime: string, studios: StudioData[] }} */
const { runtime, studios } = JSON.parse(find(document.documentElement, '#studio-data').textContent ?? '');
const main = find(document.body, '.studios');
main.replaceChildren(); // takes away the words about missing modules
const absolute = (/** @type {string} */ url) => new URL(url, document.baseURI).href;
for (const model of studios.flatMap(({ models }) => models)) model.url = absolute(model.url);
const query = new URL(location.href).searchParams;
const theme = query.get('__theme'); // as on the page of Gradio
if (theme) document.documentElement.dataset.theme = theme;
/** For comparisons: an engine, and a number of threads, instead of the best. */
const wanted = {
  engine: /** @type {const} */ (['webgpu', 'wasm']).find((name) => name === query.get('engine')),
  threads: [1, 2, 3, 4, 5, 6, 7, 8].find((number) => `${number}` === query.get('threads')),
};

/** @param {StudioData} data @param {HTMLElement} panel */
async function openStudio(data, panel) {
  if (panel.dataset.isOpened) return;
  panel.dataset.isOpened = 'true';
  const firstMap = await unpackMap(data.examples[0].packed, data.size, data.classes.length);
  new Studio(panel, data, firstMap, {
    runtime: absolute(runtime),
    permitted,
    wanted,
    onLoad: () =>
      keepModels(
        data.models,
        studios.flatMap(({ models }) => models),
      ),
  });
}

/** @param {string} dataset */
function keepTab(dataset) {
  try {
    sessionStorage[TAB] = dataset;
  } catch {} // storage may be forbidden
}

/** Returns the tab that was open before a reload. */
function readTab() {
  try {
    return sessionStorage[TAB];
  } catch {}
}

const permitted = startServiceWorker(); // the canvas is there meanwhile; it keeps its map when the page loads once more
if (studios.length === 1) {
  openStudio(studios[0], main);
} else {
  const titles = studios.map(({ title }) => title);
  const select = makeTabs(main, titles, (index, panel) => {
    keepTab(studios[index].dataset);
    openStudio(studios[index], panel);
  });
  const opened = location.hash.slice(1).split('=')[0] || readTab();
  select(
    Math.max(
      0,
      studios.findIndex(({ dataset }) => dataset === opened),
    ),
  );
}
