// @ts-check
// The dropout noise of one image, bit for bit that of pix2pix/noise.py; docs/noise.md defines it.

const SCALES = [128, 64, 32];

/**
 * Philox4x32-10: turns one counter into 128 random bits.
 *
 * @param {ArrayLike<number>} counter four words, 0 to 2³² - 1
 * @param {ArrayLike<number>} key two words
 * @returns {[number, number, number, number]} four words
 */
export function philox(counter, key) {
  let [a, b, c, d] = [counter[0], counter[1], counter[2], counter[3]];
  let [k0, k1] = [key[0], key[1]];
  for (let round = 0; round < 10; round++) {
    const [first, second] = [upperHalf(0xd2511f53, a), upperHalf(0xcd9e8d57, c)];
    [a, b, c, d] = [second ^ b ^ k0, Math.imul(0xcd9e8d57, c), first ^ d ^ k1, Math.imul(0xd2511f53, a)];
    k0 = k0 + 0x9e3779b9;
    k1 = k1 + 0xbb67ae85;
  }
  return [a >>> 0, b >>> 0, c >>> 0, d >>> 0];
}

/**
 * Returns the upper 32 bits of a product of two words. A number cannot hold 64 bits exactly, so b is split into halves.
 *
 * @param {number} a a word
 * @param {number} b a word, signed or not
 */
function upperHalf(a, b) {
  const low = a * (b & 0xffff); // below 2⁴⁸
  return Math.floor((a * (b >>> 16) + Math.floor(low / 65536)) / 65536);
}

/**
 * Draws the three dropout masks of an image.
 *
 * @param {number} seed an integer, 0 to 2⁵³ - 1
 * @param {number} channels channels of each mask: 8 times the generator's base channels
 * @param {number} height height of the image, a multiple of 256
 * @param {number} width width of the image, a multiple of 256
 * @returns {Float32Array[]} zeros and twos, each [channels, h, w] with h, w = 1/128, 1/64 and 1/32 of the image's size
 */
export function masks(seed, channels, height, width) {
  const key = [seed % 2 ** 32, Math.floor(seed / 2 ** 32)];
  return SCALES.map((scale, layer) => {
    const [h, w] = [height / scale, width / scale];
    const mask = new Float32Array(channels * h * w);
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        for (let group = 0; 128 * group < channels; group++) {
          const words = philox([group, x, y, layer], key);
          for (let channel = 128 * group; channel < Math.min(channels, 128 * group + 128); channel++) {
            mask[(channel * h + y) * w + x] = 2 * ((words[(channel >> 5) & 3] >>> (channel & 31)) & 1);
          }
        }
      }
    }
    return mask;
  });
}
