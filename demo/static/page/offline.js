// @ts-check
// The service worker: it keeps the site for visits without a network, and brings the headers that allow threads.

import { areKept, forgetOthers, readModel } from '../../in_browser/model_store.js';
import { notify } from './notices.js';

/** @import { ModelFile } from '../../in_browser/model_store.js' */

const MODELS = new URL('models/', document.baseURI).href;
const PATIENCE = 10_000; // milliseconds; a slow network must not keep the page from starting
const UPDATE = 'A new version of this page is ready. Close its other tabs, if any, and reload to use it.';
const RELOADED = 'pix2pix-studio.reloaded';

/**
 * Starts the service worker. At the first visit to a host that sends no headers for threads, the page is then loaded
 * once more, from the worker, which sends them; this promise does not resolve then.
 */
export async function startServiceWorker() {
  const address = new URL('service_worker.js', document.baseURI);
  const registration = await navigator.serviceWorker
    ?.register(address, { updateViaCache: 'none' })
    .catch(() => undefined);
  if (!registration) return; // there is no https, or the browser keeps nothing
  announceUpdate(registration); // browsers may look for one before the page does
  registration.addEventListener('updatefound', () => announceUpdate(registration));
  if (!registration.active && registration.installing) await installed(registration.installing);
  if (crossOriginIsolated) sessionStorage.removeItem(RELOADED);
  else if (registration.active && !sessionStorage.getItem(RELOADED)) {
    sessionStorage.setItem(RELOADED, 'true'); // in the frame of another site there are no threads: once is enough
    location.reload();
    await new Promise(() => {});
  }
}

/** @param {ServiceWorker} worker */
function installed(worker) {
  return new Promise((resolve) => {
    worker.addEventListener('statechange', () => {
      if (['activated', 'redundant'].includes(worker.state)) resolve(undefined);
    });
    setTimeout(resolve, PATIENCE);
  });
}

/** @param {ServiceWorkerRegistration} registration */
function announceUpdate({ installing, waiting, active }) {
  if (!active) return; // the first version
  if (waiting) notify(UPDATE, 'info');
  installing?.addEventListener('statechange', () => {
    if (installing.state === 'installed') notify(UPDATE, 'info');
  });
}

/**
 * Downloads the models of the tabs that were not opened, if there is room, and deletes those of earlier versions of the
 * site. Whether there is room shows only when a model is kept: Chromium's `navigator.storage.estimate()` does not say.
 * @param {ModelFile[]} opened models of the open tab
 * @param {ModelFile[]} models of all tabs
 */
export async function keepModels(opened, models) {
  const { connection } = /** @type {{ connection?: { saveData: boolean } }} */ (navigator);
  if (!globalThis.caches || connection?.saveData) return;
  const hashes = models.map(({ sha256 }) => sha256);
  await forgetOthers(hashes, MODELS);
  const kept = [...opened];
  for (const model of models) {
    if (!(await areKept(kept))) return;
    if (!(await areKept([model]))) await readModel(model).catch(() => {}); // opening its tab tries again, and says why
    kept.push(model);
  }
}
