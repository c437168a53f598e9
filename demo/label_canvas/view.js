// What is seen of the map: its pixels, its part in sight, and the outlines over it.

const MAX_ZOOM = 16;

/** Shows what readMap() returns on a canvas that fills a stage, which is moved and enlarged behind the window that is the surface. */
function makeView(surface, size, colors, readMap) {
  const stage = surface.querySelector('.lc-stage');
  const canvas = surface.querySelector('canvas');
  const guide = surface.querySelector('.lc-guide');
  canvas.width = canvas.height = size;
  guide.setAttribute('viewBox', '0 0 ' + size + ' ' + size);
  guide.querySelector('.lc-mirrored').setAttribute('transform', 'matrix(-1 0 0 1 ' + size + ' 0)');
  const context = canvas.getContext('2d');
  const image = context.createImageData(size, size);
  const imagePixels = new Uint32Array(image.data.buffer);
  const classPixels = Uint32Array.from(colors, pixelOfColor);
  let zoom = 1;
  let left = 0; // the part of the map that is out of sight, 0 to 1
  let top = 0;

  function place() {
    left = Math.min(Math.max(left, 0), 1 - 1 / zoom);
    top = Math.min(Math.max(top, 0), 1 - 1 / zoom);
    for (const [name, value] of Object.entries({ zoom, left, top })) stage.style.setProperty('--' + name, value);
  }

  const view = {
    get zoom() {
      return zoom;
    },

    draw() {
      const map = readMap();
      for (let index = 0; index < map.length; index++) imagePixels[index] = classPixels[map[index]];
      context.putImageData(image, 0, 0);
    },

    /** The pixel under a pointer, which may lie outside of the map. */
    pointAt({ clientX, clientY }) {
      const box = canvas.getBoundingClientRect();
      return { x: Math.floor(((clientX - box.left) * size) / box.width), y: Math.floor(((clientY - box.top) * size) / box.height) };
    },

    /** Pixels of the screen in pixels of the map. */
    mapLength: (screenLength) => (screenLength * size) / canvas.clientWidth,

    /** What lies under a place of the window stays there. */
    zoomBy(factor, clientX, clientY) {
      const box = surface.getBoundingClientRect();
      const newZoom = Math.min(Math.max(zoom * factor, 1), MAX_ZOOM);
      const gain = 1 / zoom - 1 / newZoom;
      left += ((clientX - box.left) / box.width) * gain;
      top += ((clientY - box.top) / box.height) * gain;
      zoom = newZoom;
      place();
    },

    panBy(dx, dy) {
      left -= dx / canvas.clientWidth;
      top -= dy / canvas.clientHeight;
      place();
    },

    /** Brings a pixel into sight, with a margin. */
    reveal({ x, y }) {
      const margin = 0.1 / zoom;
      const follow = (start, position) => Math.min(Math.max(start, position - 1 / zoom + margin), position - margin);
      left = follow(left, x / size);
      top = follow(top, y / size);
      place();
    },

    showOutline(path, isMirrored) {
      const shown = (part, d) => guide.querySelectorAll(part + ' path').forEach((line) => line.setAttribute('d', d));
      shown('.lc-drawn', path);
      shown('.lc-mirrored', isMirrored ? path : '');
    },

    /** A step of 1 shows no grid. */
    showGrid(step) {
      stage.toggleAttribute('data-grid', step > 1);
      stage.style.setProperty('--cell', (100 * step) / size + '%');
    },

    showMirror(isMirrored) {
      stage.toggleAttribute('data-mirror', isMirrored);
    },
  };
  place();
  return view;
}

/** "#rrggbb" as one element of a Uint32Array over RGBA bytes, in whichever byte order the machine has. */
function pixelOfColor(color) {
  const channels = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  return new Uint32Array(Uint8Array.of(...channels, 255).buffer)[0];
}
