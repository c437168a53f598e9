// Drawing on a label map: a Uint8Array of class indices, row by row, size pixels wide and high.
// Nothing in this file knows the page. Points are {x, y} in whole pixels and may lie outside of the map; a box is {left, top, right, bottom},
// all four included.

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

function clampPoint({ x, y }, size) {
  return { x: Math.min(Math.max(x, 0), size - 1), y: Math.min(Math.max(y, 0), size - 1) };
}

/** The box of all cells of a grid that lie between two points, theirs included; a step of 1 is the pixels themselves. */
function boxBetween(from, to, step) {
  const cellStart = (position) => Math.floor(position / step) * step;
  return {
    left: cellStart(Math.min(from.x, to.x)),
    top: cellStart(Math.min(from.y, to.y)),
    right: cellStart(Math.max(from.x, to.x)) + step - 1,
    bottom: cellStart(Math.max(from.y, to.y)) + step - 1,
  };
}

function drawBox(map, size, box, classIndex) {
  for (let y = Math.max(box.top, 0); y <= Math.min(box.bottom, size - 1); y++) fillRow(map, size, y, box.left, box.right, classIndex);
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

/** Turns the map left to right. What is drawn on the turned map lies mirrored on the real one, to the pixel, whatever it is. */
function flipMap(map, size) {
  for (let start = 0; start < map.length; start += size) map.subarray(start, start + size).reverse();
}

/** How far along equal pieces begin that fill a length from end to end, evenly spread; a count of 0 is as many as fit. */
function spreadPieces(length, piece, count) {
  const number = count || Math.max(1, Math.floor(length / piece));
  const gap = number > 1 ? (length - piece) / (number - 1) : 0;
  return Array.from({ length: number }, (_, index) => Math.round(index * gap));
}

/** Copies a box of one map to another place of a second one; what would lie outside is cut. */
function copyBox(source, target, size, box, left, top) {
  for (let y = box.top; y <= box.bottom; y++) {
    const row = top + y - box.top;
    if (row < 0 || row >= size) continue;
    const first = Math.max(left, 0);
    const last = Math.min(left + box.right - box.left, size - 1);
    const start = y * size + box.left - left;
    if (first <= last) target.set(source.subarray(start + first, start + last + 1), row * size + first);
  }
}

/** The smallest box around all pixels in which two maps differ; null where they are equal. */
function boxOfDifference(one, other, size) {
  const box = { left: size, top: size, right: -1, bottom: -1 };
  for (let index = 0; index < one.length; index++) {
    if (one[index] === other[index]) continue;
    const x = index % size;
    const y = (index - x) / size;
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
    box.top = Math.min(box.top, y);
    box.bottom = y;
  }
  return box.right < 0 ? null : box;
}
