// What each tool does from pen down to pen up, whether mouse, pen, finger or arrow keys hold it: begin(point), move(point), end(reach),
// and outline(hover) for what is to be seen above the map, where hover is the pixel under the pointer or null. said(className) is what screen
// readers say after end, in place of "Pen up". drop() forgets what waits for more, such as corners of a polygon that is open.

/** choice is what people have chosen: { paintClass, brushSize, step, isMirrored, across, down }. */
function makeTools(painting, size, choice, pickClass) {
  /** Draws on the map, and on the other half of it too where that is wanted. */
  function draw(action) {
    action(painting.map);
    if (!choice.isMirrored) return;
    flipMap(painting.map, size);
    action(painting.map);
    flipMap(painting.map, size);
  }

  const outlinePixel = (hover) => (hover ? outlineBox(boxBetween(hover, hover, 1)) : '');
  const outlineBrush = (hover) => (hover ? outlineDisc(hover, choice.brushSize) : '');
  const outlineCell = (hover) => (hover ? outlineBox(boxBetween(hover, hover, choice.step)) : '');
  const drawLine = (map, from, to) => drawSegment(map, size, from, to, choice.brushSize, choice.paintClass);
  const drawRectangle = (map, from, to) => drawBox(map, size, boxBetween(from, to, choice.step), choice.paintClass);

  return {
    brush: makeBrush(painting, draw, drawLine, outlineBrush),
    rectangle: makeShape(painting, draw, drawRectangle, outlineCell),
    polygon: makePolygon(painting, size, (map, corners) => drawPolygon(map, size, corners, choice.paintClass), draw, outlinePixel),
    line: makeShape(painting, draw, drawLine, outlineBrush),
    fill: makeFill(painting, draw, (map, point) => floodFill(map, size, point, choice.paintClass), outlinePixel),
    pick: makePick((point) => pickClass(painting.map[point.y * size + point.x]), outlinePixel),
    repeat: makeRepeat(painting, size, choice, draw, outlineCell),
  };
}

function makeBrush(painting, draw, drawLine, outline) {
  let last;
  const paintTo = (point) => {
    draw((map) => drawLine(map, last, point));
    last = point;
  };
  return {
    begin(point) {
      painting.beginStroke();
      last = point;
      paintTo(point);
    },
    move: paintTo,
    end: painting.endStroke,
    outline,
  };
}

/** A shape between the points where the pen went down and where it is. */
function makeShape(painting, draw, drawShape, outline) {
  let start;
  const stretchTo = (point) => {
    painting.restartStroke();
    draw((map) => drawShape(map, start, point));
  };
  return {
    begin(point) {
      painting.beginStroke();
      start = point;
      stretchTo(point);
    },
    move: stretchTo,
    end: painting.endStroke,
    outline,
  };
}

function makeFill(painting, draw, fillFrom, outline) {
  return {
    isClick: true,
    begin(point) {
      painting.beginStroke();
      draw((map) => fillFrom(map, point));
    },
    move() {},
    end: painting.endStroke,
    said: (className) => 'Filled with ' + className,
    outline,
  };
}

function makePick(pickAt, outline) {
  let point;
  return {
    isClick: true,
    begin: (start) => (point = start),
    move() {},
    end: () => pickAt(point),
    said: (className) => 'Picked ' + className,
    outline,
  };
}
