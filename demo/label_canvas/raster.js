// Drawing on a label map: a Uint8Array of class indices, row by row, size pixels wide and high.
// Nothing in this file knows the page. Points are {x, y} in whole pixels and may lie outside of the map.

const MAX_RUN = 0xffff; // a run's length travels as two bytes

/** Rows of a disc as [dy, first dx, last dx]: the pixels whose centres lie within half a diameter of the disc's centre. */
function discRows(diameter) {
  const rows = [];
  const centre = (diameter - 1) / 2;
  const shift = Math.floor(centre);
  for (let row = 0; row < diameter; row++) {
    const half = Math.sqrt((diameter / 2) ** 2 - (row - centre) ** 2);
    rows.push([row - shift, Math.ceil(centre - half) - shift, Math.floor(centre + half) - shift]);
  }
  return rows;
}

function fillRow(map, size, y, fromX, toX, classIndex) {
  if (y < 0 || y >= size) return;
  // fill() takes negative positions as counted from the end, so both ends are cut here.
  const first = Math.max(fromX, 0);
  const last = Math.min(toX, size - 1);
  if (first <= last) map.fill(classIndex, y * size + first, y * size + last + 1);
}

/** A straight stroke with round ends; a single dot where both points are the same. */
function drawSegment(map, size, from, to, diameter, classIndex) {
  const rows = discRows(diameter);
  const steps = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y), 1);
  for (let step = 0; step <= steps; step++) {
    const x = Math.round(from.x + ((to.x - from.x) * step) / steps);
    const y = Math.round(from.y + ((to.y - from.y) * step) / steps);
    for (const [dy, firstDx, lastDx] of rows) fillRow(map, size, y + dy, x + firstDx, x + lastDx, classIndex);
  }
}

/** A filled rectangle between two opposite corners, both of them included. */
function drawRectangle(map, size, from, to, classIndex) {
  const top = Math.max(Math.min(from.y, to.y), 0);
  const bottom = Math.min(Math.max(from.y, to.y), size - 1);
  for (let y = top; y <= bottom; y++) fillRow(map, size, y, Math.min(from.x, to.x), Math.max(from.x, to.x), classIndex);
}

/** A filled polygon with its outline. Where it crosses itself, what lies inside an even number of times stays as it was. */
function drawPolygon(map, size, corners, classIndex) {
  const edges = corners.map((corner, index) => [corner, corners[(index + 1) % corners.length]]);
  for (let y = 0; y < size; y++) {
    const crossings = edges
      .filter(([from, to]) => from.y <= y !== to.y <= y) // a corner on the row belongs to one of its two edges
      .map(([from, to]) => from.x + ((y - from.y) * (to.x - from.x)) / (to.y - from.y))
      .sort((one, other) => one - other);
    for (let at = 0; at < crossings.length; at += 2) fillRow(map, size, y, Math.ceil(crossings[at]), Math.floor(crossings[at + 1]), classIndex);
  }
  for (const [from, to] of edges) drawSegment(map, size, from, to, 1, classIndex);
}

/** Repaints the region of one class around a point; pixels that touch only at a corner are not connected. */
function floodFill(map, size, start, classIndex) {
  const target = map[start.y * size + start.x];
  if (target === classIndex) return;
  const stack = [start.y * size + start.x];
  while (stack.length) {
    const index = stack.pop();
    if (map[index] !== target) continue;
    map[index] = classIndex;
    const x = index % size;
    if (x > 0) stack.push(index - 1);
    if (x < size - 1) stack.push(index + 1);
    if (index >= size) stack.push(index - size);
    if (index < size * (size - 1)) stack.push(index + size);
  }
}

function sameMap(one, other) {
  return one.every((classIndex, index) => classIndex === other[index]);
}

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
