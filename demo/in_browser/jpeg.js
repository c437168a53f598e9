// @ts-check
// What JPEG does to a label image: quality 95, colour at half resolution (4:2:0), encoded and decoded.
//
// `canvas.toBlob` differs between browsers, so this is the arithmetic of libjpeg-turbo, in whole numbers: jccolor.c and
// jcsample.c, jfdctint.c, jcdctmgr.c, then jidctint.c, jdsample.c ("fancy upsampling") and jdcolor.c. Huffman coding
// loses nothing and is left out.

const QUALITY = 95;
// Annex K of the JPEG standard, in rows.
const LUMINANCE = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
  87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
  72, 92, 95, 98, 112, 100, 103, 99,
];
const CHROMINANCE = [
  17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99,
];
/** @param {number[]} table */
const steps = (table) => table.map((step) => Math.max(1, Math.floor((step * (200 - 2 * QUALITY) + 50) / 100)));

/** @param {number} x a constant of the conversion between RGB and YCbCr, in 65536ths */
const fix = (x) => Math.floor(x * 65536 + 0.5);
/** @param {number} x */
const clamp = (x) => Math.max(0, Math.min(x, 255));

/**
 * @typedef {{ values: Uint8Array, width: number, height: number }} Plane one component, [height, width]
 */

/**
 * Encodes and decodes an image.
 *
 * @param {Uint8Array} rgb [height, width, 3]
 * @param {number} width a multiple of 16
 * @param {number} height a multiple of 16
 * @returns {Uint8Array} [height, width, 3]
 */
export function throughJpeg(rgb, width, height) {
  const [y, cb, cr] = toYCbCr(rgb, width, height);
  const [luminance, chrominance] = [steps(LUMINANCE), steps(CHROMINANCE)];
  const [blue, red] = [cb, cr].map((plane) => upsample(throughBlocks(downsample(plane), chrominance)));
  return toRgb(throughBlocks(y, luminance), blue, red);
}

/**
 * @param {Uint8Array} rgb
 * @param {number} width
 * @param {number} height
 * @returns {[Plane, Plane, Plane]}
 */
function toYCbCr(rgb, width, height) {
  const plane = () => ({ values: new Uint8Array(width * height), width, height });
  const [y, cb, cr] = [plane(), plane(), plane()];
  const half = 32768;
  const centre = (128 << 16) + half - 1;
  for (let i = 0; i < width * height; i++) {
    const [r, g, b] = [rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]];
    y.values[i] = (fix(0.299) * r + fix(0.587) * g + fix(0.114) * b + half) >> 16;
    cb.values[i] = (-fix(0.16874) * r - fix(0.33126) * g + fix(0.5) * b + centre) >> 16;
    cr.values[i] = (fix(0.5) * r - fix(0.41869) * g - fix(0.08131) * b + centre) >> 16;
  }
  return [y, cb, cr];
}

/**
 * Means of 2x2 pixels; halves are rounded down and up by turns.
 *
 * @param {Plane} plane
 * @returns {Plane}
 */
function downsample({ values, width, height }) {
  const [w, h] = [width / 2, height / 2];
  const small = new Uint8Array(w * h);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const at = 2 * y * width + 2 * x;
      const sum = values[at] + values[at + 1] + values[at + width] + values[at + width + 1];
      small[y * w + x] = (sum + 1 + (x & 1)) >> 2;
    }
  }
  return { values: small, width: w, height: h };
}

/**
 * Doubles the size: three quarters of the nearer pixel and a quarter of the further one, in both directions.
 *
 * @param {Plane} plane
 * @returns {Plane}
 */
function upsample({ values, width, height }) {
  const large = new Uint8Array(4 * width * height);
  const sums = new Int32Array(width);
  for (let row = 0; row < 2 * height; row++) {
    const nearer = row >> 1;
    const further = Math.min(Math.max(row & 1 ? nearer + 1 : nearer - 1, 0), height - 1);
    for (let x = 0; x < width; x++) sums[x] = 3 * values[nearer * width + x] + values[further * width + x];
    for (let x = 0; x < width; x++) {
      const at = 2 * (row * width + x);
      large[at] = (3 * sums[x] + sums[Math.max(x - 1, 0)] + 8) >> 4;
      large[at + 1] = (3 * sums[x] + sums[Math.min(x + 1, width - 1)] + 7) >> 4;
    }
  }
  return { values: large, width: 2 * width, height: 2 * height };
}

/**
 * @param {Plane} y
 * @param {Plane} cb
 * @param {Plane} cr
 */
function toRgb(y, cb, cr) {
  const rgb = new Uint8Array(3 * y.values.length);
  const half = 32768;
  for (let i = 0; i < y.values.length; i++) {
    const [light, blue, red] = [y.values[i], cb.values[i] - 128, cr.values[i] - 128];
    rgb[3 * i] = clamp(light + ((fix(1.402) * red + half) >> 16));
    rgb[3 * i + 1] = clamp(light + ((-fix(0.34414) * blue - fix(0.71414) * red + half) >> 16));
    rgb[3 * i + 2] = clamp(light + ((fix(1.772) * blue + half) >> 16));
  }
  return rgb;
}

/**
 * Cosine transform, rounding to multiples of the quantisation steps, and back, for each block of 8x8 pixels.
 *
 * @param {Plane} plane
 * @param {number[]} quantisation 64 steps
 * @returns {Plane}
 */
function throughBlocks({ values, width, height }, quantisation) {
  const result = new Uint8Array(values.length);
  const block = new Int32Array(64);
  for (let top = 0; top < height; top += 8) {
    for (let left = 0; left < width; left += 8) {
      const start = top * width + left;
      for (let i = 0; i < 64; i++) block[i] = values[start + (i >> 3) * width + (i & 7)] - 128;
      for (let row = 0; row < 8; row++) transform(block, 8 * row, 1, -2);
      for (let column = 0; column < 8; column++) transform(block, column, 8, 2);
      for (let i = 0; i < 64; i++) block[i] = roundToMultiple(block[i], quantisation[i]);
      for (let column = 0; column < 8; column++) invert(block, column, 8, 11);
      for (let row = 0; row < 8; row++) invert(block, 8 * row, 1, 18);
      for (let i = 0; i < 64; i++) result[start + (i >> 3) * width + (i & 7)] = clamp(block[i] + 128);
    }
  }
  return { values: result, width, height };
}

/**
 * Coefficients come out of the transform 8 times too large.
 *
 * @param {number} coefficient
 * @param {number} step
 */
function roundToMultiple(coefficient, step) {
  const size = Math.floor((Math.abs(coefficient) + 4 * step) / (8 * step));
  return (coefficient < 0 ? -size : size) * step;
}

/** @param {number} x a factor of the cosine transform, in 8192ths */
const factor = (x) => Math.floor(x * 8192 + 0.5);
const F_0_298 = factor(0.298631336);
const F_0_390 = factor(0.390180644);
const F_0_541 = factor(0.5411961);
const F_0_765 = factor(0.765366865);
const F_0_899 = factor(0.899976223);
const F_1_175 = factor(1.175875602);
const F_1_501 = factor(1.50132111);
const F_1_847 = factor(1.847759065);
const F_1_961 = factor(1.96157056);
const F_2_053 = factor(2.053119869);
const F_2_562 = factor(2.562915447);
const F_3_072 = factor(3.072711026);

/**
 * Cosine transform of eight numbers in place, by Loeffler, Ligtenberg and Moschytz (1989).
 *
 * @param {Int32Array} block
 * @param {number} at where the first number is
 * @param {number} step distance of the numbers
 * @param {number} shift the result is divided by 2^shift: rows gain two bits, which columns give back
 */
function transform(block, at, step, shift) {
  const [i0, i1, i2, i3] = [at, at + step, at + 2 * step, at + 3 * step];
  const [i4, i5, i6, i7] = [at + 4 * step, at + 5 * step, at + 6 * step, at + 7 * step];
  const [sum0, sum1] = [block[i0] + block[i7], block[i1] + block[i6]];
  const [sum2, sum3] = [block[i2] + block[i5], block[i3] + block[i4]];
  const [d0, d1, d2, d3] = [block[i3] - block[i4], block[i2] - block[i5], block[i1] - block[i6], block[i0] - block[i7]];
  const [outer, inner, rest, gap] = [sum0 + sum3, sum1 + sum2, sum1 - sum2, sum0 - sum3];
  const bits = 13 + shift;
  const half = 1 << (bits - 1);
  block[i0] = shift < 0 ? (outer + inner) << 2 : (outer + inner + 2) >> 2;
  block[i4] = shift < 0 ? (outer - inner) << 2 : (outer - inner + 2) >> 2;
  const turned = (rest + gap) * F_0_541;
  block[i2] = (turned + gap * F_0_765 + half) >> bits;
  block[i6] = (turned - rest * F_1_847 + half) >> bits;
  const z5 = (d0 + d2 + d1 + d3) * F_1_175;
  const [z1, z2] = [-(d0 + d3) * F_0_899, -(d1 + d2) * F_2_562];
  const [z3, z4] = [z5 - (d0 + d2) * F_1_961, z5 - (d1 + d3) * F_0_390];
  block[i7] = (d0 * F_0_298 + z1 + z3 + half) >> bits;
  block[i5] = (d1 * F_2_053 + z2 + z4 + half) >> bits;
  block[i3] = (d2 * F_3_072 + z2 + z3 + half) >> bits;
  block[i1] = (d3 * F_1_501 + z1 + z4 + half) >> bits;
}

/**
 * The inverse transform of eight numbers in place.
 *
 * @param {Int32Array} block
 * @param {number} at where the first number is
 * @param {number} step distance of the numbers
 * @param {number} bits the result is divided by 2^bits
 */
function invert(block, at, step, bits) {
  const [c0, c1, c2, c3] = [block[at], block[at + step], block[at + 2 * step], block[at + 3 * step]];
  const [c4, c5, c6, c7] = [block[at + 4 * step], block[at + 5 * step], block[at + 6 * step], block[at + 7 * step]];
  const half = 1 << (bits - 1);
  const turned = (c2 + c6) * F_0_541;
  const [even2, even3] = [turned - c6 * F_1_847, turned + c2 * F_0_765];
  const [even0, even1] = [(c0 + c4) << 13, (c0 - c4) << 13];
  const even = [even0 + even3, even1 + even2, even1 - even2, even0 - even3];
  const z5 = (c7 + c3 + c5 + c1) * F_1_175;
  const [z1, z2] = [-(c7 + c1) * F_0_899, -(c5 + c3) * F_2_562];
  const [z3, z4] = [z5 - (c7 + c3) * F_1_961, z5 - (c5 + c1) * F_0_390];
  const odd = [c1 * F_1_501 + z1 + z4, c3 * F_3_072 + z2 + z3, c5 * F_2_053 + z2 + z4, c7 * F_0_298 + z1 + z3];
  for (let i = 0; i < 4; i++) {
    block[at + i * step] = (even[i] + odd[i] + half) >> bits;
    block[at + (7 - i) * step] = (even[i] - odd[i] + half) >> bits;
  }
}
