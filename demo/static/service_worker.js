// @ts-check
// Keeps the site in the browser, so that it opens without a network, and as one version at a time.
//
// The line above this file, which the build writes, lists the files of this version with their SHA-256. All are kept in
// one cache under their hash: a file is what it should be, or it is not kept, and an update downloads what is new. A
// page is served by the worker that was active when it opened; a new worker takes over when no page is open any more,
// or when the only one is reloaded.

/** @type {any} the scope of a service worker; its types exclude those of pages */
const worker = self;
/** @type {{ now: Record<string, string>, later: Record<string, string> }} kept at once, or when first used */
const { now, later } = worker.site;
const CACHE = 'pix2pix-site';
const ROOT = new URL('./', location.href).href;
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};
/** A page that lets the waiting worker take over, and loads itself once more from it: not before, or files would mix. */
const HANDOVER = `<!doctype html><html lang="en"><title>Updating</title><link rel="icon" href="data:,"><script>
navigator.serviceWorker.addEventListener('controllerchange', () => location.reload());
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

worker.addEventListener('message', (/** @type {any} */ { data }) => {
  if (data === 'take over') worker.skipWaiting();
});

worker.addEventListener('fetch', (/** @type {any} */ event) => {
  const { request } = event;
  const path = pathOf(request.url);
  const hash = now[path] ?? later[path];
  if (request.method === 'GET' && hash) event.respondWith(answer(request, path, hash));
});

/** @param {string} url */
function pathOf(url) {
  const address = url.split(/[?#]/)[0];
  return address === ROOT ? 'index.html' : address.startsWith(ROOT) ? address.slice(ROOT.length) : '';
}

/** @type {(request: Request, path: string, hash: string) => Promise<Response>} */
async function answer(request, path, hash) {
  if (request.mode === 'navigate' && worker.registration.waiting && (await worker.clients.matchAll()).length < 2) {
    return new Response(HANDOVER, { headers: { 'Content-Type': 'text/html', ...ISOLATION } });
  }
  return readFile(path, hash);
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
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', content));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (found !== hash) throw new Error(`${path} is not the file of this version.`);
  const headers = { 'Content-Type': response.headers.get('Content-Type') ?? '', ...ISOLATION };
  await cache.put(key, new Response(content, { headers })).catch(() => {}); // there may be no room for it
  return new Response(content, { headers });
}

async function forgetOthers() {
  const cache = await caches.open(CACHE);
  const hashes = new Set([...Object.values(now), ...Object.values(later)]);
  for (const { url } of await cache.keys()) {
    if (!hashes.has(new URL(url).searchParams.get('sha256') ?? '')) await cache.delete(url);
  }
}
