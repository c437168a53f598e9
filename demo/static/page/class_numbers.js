// @ts-check
// Grey label maps whose pixels number classes. The rules are those of pix2pix/data/class_numbers.py.

const LEAST_REPEATED = 0.5; // share of pixels equal to their left neighbour
const IGNORED = 255;

/**
 * @typedef {object} Numbering How the classes of a dataset may be numbered.
 * @property {string} [name] of the numbers that are the palette's own
 * @property {boolean} [startsAtOne] whether numbers without a zero count from 1
 * @property {number[]} [trainIds] class by Cityscapes' trainIds
 * @property {number[]} [labelIds] class by Cityscapes' label ids
 */

/**
 * Reads class numbers; null if they are none.
 * @type {(numbers: Uint8Array, width: number, numbering: Numbering, classCount: number, file: string) =>
 *   { classes: Uint8Array, kind: string } | null}
 */
export function classesFromNumbers(numbers, width, numbering, classCount, file) {
  const values = [...new Set(numbers)].sort((a, b) => a - b);
  const known = values.filter((value) => value !== IGNORED);
  const highest = known.at(-1) ?? IGNORED;
  if (known.length < 2 || highest >= 64 || shareRepeated(numbers, width) < LEAST_REPEATED) return null;
  const hasIgnored = values.includes(IGNORED);
  const { kind, table } = numberingOf(numbering, classCount, values[0], highest, hasIgnored, file.toLowerCase());
  if (highest >= table.length || (hasIgnored && !numbering.trainIds)) return null;
  return { classes: numbers.map((number) => table[number] ?? 0), kind };
}

/**
 * @type {(numbering: Numbering, classCount: number, lowest: number, highest: number, hasIgnored: boolean, file: string)
 *   => { kind: string, table: number[] }}
 */
function numberingOf({ name, startsAtOne, trainIds, labelIds }, classCount, lowest, highest, hasIgnored, file) {
  if (trainIds && labelIds) {
    const byTrainIds = file.includes('trainids') || (!file.includes('labelids') && (hasIgnored || highest < 19));
    return byTrainIds
      ? { kind: 'Cityscapes trainIds', table: trainIds }
      : { kind: 'Cityscapes label ids', table: labelIds };
  }
  const own = Array.from({ length: classCount }, (_, index) => index);
  const fromOne = startsAtOne ? lowest > 0 || highest === classCount : lowest > 0 && highest === classCount;
  return fromOne ? { kind: `${name} from 1`, table: [0, ...own] } : { kind: 'class numbers from 0', table: own };
}

/** @type {(numbers: Uint8Array, width: number) => number} */
function shareRepeated(numbers, width) {
  let [repeated, counted] = [0, 0];
  for (let i = 0; i < numbers.length; i++) {
    if (i % width === 0) continue;
    counted++;
    if (numbers[i] === numbers[i - 1]) repeated++;
  }
  return counted ? repeated / counted : 0;
}
