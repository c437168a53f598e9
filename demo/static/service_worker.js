// @ts-check
// Keeps the site in the browser, so that it opens without a network, and as one version at a time.
//
// The line above this file, which the build writes, lists the files of this version with their SHA-256. All are kept in
// one cache under their hash: a file is what it should be, or it is not kept, and an update downloads what is new. Only
// index.html may differ from its hash, as some hosts add a script to it: it must be whole and name this version.
// A page is served by the worker that was active when it opened; a new worker takes over when no page is open any more,
// or when the only one is reloaded. Sites in other folders of the same host have workers and kept files of their own.

/** @type {any} the scope of a service worker; its types exclude those of pages */
const worker = self;
/** SHA-256 of files by path. @typedef {Record<string, string>} Hashes */
/** @type {{ version: string, now: Hashes, later: Hashes }} kept at once, or when used */
const { version, now, later } = worker.site;
const CACHE = 'pix2pix-site';
const ROOT = new URL('./', location.href).href;
const INDEX = 'index.html';
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};
/** Types by the ends of names: a host may send others, with which browsers refuse modules, and which would be kept. */
const TYPES = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json',
  wasm: 'application/wasm',
  txt: 'text/plain; charset=utf-8',
};
/**
 * A page that asks the waiting worker to take over, and loads itself once more when that has answered: from the new
 * worker, or, while another page of the site is open, from the old one.
 */
const HANDOVER = `<!doctype html><html lang="en"><title>Updating</title><link rel="icon" href="data:,"><script>
navigator.serviceWorker.addEventListener('controllerchange', () => location.reload());
navigator.serviceWorker.addEventListener('message', () => location.reload());
navigator.serviceWorker.startMessages();
navigator.serviceWorker.getRegistration().then(({ waiting }) => {
  if (waiting) waiting.postMessage('take over');
  else location.reload();
});
</script></html>`;

worker.addEventListener('install', (/** @type {any} */ event) => {
  event.waitUntil(Promise.all(Object.entries(now).map(([path, hash]) => readFile(path, hash))));
});

worker.addEventListener('activate', (/** @type {any} */ event) => {
  event.waitUntil(forgetOthers().then(() => worker.clients.claim()));
});

worker.addEventListener('message', (/** @type {any} */ event) => {
  if (event.data === 'take over') event.waitUntil(takeOver(event.source));
});

worker.addEventListener('fetch', (/** @type {any} */ event) => {
  const { request } = event;
  const path = pathOf(request.url);
  const hash = now[path] ?? later[path];
  if (request.method === 'GET' && hash) event.respondWith(answer(request, path, hash));
});

/** @param {any} page the handover page, which is the only one if no other page of the site is open */
async function takeOver(page) {
  const pages = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const isOnly = pages.filter((/** @type {any} */ { url }) => url.startsWith(ROOT)).length === 1;
  if (isOnly) await worker.skipWaiting();
  else page.postMessage('not yet');
}

/** @param {string} url */
function pathOf(url) {
  const address = url.split(/[?#]/)[0];
  return address === ROOT ? INDEX : address.startsWith(ROOT) ? address.slice(ROOT.length) : '';
}

/** @type {(request: Request, path: string, hash: string) => Promise<Response>} */
async function answer(request, path, hash) {
  // At a reload, the only client is the page that is left. A new page cannot tell it from another one: the handover
  // page, which is a client itself, finds out.
  if (request.mode === 'navigate' && worker.registration.waiting && (await worker.clients.matchAll()).length < 2) {
    return new Response(HANDOVER, { headers: { 'Content-Type': 'text/html', ...ISOLATION } });
  }
  const file = readFile(path, hash);
  // Where nothing could be kept, the host may have a newer version: its page opens from there.
  return request.mode === 'navigate' ? file.catch(() => fetch(request)) : file;
}

/**
 * Reads a file from the cache, else from the network. Rejects if it is not the one of this version.
 * @type {(path: string, hash: string) => Promise<Response>}
 */
async function readFile(path, hash) {
  const cache = await caches.open(CACHE);
  const key = `${ROOT}?sha256=${hash}`;
  const kept = await cache.match(key);
  if (kept) return kept;
  const response = await fetch(ROOT + path, { cache: 'no-cache' });
  const content = await response.arrayBuffer();
  const isRight = path === INDEX ? isOfThisVersion(content) : (await hashOf(content)) === hash;
  if (!isRight) throw new Error(`${path} is not the file of this version.`);
  const end = /** @type {keyof typeof TYPES} */ (path.slice(path.lastIndexOf('.') + 1));
  const headers = { 'Content-Type': TYPES[end], ...ISOLATION };
  await cache.put(key, new Response(content, { headers })).catch(() => {}); // there may be no room for it
  return new Response(content, { headers });
}

/** @param {ArrayBuffer} content of index.html */
function isOfThisVersion(content) {
  const text = new TextDecoder().decode(content);
  return text.includes(`src="${version}/`) && text.includes('</html>');
}

/** @param {ArrayBuffer} content */
async function hashOf(content) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', content));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function forgetOthers() {
  const cache = await caches.open(CACHE);
  const wanted = new Set([...Object.values(now), ...Object.values(later)].map((hash) => `${ROOT}?sha256=${hash}`));
  for (const { url } of await cache.keys()) {
    if (url.startsWith(`${ROOT}?`) && !wanted.has(url)) await cache.delete(url);
  }
}
