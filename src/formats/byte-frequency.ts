/**
 * How often bytes stand in the files of built trees: which of a needle's bytes a search looks for first. Only its speed depends on it.
 *
 * Counted in 20,000 files, chosen at random, of the corpus in docs/performance.md (Pythons, and environments full of wheels; 500 MB).
 */

/** Of 100,000 bytes. */
// prettier-ignore
const COUNTS: readonly number[] = [
  16894, 1634, 841, 668, 649, 624, 393, 273, 562, 323, 1095, 255, 265, 211, 475, 1178,
  483, 254, 163, 176, 187, 169, 139, 128, 259, 109, 127, 91, 116, 95, 98, 247,
  8240, 131, 597, 176, 864, 113, 99, 273, 625, 576, 134, 102, 585, 393, 720, 232,
  620, 527, 309, 237, 248, 357, 208, 176, 257, 282, 434, 111, 120, 348, 148, 91,
  201, 575, 239, 206, 480, 497, 161, 166, 1563, 473, 104, 126, 598, 249, 288, 168,
  269, 96, 311, 611, 337, 341, 112, 99, 672, 148, 130, 295, 201, 212, 78, 1167,
  158, 1803, 469, 995, 950, 2889, 959, 482, 555, 1578, 170, 226, 1183, 718, 1605, 1558,
  933, 131, 2315, 1763, 2308, 812, 295, 253, 346, 492, 139, 136, 159, 188, 73, 79,
  206, 67, 51, 311, 306, 272, 67, 54, 147, 786, 47, 577, 96, 358, 69, 86,
  170, 100, 47, 47, 78, 71, 36, 57, 127, 67, 39, 38, 67, 37, 39, 83,
  137, 51, 36, 47, 66, 37, 42, 45, 109, 54, 35, 49, 61, 34, 42, 64,
  112, 49, 55, 40, 84, 43, 58, 44, 121, 48, 58, 42, 76, 55, 72, 60,
  299, 168, 95, 123, 175, 170, 89, 150, 104, 76, 54, 43, 110, 47, 50, 47,
  221, 173, 93, 115, 70, 56, 55, 114, 190, 72, 224, 79, 90, 49, 56, 75,
  178, 77, 84, 52, 64, 49, 51, 63, 336, 190, 54, 80, 70, 61, 59, 108,
  190, 98, 210, 194, 70, 55, 86, 89, 131, 73, 99, 82, 89, 116, 163, 1223,
];

/** A part of all bytes. */
export function byteFrequency(byte: number): number {
  return (COUNTS[byte] ?? 0) / 100_000;
}

/** A NUL behind a byte of text: the end of a string, or UTF-16. Some 100 in a million places for nearly every letter, however common it is. */
const NUL_BEHIND = 0.0001;
/** Runs of one byte (`----`, `====`, spaces) are far more common than two bytes that know nothing of each other. */
const RUN = 20;
/** So are two letters near each other, as text is only a part of files. */
const LETTERS = 4;

/** Of all places, at how many `byte` stands and, `distance` bytes on, `other`. */
export function pairFrequency(byte: number, other: number, distance: number): number {
  if (other === 0 && distance === 1 && byte !== 0) return NUL_BEHIND;
  const together = byte === other ? RUN : isLetter(byte) && isLetter(other) ? LETTERS : 1;
  return byteFrequency(byte) * byteFrequency(other) * together;
}

function isLetter(byte: number): boolean {
  return byte >= 0x61 && byte <= 0x7a;
}
