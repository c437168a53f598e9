// Work that survives a reload, in the browser's storage, and links that hold a map with its seed and dropout in their fragment. The servers that a
// link passes never see a fragment.

const MAX_SEED = 2 ** 32 - 1;
const FORMAT = '1'; // of what is stored and linked; readers refuse another one

const KEEP_AFTER = 200; // milliseconds

const storageKey = (dataset) => 'pix2pix-studio.map.' + dataset;

/** Best effort: a browser that stores nothing, or has no room, keeps the map on the page alone. Waits until the server has been asked. */
function makeKeeper(dataset) {
  let waiting = null;
  return function keep(map) {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const packed = await packMap(map);
      try {
        localStorage.setItem(storageKey(dataset), FORMAT + '.' + packed);
      } catch {} // no storage, or no room
    }, KEEP_AFTER);
  };
}

/** Before a link's map takes the place of the one that is kept: undo brings that back after a reload, too. */
function keepAside(dataset) {
  try {
    const kept = localStorage.getItem(storageKey(dataset));
    if (kept) localStorage.setItem(storageKey(dataset) + '.before-link', kept);
  } catch {} // no storage, or no room
}

/** The maps that were kept: the one set aside, then the last one. */
async function readKept(dataset, size, classCount) {
  const maps = [];
  for (const key of [storageKey(dataset) + '.before-link', storageKey(dataset)]) {
    try {
      const [format, packed] = localStorage.getItem(key).split('.');
      if (format === FORMAT) maps.push(await unpackMap(packed, size, classCount));
    } catch {} // nothing kept, nothing allowed, or kept with another palette
  }
  return maps;
}

async function makeLink(dataset, map, { seed, dropout }) {
  const linkedSeed = Number.isInteger(seed) && seed >= 0 && seed <= MAX_SEED ? seed : 1; // whatever is being typed
  const fragment = dataset + '=' + FORMAT + '.' + (await packMap(map)) + '&seed=' + linkedSeed + '&dropout=' + Number(dropout);
  return location.href.split('#')[0] + '#' + fragment;
}

const isLinkElsewhere = (dataset) => /^#\w+=\d+\./.test(location.hash) && !location.hash.startsWith('#' + dataset + '=');

/** { map, seed, dropout } of the address bar, or null where it holds no map of this dataset; throws an Error with one sentence. */
async function readLink(dataset, size, classCount) {
  if (!location.hash.startsWith('#' + dataset + '=')) return null;
  const parts = /^#\w+=(\d+)\.([^&]*)&seed=(\d{1,10})&dropout=([01])$/.exec(location.hash);
  if (!parts) throw new Error('Its end is missing, or it was changed.');
  const [, format, packed, seed, dropout] = parts;
  if (format !== FORMAT) throw new Error('It was made by another version of this page.');
  if (Number(seed) > MAX_SEED) throw new Error('Its seed is not a whole number from 0 to ' + MAX_SEED + '.');
  return { map: await unpackMap(packed, size, classCount), seed: Number(seed), dropout: dropout === '1' };
}
