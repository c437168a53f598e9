// A map as text: as runs for the server, compressed for links and the browser's storage.

const MAX_RUN = 0xffff; // a run's length travels as two bytes
const MAX_PACKED = 1 << 16; // characters; noise of all classes takes fewer

/** Base64 of three bytes per run: class, length low byte, length high byte. The counterpart of decode() in Python. */
function encodeRuns(map) {
  const bytes = [];
  for (let start = 0; start < map.length; ) {
    let end = start + 1;
    while (end < map.length && map[end] === map[start] && end - start < MAX_RUN) end++;
    bytes.push(map[start], (end - start) & 0xff, (end - start) >> 8);
    start = end;
  }
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) text += String.fromCharCode(bytes[at], bytes[at + 1], bytes[at + 2]);
  return btoa(text);
}

function decodeRuns(runs, size) {
  const map = new Uint8Array(size * size);
  const bytes = atob(runs);
  let position = 0;
  for (let at = 0; at < bytes.length; at += 3) {
    const length = bytes.charCodeAt(at + 1) | (bytes.charCodeAt(at + 2) << 8);
    map.fill(bytes.charCodeAt(at), position, position + length);
    position += length;
  }
  return map;
}

/** base64url of the map's bytes, compressed: 0.5 to 2.3 kB for the examples. */
async function packMap(map) {
  const stream = new Blob([map]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  let text = '';
  for (const byte of new Uint8Array(await new Response(stream).arrayBuffer())) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The counterpart of packMap() for text that came from anywhere; throws an Error with one sentence. */
async function unpackMap(packed, size, classCount) {
  if (packed.length > MAX_PACKED) throw new Error('The map is longer than any that this page makes.');
  if (!/^[\w-]*$/.test(packed) || packed.length % 4 === 1) throw new Error('The map has characters that do not belong there, or an end is missing.');
  const bytes = Uint8Array.from(atob(packed.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
  const map = await inflate(bytes, size * size);
  if (!map) throw new Error('The map is damaged, or has another size than this canvas.');
  if (map.some((classIndex) => classIndex >= classCount)) throw new Error('The map holds classes that this palette does not have.');
  return map;
}

/** Exactly so many bytes, or null; stops as soon as there are more, since a few bytes can be made to swell to gigabytes. */
async function inflate(bytes, length) {
  const inflated = new Uint8Array(length);
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  let position = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (position + part.value.length > length) return null;
      inflated.set(part.value, position);
      position += part.value.length;
    }
  } catch {
    return null; // no deflated bytes
  } finally {
    reader.cancel().catch(() => {});
  }
  return position === length ? inflated : null;
}
