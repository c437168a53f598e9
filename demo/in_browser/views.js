// @ts-check
// Paints with both models and prepares the views as demo/views.py does: which images each of them shows, and its words.

/** @import { Shown } from '../comparison/comparison.js' */
/** @import { Size } from '../label_canvas/document/raster.js' */
/** @import { Painting, PaintingClient } from './client.js' */
import { colourPng, toDataUrl } from './png.js';

const [SIDE_BY_SIDE, SLIDER, DIFFERENCE, VARIATIONS] = ['Side by side', 'Slider', 'Difference', 'Variations'];
export const VIEWS = [SIDE_BY_SIDE, SLIDER, DIFFERENCE, VARIATIONS];
/** The view that is offered only while there is noise. */
export const NOISY_VIEW = VARIATIONS;
const GAN = 0; // the first of the two models
const NUM_VARIATIONS = 4;
const WHITE_LEVELS = 128;
const SEEDS = 2 ** 32;

/** @typedef {{ objective: string, title: string, note: string, details: string }} ModelWords */
/** @typedef {{ dataset: string, size: Size, epochs: string, models: ModelWords[] }} Subject GAN first, then L1 only */
/** @typedef {{ labelMap: Uint8Array, seed: number, dropout: boolean }} Work */

/**
 * Paints what a view needs. Rejects with a sentence for people.
 * @param {string} view one of `VIEWS`
 * @param {Subject} subject
 * @param {PaintingClient} client
 * @param {Work} work
 * @returns {Promise<Shown>}
 */
export async function show(view, subject, client, work) {
  const shown = await paintView(view, subject, client, work);
  return { ...shown, facts: subject.models.map(({ details }) => details) };
}

/** @typedef {Omit<Shown, 'facts'>} PaintedView */

/** @type {(view: string, subject: Subject, client: PaintingClient, work: Work) => Promise<PaintedView>} */
async function paintView(view, subject, client, work) {
  if (view === VARIATIONS && work.dropout) return showVariations(subject, client, work);
  const paintings = await paintBoth(subject, client, work);
  const times = subject.models
    .map(({ title }, index) => `${title} ${paintings[index].milliseconds.toFixed(0)} ms`)
    .join(' · ');
  if (view === DIFFERENCE) return showDifference(subject, paintings, times);
  const pictures = subject.models.map(({ title, note, objective }, index) => ({
    ...{ title, note, file: `${subject.dataset}-${objective}.png`, url: paintings[index].url },
  }));
  return { view: view === SLIDER ? SLIDER : SIDE_BY_SIDE, pictures, words: subject.epochs, times };
}

/**
 * Paints a map with both models and the same seed.
 * @param {Subject} subject
 * @param {PaintingClient} client
 * @param {Work} work
 */
export function paintBoth({ dataset, size, models }, client, { labelMap, seed, dropout }) {
  const paintings = models.map((_, model) => ({ model, seed }));
  return client.paint({ subject: dataset, labelMap, size, dropout, paintings });
}

/**
 * @param {Subject} subject
 * @param {Painting[]} paintings
 * @param {string} times
 * @returns {Promise<PaintedView>}
 */
async function showDifference({ dataset, size }, [gan, l1], times) {
  const apart = levelsApart(gan.image, l1.image);
  const rgba = new Uint8ClampedArray(4 * apart.length);
  apart.forEach((levels, i) => {
    rgba.fill(Math.floor(Math.min((levels * 255) / WHITE_LEVELS, 255)), 4 * i, 4 * i + 3);
  });
  const picture = {
    title: 'GAN minus L1 only',
    note: 'Absolute, the mean of red, green and blue',
    file: `${dataset}-difference.png`,
    url: await toDataUrl(await colourPng(rgba, size)),
  };
  const words =
    `Black: both models agree. White: ${WHITE_LEVELS} or more of 255 levels apart. ` +
    `On average they are ${mean(apart).toFixed(0)} levels apart.`;
  return { view: DIFFERENCE, pictures: [picture], words, times };
}

/**
 * @param {Subject} subject
 * @param {PaintingClient} client
 * @param {Work} work
 * @returns {Promise<PaintedView>}
 */
async function showVariations({ dataset, size, models }, client, { labelMap, seed, dropout }) {
  const seeds = Array.from({ length: NUM_VARIATIONS }, (_, number) => (seed + number) % SEEDS);
  const jobs = seeds.map((one) => ({ model: GAN, seed: one }));
  const paintings = await client.paint({ subject: dataset, labelMap, size, dropout, paintings: jobs });
  const pictures = paintings.map(({ url }, index) => ({
    ...{ title: `Seed ${seeds[index]}`, note: '', file: `${dataset}-gan-${seeds[index]}.png`, url },
  }));
  const pairs = paintings.flatMap((one, index) => paintings.slice(index + 1).map((other) => [one, other]));
  const apart = mean(pairs.map(([one, other]) => mean(levelsApart(one.image, other.image))));
  const tones = paintings.map(({ image }) => meanColour(image));
  const tonePairs = tones.flatMap((one, index) => tones.slice(index + 1).map((other) => [one, other]));
  const tonesApart = mean(tonePairs.map(([one, other]) => mean(one.map((tone, c) => Math.abs(tone - other[c])))));
  const words =
    "The same map with four seeds. Dropout is the GAN's only noise, and it is weak. It can vary tones and details: " +
    `here a pixel differs by ${apart.toFixed(0)} of 255 levels on average. It cannot vary the image as a whole, ` +
    `such as its colours or its light: the mean colours differ by ${tonesApart.toFixed(0)}.`;
  const time = mean(paintings.map(({ milliseconds }) => milliseconds)).toFixed(0);
  return { view: VARIATIONS, pictures, words, times: `${models[GAN].title} ${time} ms each` };
}

/**
 * Returns the absolute difference of two images in levels, 0 to 255, averaged over colours.
 * @param {Uint8ClampedArray} rgba
 * @param {Uint8ClampedArray} other
 */
function levelsApart(rgba, other) {
  const apart = new Float32Array(rgba.length / 4);
  for (let i = 0; i < apart.length; i++) {
    for (let c = 4 * i; c < 4 * i + 3; c++) apart[i] += Math.abs(rgba[c] - other[c]) / 3;
  }
  return apart;
}

/** Returns the mean red, green and blue. @param {Uint8ClampedArray} rgba */
function meanColour(rgba) {
  const sums = [0, 0, 0];
  for (let i = 0; i < rgba.length; i++) if (i % 4 < 3) sums[i % 4] += rgba[i];
  return sums.map((sum) => (4 * sum) / rgba.length);
}

/** @param {ArrayLike<number>} values */
function mean(values) {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}
