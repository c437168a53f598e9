// @ts-check
// The markup of a tab: names and order are those of the Gradio page, so that page.css lays out both.

export const LAYOUT = `
<div class="row studio">
  <div class="column">
    <div class="studio-canvas"></div>
  </div>
  <div class="column">
    <div class="studio-view">
      <fieldset class="view-choice" aria-label="View"><div></div></fieldset>
    </div>
    <div class="studio-pictures">
      <div class="loading"></div>
      <div class="pictures-place" hidden></div>
    </div>
    <div class="studio-notes">
      <div class="model-notes"></div><p class="mn-said heard-only" role="status"></p>
      <p class="engine-note"></p>
    </div>
    <div class="studio-noise"></div>
    <div class="row map-actions">
      <button type="button" data-action="surprise">Surprise me</button>
      <input type="file" accept=".png, .jpg, .jpeg, .webp" hidden />
      <button type="button" data-action="open">Open a map</button>
      <button type="button" data-action="stretch" hidden>Stretch to fill</button>
      <button type="button" data-action="save-map">Save the map</button>
      <button type="button" data-action="save-sheet">Save the comparison</button>
    </div>
    <div class="studio-examples">
      <div class="example-gallery" role="group" aria-label="Examples"></div>
    </div>
  </div>
</div>
<p class="licence-note"></p>`;
