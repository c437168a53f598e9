// @ts-check
// The page's elements of a canvas. Buttons and classes are added by toolbar.js and palette.js.

const DESCRIPTION =
  'Arrow keys move the cursor, Space puts the pen down and lifts it, Escape cancels. ' +
  'Digits choose classes, letters choose tools, brackets change the size, a question mark shows all keys.';

export const LAYOUT = `
<div class="label-canvas"><div class="lc-layout">
  <div class="lc-toolbar">
    <div class="lc-buttons">
      <div class="lc-tools" role="radiogroup" aria-label="Tool"></div>
      <div class="lc-actions" data-place="toolbar"></div>
    </div>
    <div class="lc-options">
      <label class="lc-size" data-tools="brush line" title="Brush size ([ and ])">
        <span>Size</span><input type="range" min="1" max="64" value="16" /><output>16</output>
      </label>
      <label data-tools="rectangle repeat" title="Corners snap to a grid of this many pixels">
        <span>Snap</span>
        <select class="lc-step">
          <option value="1">off</option><option>4</option><option>8</option><option>16</option><option>32</option>
        </select>
      </label>
      <label data-tools="repeat" title="Copies side by side; leave it empty for as many as fit">
        <span aria-hidden="true">→</span>
        <input class="lc-across" aria-label="Across" type="number" min="1" max="64" step="1" placeholder="fit" />
      </label>
      <label data-tools="repeat" title="Copies one below the other; leave it empty for as many as fit">
        <span aria-hidden="true">↓</span>
        <input class="lc-down" aria-label="Down" type="number" min="1" max="64" step="1" placeholder="fit" />
      </label>
    </div>
  </div>
  <div class="lc-surface">
    <div class="lc-stage">
      <canvas tabindex="0" role="application" aria-label="Label map" aria-description="${DESCRIPTION}"></canvas>
      <svg class="lc-guide" aria-hidden="true">
        <g class="lc-drawn"><path /><path /></g><g class="lc-mirrored"><path /><path /></g>
      </svg>
    </div>
    <div class="lc-overview" aria-hidden="true" hidden><span></span></div>
  </div>
  <div class="lc-palette" role="radiogroup" aria-label="Class to paint">
    <div class="lc-first"></div>
    <div class="lc-more"></div>
  </div>
  <div class="lc-status">
    <p class="lc-hint"></p>
    <div class="lc-actions" data-place="status"></div>
  </div>
  <div class="lc-announcer" role="status"></div>
</div>
<dialog class="lc-keys" aria-label="Keys and gestures">
  <button type="button" aria-label="Close" autofocus>✕</button>
  <h2>Keys and gestures</h2>
  <p>Single keys work while the focus is in the canvas, which the pointer over the map brings.</p>
  <div tabindex="0"></div>
</dialog>
</div>`;
