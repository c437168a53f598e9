// Work that survives a reload, in the browser's storage, and links that hold a map with its seed and dropout in their fragment. The servers that a
// link passes never see a fragment.

const MAX_SEED = 2 ** 32 - 1;
const FORMAT = '1'; // of what is stored and linked; readers refuse another one

const KEEP_AFTER = 200; // milliseconds

const storageKey = (dataset) => 'pix2pix-studio.work.' + dataset;

/** What is stored and linked: a map with the seed and dropout of its pictures. */
async function packWork(map, { seed, dropout }) {
  const sensibleSeed = Number.isInteger(seed) && seed >= 0 && seed <= MAX_SEED ? seed : 1; // whatever is being typed
  return FORMAT + '.' + (await packMap(map)) + '&seed=' + sensibleSeed + '&dropout=' + Number(dropout);
}

/** { map, seed, dropout }; throws an Error with one sentence. */
async function unpackWork(text, size, classCount) {
  const parts = /^(\d+)\.([^&]*)&seed=(\d{1,10})&dropout=([01])$/.exec(text);
  if (!parts) throw new Error('Its end is missing, or it was changed.');
  const [, format, packed, seed, dropout] = parts;
  if (format !== FORMAT) throw new Error('It was made by another version of this page.');
  if (Number(seed) > MAX_SEED) throw new Error('Its seed is not a whole number from 0 to ' + MAX_SEED + '.');
  return { map: await unpackMap(packed, size, classCount), seed: Number(seed), dropout: dropout === '1' };
}

/**
 * The browser keeps the work of this tab for a reload, and for new tabs that of the tab that was painted in last. Waits until the server has
 * been asked. onFailure() runs, once, where the browser keeps nothing or has no room; the work is on the page alone then.
 */
function makeKeeper(dataset, onFailure) {
  let waiting = null;
  let hasFailed = false;
  return function keep(map, settings) {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const work = await packWork(map, settings);
      try {
        sessionStorage.setItem(storageKey(dataset), work);
        localStorage.setItem(storageKey(dataset), work);
      } catch {
        if (!hasFailed) onFailure();
        hasFailed = true;
      }
    }, KEEP_AFTER);
  };
}

/** The work that was kept, or null. */
async function readKept(dataset, size, classCount) {
  try {
    const work = sessionStorage.getItem(storageKey(dataset)) ?? localStorage.getItem(storageKey(dataset));
    return await unpackWork(work, size, classCount);
  } catch {
    return null; // nothing kept, nothing allowed, or kept with another palette
  }
}

async function makeLink(dataset, map, settings) {
  return location.href.split('#')[0] + '#' + dataset + '=' + (await packWork(map, settings));
}

const isLinkHere = (dataset) => location.hash.startsWith('#' + dataset + '=');
const isLinkElsewhere = (dataset) => /^#\w+=\d+\./.test(location.hash) && !isLinkHere(dataset);

/** The work in the address bar, or null where it holds none of this dataset; throws an Error with one sentence. */
async function readLink(dataset, size, classCount) {
  return isLinkHere(dataset) ? unpackWork(location.hash.slice(dataset.length + 2), size, classCount) : null;
}
