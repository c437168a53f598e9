// @ts-check
// What the buttons and keys do with the map and the view.

/** @import { Canvas } from './canvas.js' */

export class Commands {
  /** @param {Canvas} canvas */
  constructor(canvas) {
    this.canvas = canvas;
  }

  toggleMirror() {
    const { choice, toolbar, view } = this.canvas;
    choice.isMirrored = !choice.isMirrored;
    toolbar.showMirror(choice.isMirrored);
    view.showMirror(choice.isMirrored);
    this.canvas.announce(choice.isMirrored ? 'Mirror on' : 'Mirror off');
    this.canvas.requestRedraw();
  }

  /** @param {number} sign 1 or -1. */
  resizeBrush(sign) {
    const { choice } = this.canvas;
    const { brushSize } = choice;
    this.canvas.setBrushSize(brushSize + sign * (brushSize + sign > 8 ? 4 : 1));
    this.canvas.announce(`Size ${choice.brushSize}`);
  }

  /** @param {number} factor 0 shows the whole map. */
  zoomBy(factor) {
    const { view } = this.canvas;
    view.zoomBy(factor);
    this.canvas.announce(`${Math.round(100 * view.zoom)} %`);
    this.canvas.requestRedraw();
  }

  /** In the middle of a stroke, undoes that of the keyboard; a mouse has to be released first. */
  undo() {
    const { cursor, labelMap, pen, tool } = this.canvas;
    if (pen.isDown) {
      if (!cursor.isHoldingPen) return;
      pen.cancel();
      this.canvas.announce('Cancelled');
    } else if (tool.isOpen) {
      tool.stepBack?.();
    } else if (labelMap.undo()) {
      tool.drop?.(); // such as the block of a repetition
      this.canvas.announce('Undone');
    }
    this.canvas.refresh();
  }

  redo() {
    const { labelMap, pen } = this.canvas;
    if (pen.isDown || !labelMap.redoSteps) return;
    this.canvas.dropOpen();
    if (labelMap.redo()) this.canvas.announce('Redone');
  }

  /**
   * Undoes with two fingers, redoes with three.
   * @param {number} fingerCount
   */
  noteTap(fingerCount) {
    const { labelMap, status, tool } = this.canvas;
    if (fingerCount === 2) {
      const canUndo = Boolean(tool.isOpen) || labelMap.undoSteps > 0;
      this.undo();
      status.showNotice(canUndo ? 'Undone. A tap with three fingers redoes it.' : 'There is nothing to undo.');
    } else if (fingerCount === 3) {
      const canRedo = labelMap.redoSteps > 0;
      this.redo();
      status.showNotice(canRedo ? 'Redone.' : 'There is nothing to redo.');
    }
  }

  clear() {
    const { labelMap, options } = this.canvas;
    this.canvas.dropAll();
    labelMap.replace(new Uint8Array(labelMap.pixels.length).fill(options.background));
    this.canvas.announce(`Cleared to ${this.canvas.className(options.background)}`);
  }

  cancel() {
    if (this.canvas.pen.isDown || this.canvas.tool.isOpen) this.canvas.announce('Cancelled');
    this.canvas.dropAll();
  }

  /** Closes an open polygon; returns false if there is none. */
  closeShape() {
    const { pen, tool } = this.canvas;
    if (pen.isDown || !tool.isOpen) return false;
    if (tool.close?.()) this.canvas.announce('Polygon closed');
    this.canvas.refresh();
    return true;
  }
}
