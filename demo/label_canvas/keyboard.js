// The keyboard: single keys choose while the focus is in the canvas, arrow keys move a cursor that paints, shortcuts with Ctrl work anywhere.

const LONG_STEP = 8; // pixels of the map, with Shift
const SETTLED = 600; // milliseconds until the place of the cursor is said

const isTextField = (target) => target.matches?.('textarea, input:not([type=range], [type=checkbox], [type=radio])');

/** Letters and digits are its own. */
const isField = (target) => isTextField(target) || target.matches?.('select');

/**
 * commands are { noteKeys() (the keyboard is in use), getCursor(), setCursor(point), cursorStep(), describe(point), togglePen(point), undo(),
 * redo(), resizeBrush(sign), closeShape() (true where it was of use), cancel(), announce(words) }; all else stands on buttons.
 */
function listenToKeys(element, canvas, listen, commands) {
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  let isSpaceHeld = false;
  let hasMovedView = false; // since the space bar went down
  let settling = null;

  function press(event) {
    if (event.key === 'Tab') commands.noteKeys();
    if (canvas.offsetParent === null || isTextField(event.target)) return; // in a tab that is hidden; or with an undo of its own
    const isControl = (event.ctrlKey || event.metaKey) && !event.getModifierState('AltGraph'); // brackets are AltGr keys on some keyboards
    if (event.key === 'Escape') return commands.cancel();
    if (event.key === 'Enter' && !event.target.closest?.('button, a, summary') && commands.closeShape()) return event.preventDefault();
    if (isControl && !event.altKey) return pressControl(event);
    if (isField(event.target)) return;
    if (isControl || event.altKey !== event.getModifierState('AltGraph')) return;
    if (event.target === canvas && pressOnCanvas(event)) return event.preventDefault();
    if (element.contains(event.target) && pressLetter(event)) event.preventDefault();
  }

  function pressControl(event) {
    const key = event.key.toLowerCase();
    if (key !== 'z' && key !== 'y') return;
    event.preventDefault();
    if (key === 'y' || event.shiftKey) commands.redo();
    else commands.undo();
  }

  function pressOnCanvas(event) {
    const direction = arrows[event.key];
    if (direction) {
      const length = event.shiftKey ? Math.max(LONG_STEP, commands.cursorStep()) : commands.cursorStep();
      const point = commands.getCursor();
      commands.setCursor({ x: point.x + direction[0] * length, y: point.y + direction[1] * length });
      clearTimeout(settling);
      settling = setTimeout(() => commands.announce(commands.describe(commands.getCursor())), SETTLED);
    } else if (event.key === ' ' && !event.repeat) {
      isSpaceHeld = true;
      hasMovedView = false;
    } else if (event.key === 'Enter') {
      commands.togglePen(commands.getCursor());
    }
    return direction || event.key === ' ' || event.key === 'Enter';
  }

  /** Buttons say in aria-keyshortcuts which key stands for them; a digit is one wherever a keyboard has it, with Shift too. */
  function pressLetter(event) {
    if (event.key === '[' || event.key === ']') {
      commands.resizeBrush(event.key === ']' ? 1 : -1);
      return true;
    }
    const digit = /^Digit(\d)$/.exec(event.code)?.[1];
    const key = digit ? (event.shiftKey ? 'Shift+' : '') + digit : event.key.toUpperCase();
    const button = [...element.querySelectorAll('[aria-keyshortcuts]')].find((candidate) => candidate.getAttribute('aria-keyshortcuts') === key);
    if (!button) return false;
    button.click();
    if (button.getAttribute('role') === 'radio') commands.announce(button.getAttribute('aria-label') ?? button.textContent);
    return true;
  }

  /** The space bar paints when it is lifted: held down, it turns a drag into moving the view. */
  function release(event) {
    if (event.key !== ' ' || !isSpaceHeld) return;
    isSpaceHeld = false;
    if (event.target === canvas && !hasMovedView) commands.togglePen(commands.getCursor());
  }

  listen(document, 'keydown', press);
  listen(document, 'keyup', release);
  canvas.addEventListener('blur', () => (isSpaceHeld = false));
  return {
    /** For a drag that begins. */
    isSpaceHeld() {
      hasMovedView ||= isSpaceHeld;
      return isSpaceHeld;
    },
  };
}
