// @ts-check
// The label canvas: makes the parts, connects them, and carries out the commands. It knows no server.

import { find } from '../find.js';
/** @import { Settings } from './document/codec.js' */
/** @import { Pixels } from './document/raster.js' */
/** @import { Choice, Tool } from './tools/tool.js' */
/** @import { CanvasListeners, CanvasOptions } from './types.js' */
import { hintOf, TOOLS } from './actions.js';
import { ClassChoice } from './chrome/class_choice.js';
import { Keys } from './chrome/keys.js';
import { LAYOUT } from './chrome/layout.js';
import { Palette } from './chrome/palette.js';
import { Status } from './chrome/status.js';
import { ToolOptions } from './chrome/tool_options.js';
import { Toolbar } from './chrome/toolbar.js';
import { Commands } from './commands.js';
import { LabelMap } from './document/map.js';
import { isLinkElsewhere } from './document/storage.js';
import { Work } from './document/work.js';
import { Cursor } from './input/cursor.js';
import { Files } from './input/files.js';
import { Keyboard } from './input/keyboard.js';
import { listen } from './input/listen.js';
import { Pen } from './input/pen.js';
import { Pointer } from './input/pointer.js';
import { Overview } from './overview.js';
import { View } from './view.js';

const SHORT_STROKE = 100; // milliseconds; shorter strokes are not sent until they end

export class Canvas {
  #isRedrawRequested = false;
  #toolName = 'brush';
  #toolBeforePick = 'brush';
  #pageSettings; // that the page has, as far as the canvas knows

  /**
   * @param {HTMLElement} element Becomes the canvas.
   * @param {CanvasOptions} options
   * @param {CanvasListeners} listeners
   */
  constructor(element, options, listeners) {
    const { pixels, size, classes, startClass, brushSize = 16, settings } = options;
    element.innerHTML = LAYOUT;
    this.element = element;
    this.options = options;
    this.listeners = listeners;
    this.#pageSettings = settings;
    /** @type {Choice} */
    this.choice = {
      paintClass: startClass,
      brushSize,
      step: 1,
      isMirrored: false,
      across: 0,
      down: 0,
      isShiftHeld: false,
    };
    this.labelMap = new LabelMap(pixels, size, settings, () => this.#noteChange());
    /** @type {Record<string, Tool>} */
    this.tools = Object.fromEntries(TOOLS.map(({ name, make }) => [name, make(this.labelMap, this.choice, this)]));
    this.pen = new Pen(this.labelMap, () => this.tool, {
      onDown: () => this.#noteStroke(),
      onChange: () => this.refresh(),
      onCancel: () => listeners.onChange(this.labelMap.pixels), // the server may have seen the stroke
    });
    const colors = classes.map(({ color }) => color);
    this.view = new View(find(element, '.lc-surface'), size, colors);
    this.overview = new Overview(find(element, '.lc-overview'), this.view);
    this.status = new Status(element);
    this.toolbar = new Toolbar(element, (action) => action.run(this));
    this.toolOptions = this.#makeToolOptions();
    this.palette = new Palette(find(element, '.lc-palette'), classes, options.firstClasses, (classIndex) =>
      this.classChoice.choose(classIndex),
    );
    this.classChoice = new ClassChoice(this);
    this.keys = new Keys(element);
    this.commands = new Commands(this);
    this.view.onPlace = () => this.#showPlace();
    this.work = this.#makeWork();
    this.cursor = new Cursor(this);
    const keyboard = new Keyboard(element, this);
    new Pointer(this.view, this.pen, {
      onHover: (point) => this.cursor.set(point),
      onPlace: (place) => this.overview.avoid(place),
      isSpaceHeld: () => keyboard.isSpaceHeld(),
      onShift: (isHeld) => this.holdShift(isHeld),
      onPick: (point) => this.classChoice.pick(point),
      onTap: (fingerCount) => this.commands.noteTap(fingerCount),
    });
    if (listeners.onImage) new Files(element, this, listeners.onImage);
    listen(element, window, 'hashchange', () => this.#followLink());
    this.chooseTool('brush');
    this.classChoice.choose(startClass);
    this.setBrushSize(this.choice.brushSize);
    this.work.open();
  }

  /** The chosen tool. */
  get tool() {
    return this.tools[this.#toolName];
  }

  /** Whether the canvas is in the open tab. */
  get isShown() {
    return this.view.canvas.offsetParent !== null;
  }

  // ---- The map ----

  /**
   * Shows a map that the page has set, such as an example, as one undo step.
   * @param {Pixels} pixels
   */
  setMap(pixels) {
    this.dropAll();
    this.showHint(); // in place of a notice on a map before
    if (this.labelMap.replace(pixels)) this.announce('New map');
  }

  /** Passes on the map in the middle of a stroke, unless the stroke is so short that it may end at once. */
  reportStroke() {
    const { downSince } = this.pen;
    if (downSince === null || performance.now() - downSince < SHORT_STROKE) return;
    this.listeners.onStroke(this.labelMap.pixels);
  }

  /**
   * Takes over the seed and dropout that were chosen on the page, as a step of undo.
   * @param {Settings} settings
   * @param {boolean} isContinued This choice belongs to the last undo step, such as another digit of a seed.
   */
  noteSettings(settings, isContinued) {
    this.#pageSettings = settings;
    this.labelMap.changeSettings(settings, isContinued);
  }

  #noteChange() {
    if (this.labelMap.settings !== this.#pageSettings) this.tellSettings();
    this.listeners.onChange(this.labelMap.pixels);
    this.refresh();
    this.work.keep();
  }

  /** Reports the seed and dropout that belong to the map. */
  tellSettings() {
    this.#pageSettings = this.labelMap.settings;
    this.listeners.onSettings(this.#pageSettings);
  }

  #noteStroke() {
    this.cursor.isHoldingPen = false;
    setTimeout(() => this.requestRedraw(), SHORT_STROKE); // reports the stroke even if the hand rests
    this.showHint();
  }

  /** Shows the map and what can be undone. */
  refresh() {
    this.toolbar.showHistory(Boolean(this.tool.isOpen) || this.labelMap.undoSteps > 0, this.labelMap.redoSteps > 0);
    if (this.tool.hint && !this.pen.isDown) this.showHint(); // the next step
    this.requestRedraw();
  }

  /** Draws with the next frame: pointers report more often than screens draw. */
  requestRedraw() {
    if (this.#isRedrawRequested) return;
    this.#isRedrawRequested = true;
    requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    const { view } = this;
    this.#isRedrawRequested = false;
    view.draw(this.labelMap.pixels);
    this.overview.draw();
    view.showOutline(this.tool.outline(this.cursor.hover) + this.cursor.ring, this.choice.isMirrored);
    this.reportStroke();
  }

  #showPlace() {
    this.overview.place();
    this.toolbar.showZoom(this.view.zoom);
  }

  // ---- Choices ----

  /** @param {string} name */
  chooseTool(name) {
    if (this.pen.isDown) return;
    this.dropOpen();
    if (name === 'pick' && this.#toolName !== 'pick') this.#toolBeforePick = this.#toolName;
    this.#toolName = name;
    this.toolbar.showTool(name);
    this.tool.choose?.();
    this.view.showGrid(this.gridStep);
    this.showHint();
    this.requestRedraw();
  }

  /**
   * Takes a class from the map and brings back the tool that was in use.
   * @param {number} classIndex
   */
  pickClass(classIndex) {
    this.classChoice.choose(classIndex);
    this.chooseTool(this.#toolBeforePick);
    this.announce(`Picked ${this.className(classIndex)}`);
  }

  /**
   * Notes whether Shift keeps shapes regular, and shows it at once.
   * @param {boolean} isHeld
   */
  holdShift(isHeld) {
    if (this.choice.isShiftHeld === isHeld || this.cursor.isHoldingPen) return; // arrow keys use Shift otherwise
    this.choice.isShiftHeld = isHeld;
    this.pen.rest();
    this.requestRedraw();
  }

  /** @param {number} brushSize */
  setBrushSize(brushSize) {
    this.choice.brushSize = this.toolOptions.showBrushSize(brushSize);
    this.requestRedraw();
  }

  /** The cells that the chosen tool snaps to, in pixels. */
  get gridStep() {
    return TOOLS.find(({ name }) => name === this.#toolName)?.snaps ? this.choice.step : 1;
  }

  // ---- The parts ----

  /** @param {string} words For screen readers. */
  announce(words) {
    this.status.announce(words);
  }

  /** Opens a link pasted into the address bar of the open page; a link of another dataset opens its tab by a reload. */
  #followLink() {
    if (!this.isShown) return; // the canvas of the open tab answers
    if (isLinkElsewhere(this.options.dataset)) location.reload();
    else this.work.openLink();
  }

  #makeToolOptions() {
    return new ToolOptions(this.element, {
      onBrushSize: (brushSize) => this.setBrushSize(brushSize),
      onStep: (step) => {
        this.choice.step = step;
        this.view.showGrid(this.gridStep);
      },
      onCopies: (direction, count) => {
        this.choice[direction] = count;
        this.tool.recount?.();
      },
    });
  }

  #makeWork() {
    const { dataset, classes } = this.options;
    return new Work(
      this.labelMap,
      { dataset, classCount: classes.length },
      {
        beforeMap: () => this.dropAll(),
        onNotice: (words) => this.status.showNotice(words),
        onLink: (link) => this.status.showLink(link),
      },
    );
  }

  /** Cancels the stroke in progress and what waits for another one. */
  dropAll() {
    this.pen.cancel();
    this.dropOpen();
  }

  /** Forgets what waits for another stroke, such as open corners. */
  dropOpen() {
    this.tool.drop?.();
    this.refresh();
  }

  showHint() {
    this.status.showHint(hintOf(this.#toolName, this.tool.hint));
  }

  /** @param {number} classIndex */
  className(classIndex) {
    return this.options.classes[classIndex].name;
  }
}
