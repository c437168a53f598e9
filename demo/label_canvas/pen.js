// The pen: what mouse, pen, finger and keyboard hold. It brings their points to the tool that is chosen, one stroke at a time.

/** currentTool() is asked anew for each step; onChange() runs after it. */
function makePen(painting, size, currentTool, { onDown, onChange, onCancel }) {
  let downSince = null; // of performance.now()

  const pen = {
    get downSince() {
      return downSince;
    },

    down(point) {
      pen.up(0); // the keyboard's
      downSince = performance.now();
      onDown();
      currentTool().begin(clampPoint(point, size));
      onChange();
    },

    move(point) {
      if (downSince === null) return;
      currentTool().move(point);
      onChange();
    },

    /** reach, in pixels of the map, is how near a click counts as one at the same place. */
    up(reach) {
      if (downSince === null) return;
      downSince = null;
      currentTool().end(reach);
      onChange();
    },

    /** As if the stroke had never begun. */
    cancel() {
      if (downSince === null) return;
      downSince = null;
      painting.cancelStroke();
      currentTool().cancel?.();
      onCancel();
      onChange();
    },
  };
  return pen;
}
