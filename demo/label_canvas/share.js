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
      } catch {
        return;
      }
    }, KEEP_AFTER);
  };
}

/** The map that was kept, or null. */
async function readKept(dataset, size, classCount) {
  try {
    const [format, packed] = localStorage.getItem(storageKey(dataset)).split('.');
    return format === FORMAT ? await unpackMap(packed, size, classCount) : null;
  } catch {
    return null; // nothing kept, nothing allowed, or kept with another palette
  }
}

async function makeLink(dataset, map, { seed, dropout }) {
  const fragment = dataset + '=' + FORMAT + '.' + (await packMap(map)) + '&seed=' + (seed ?? 1) + '&dropout=' + Number(dropout);
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
