// @ts-check
// The comparison as one image: the label map and both images with captions. As demo/comparison_sheet.py draws it.

/** @import { Size } from '../../label_canvas/document/raster.js' */

const [MARGIN, LINE, LETTER] = [16, 20, 8];
const [INK, PAPER, FONT] = ['#1e293b', '#ffffff', '14px system-ui, sans-serif'];

/**
 * Draws images side by side.
 * @param {{ caption: string, rgba: Uint8ClampedArray<ArrayBuffer> }[]} pictures [height, width, 4]
 * @param {Size} size
 * @param {string[]} texts Below the images; long ones are wrapped.
 * @returns {Promise<Blob>} a PNG file
 */
export function drawSheet(pictures, size, texts) {
  const width = MARGIN + pictures.length * (size.width + MARGIN);
  const lines = texts.flatMap((text) => wrap(text, width / LETTER));
  const top = MARGIN + LINE / 2 + 4;
  const canvas = new OffscreenCanvas(width, MARGIN + LINE + size.height + MARGIN + lines.length * LINE);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('This browser has no memory left for the image.');
  context.fillStyle = PAPER;
  context.fillRect(0, 0, canvas.width, canvas.height);
  Object.assign(context, { fillStyle: INK, font: FONT, textBaseline: 'top' });
  for (const [number, { caption, rgba }] of pictures.entries()) {
    const x = MARGIN + number * (size.width + MARGIN);
    context.fillText(caption, x, MARGIN / 2 + 2, size.width);
    context.putImageData(new ImageData(rgba, size.width, size.height), x, top);
  }
  for (const [number, line] of lines.entries()) context.fillText(line, MARGIN, top + size.height + 6 + number * LINE);
  return canvas.convertToBlob({ type: 'image/png' });
}

/** @type {(text: string, letters: number) => string[]} */
function wrap(text, letters) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = `${lines.at(-1)} ${word}`.trim();
    if (line.length <= letters) lines[lines.length - 1] = line;
    else lines.push(word);
  }
  return lines.filter(Boolean);
}
