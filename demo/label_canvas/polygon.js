// The polygon: corners that are clicked, or an outline that is drawn in one go, or both in turn. A corner is where the pen is lifted, so that a
// finger can move it a little. The map changes only when the polygon is closed.

function makePolygon(painting, size, drawCorners, draw, outlinePixel) {
  let parts = []; // of the open outline: single corners, and stretches drawn freehand
  let path = null; // of the pen, while it is down
  let closingReach = 0; // how near to the first corner the pen closes the polygon

  const isNear = (one, other, reach) => Math.hypot(one.x - other.x, one.y - other.y) <= reach;

  const polygon = {
    isClick: true,

    get isOpen() {
      return parts.length > 0;
    },

    begin(point) {
      path = [point];
    },

    move(point) {
      path.push(clampPoint(point, size));
    },

    /** A click on the first corner closes the polygon, and so does a second one on the last: the end of a double click. */
    end(reach) {
      closingReach = reach;
      const drawn = path;
      path = null;
      const point = drawn.at(-1);
      const corners = parts.flat();
      const isFreehand = drawn.some((step) => !isNear(step, drawn[0], reach));
      const isBack = corners.length > 0 && isNear(point, corners[0], reach);
      const isSecondClick = corners.length > 0 && !isFreehand && isNear(point, corners.at(-1), reach);
      if (!isSecondClick && (isFreehand || !isBack)) parts.push(isFreehand ? drawn : [point]);
      if (isBack || isSecondClick || (isFreehand && !corners.length)) polygon.close();
    },

    /** False where there are too few corners. */
    close() {
      const corners = parts.flat();
      if (corners.length < 3) return false;
      polygon.drop();
      painting.beginStroke();
      draw((map) => drawCorners(map, corners));
      painting.endStroke();
      return true;
    },

    said: () => (polygon.isOpen ? 'Corner ' + parts.flat().length : 'Polygon closed'),

    takeCornerBack: () => parts.pop(),

    cancel() {
      path = null;
    },

    drop() {
      parts = [];
      path = null;
    },

    /** The open outline up to the pen, and a ring around the corner that closes it. */
    outline(hover) {
      const points = [...parts.flat(), ...(path ?? (hover ? [hover] : []))];
      if (!polygon.isOpen && !path) return outlinePixel(hover);
      return outlinePath(points) + outlineRing(points[0], Math.max(closingReach / 2, 1));
    },
  };
  return polygon;
}
