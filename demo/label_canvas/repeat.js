// Repeat: a drag around something that is painted selects it as a block, a drag that begins in the block fills the area up to its end with
// copies, evenly spread. Facades are rows and columns of the same window.

const LARGEST_PRESELECTION = 1 / 4; // of the map: one could not begin a drag outside of a larger block

function makeRepeat(painting, size, choice, draw, outlineCell) {
  let block = null; // the box that is copied
  let start; // where the pen went down, while it is down
  let end; // where it is
  let isSelecting = false;
  let repeated = null; // the last repetition: { end, version }

  const isInside = (box, { x, y }) => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;

  /** From the block's own edge to the pen: how far apart the copies lie, with the sign of the direction. */
  function offsets(first, last, farFirst, farLast, count) {
    const piece = last - first + 1;
    const length = Math.max(farLast - first + 1, last - farFirst + 1, piece);
    const sign = farLast > last ? 1 : -1;
    return spreadPieces(length, piece, count).map((offset) => sign * offset);
  }

  function stamp() {
    const far = boxBetween(end, end, choice.step);
    const dxs = offsets(block.left, block.right, far.left, far.right, choice.across);
    const dys = offsets(block.top, block.bottom, far.top, far.bottom, choice.down);
    painting.restartStroke();
    draw((map) => {
      for (const dy of dys) for (const dx of dxs) copyBox(painting.beforeStroke, map, size, block, block.left + dx, block.top + dy);
    });
  }

  function selected() {
    const box = boxBetween(start, end, choice.step);
    return { ...box, right: Math.min(box.right, size - 1), bottom: Math.min(box.bottom, size - 1) };
  }

  return {
    begin(point) {
      painting.beginStroke();
      start = end = point;
      isSelecting = !block || !isInside(block, point);
    },

    move(point) {
      end = clampPoint(point, size);
      if (!isSelecting) stamp();
    },

    /** A drag makes a block or copies it; a click only lets go of the block. */
    end(reach) {
      const isClick = Math.hypot(end.x - start.x, end.y - start.y) <= reach;
      if (isClick) {
        painting.restartStroke();
        block = null;
      } else if (isSelecting) {
        block = selected();
      }
      painting.endStroke();
      repeated = isSelecting || isClick ? null : { end, version: painting.version };
      isSelecting = false;
    },

    said: () => (repeated ? 'Repeated' : block ? 'Block selected' : 'No block selected'),

    /** Other counts change the last repetition where nothing has come after it. */
    recount() {
      if (repeated?.version !== painting.version) return;
      painting.reopenStroke();
      end = repeated.end;
      stamp();
      painting.endReopenedStroke();
      repeated.version = painting.version;
    },

    /** What was painted last is the block to begin with. */
    preselect() {
      const box = painting.lastMap && boxOfDifference(painting.lastMap, painting.map, size);
      const isSmall = box && (box.right - box.left + 1) * (box.bottom - box.top + 1) <= size * size * LARGEST_PRESELECTION;
      block = isSmall ? box : null;
      return block;
    },

    cancel() {
      isSelecting = false;
    },

    drop() {
      block = repeated = null;
    },

    outline(hover) {
      if (isSelecting) return outlineBox(selected());
      return block ? outlineBox(block) : outlineCell(hover);
    },
  };
}
