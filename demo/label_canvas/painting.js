// The map that is painted, and the way back from every change.

const MAX_UNDO = 100; // maps of 64 KiB at 256 x 256

/** onChange runs after every change that can be undone, and after each step of undo and redo. */
function makePainting(firstMap, onChange) {
  let map = firstMap;
  let before = null; // the map as it was, while a stroke changes it
  let past = []; // maps to undo to, newest last
  let future = []; // maps to redo to, next one last
  let version = 0;

  function remember(earlier) {
    past.push(earlier);
    if (past.length > MAX_UNDO) past.shift();
    future = [];
  }

  function finish() {
    version++;
    onChange();
  }

  function travel(from, to) {
    if (before || !from.length) return false;
    to.push(map);
    map = from.pop();
    finish();
    return true;
  }

  return {
    get map() {
      return map;
    },
    get beforeStroke() {
      return before;
    },
    get undoSteps() {
      return past.length;
    },
    get redoSteps() {
      return future.length;
    },
    get lastMap() {
      return past.at(-1);
    },
    /** Another number after every change. */
    get version() {
      return version;
    },
    undo: () => travel(past, future),
    redo: () => travel(future, past),

    beginStroke() {
      before = map.slice();
    },

    /** The last change becomes a stroke that still lasts. */
    reopenStroke() {
      before = past.pop();
    },

    /** Where a shape is drawn anew with every move. */
    restartStroke() {
      map.set(before);
    },

    /** One step of undo, or none where nothing has changed. */
    endStroke() {
      const earlier = before;
      before = null;
      if (sameMap(map, earlier)) return;
      remember(earlier);
      finish();
    },

    /** It stays one step of undo, whatever it has become. */
    endReopenedStroke() {
      remember(before);
      before = null;
      finish();
    },

    cancelStroke() {
      if (before) map = before;
      before = null;
    },

    /** Another map altogether, such as an example; false where it is the same. */
    replace(newMap) {
      if (sameMap(map, newMap)) return false;
      remember(map);
      map = newMap;
      finish();
      return true;
    },
  };
}
