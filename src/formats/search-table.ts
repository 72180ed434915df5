/**
 * The table by which the search kernel (assembly/search.ts) looks for many needles at once: for each needle a window of three bytes that is
 * rare in files, few windows in all, so that most bytes are passed with no closer look.
 */

const WINDOW = 3;
const BUCKETS = 8;
/** Offsets that one step of the kernel looks at. */
const STEP = 32;

/** Offsets within the table; the kernel has the same. */
const TABLE = { masks: 0, buckets: 96, reserve: 160, rows: 192 } as const;
const HALVES = 16;
const ROW = 16;

/** What files of built trees are made of, commonest first; other bytes are rarer than these. */
const COMMON = Buffer.from('\0 ertsadion\nl\x01c_p\x02.mu"f)g,:hy(b01x-\'STA=Ew2NkCvI/345DPRL6HF*8', 'latin1');

/** A guess of how often each byte stands in files; the last for a byte that is not looked at. */
const FREQUENCY: readonly number[] = Array.from({ length: 257 }, (_, byte) => {
  const rank = COMMON.indexOf(byte);
  return byte === 256 ? 1 : 1 / ((rank < 0 ? COMMON.length : rank) + 4);
});

/** A needle with the offset of its window. */
interface Row {
  readonly needle: number;
  readonly offset: number;
}

interface Window {
  readonly bytes: Buffer;
  readonly frequency: number;
  readonly rows: readonly Row[];
}

/** Makes the table for some needles, none of which is empty. The kernel tells them apart by their index. */
export function searchTable(needles: readonly Buffer[]): Buffer {
  const buckets = Array.from({ length: BUCKETS }, (): Row[] => []);
  const masks = Buffer.alloc(2 * WINDOW * HALVES);
  chooseWindows(needles).forEach(({ bytes, rows }, index) => {
    const bucket = index % BUCKETS;
    buckets[bucket]?.push(...rows);
    setMasks(masks, bytes, 1 << bucket);
  });
  return layOut(masks, buckets, needles);
}

/** The most matches that one step of the kernel may give. */
export function matchesPerStep(needles: readonly Buffer[]): number {
  return STEP * needles.length;
}

/** Windows that together serve all needles: again and again the one that is rarest for the number of needles it serves. */
function chooseWindows(needles: readonly Buffer[]): Window[] {
  const chosen: Window[] = [];
  const served = new Set<number>();
  for (let candidates = allWindows(needles); served.size < needles.length;) {
    const [best] = candidates.toSorted((a, b) => a.frequency / a.rows.length - b.frequency / b.rows.length);
    if (best === undefined) throw new Error('a needle is empty');
    chosen.push(best);
    for (const { needle } of best.rows) served.add(needle);
    candidates = candidates.flatMap((window) => {
      const rows = window.rows.filter(({ needle }) => !served.has(needle));
      return rows.length === 0 ? [] : [{ ...window, rows }];
    });
  }
  return chosen;
}

/** A needle shorter than a window is its own. */
function allWindows(needles: readonly Buffer[]): Window[] {
  const windows = new Map<number, Map<number, Row>>();
  needles.forEach((bytes, needle) => {
    for (let offset = 0; offset === 0 || offset + WINDOW <= bytes.length; offset++) {
      const key = keyOf(bytes, offset);
      let rows = windows.get(key);
      if (rows === undefined) windows.set(key, (rows = new Map()));
      rows.set(needle, { needle, offset });
    }
  });
  return [...windows.values()].flatMap((found) => {
    const rows = [...found.values()];
    const [first] = rows;
    const bytes = first && needles[first.needle]?.subarray(first.offset, first.offset + WINDOW);
    return bytes === undefined || bytes.length === 0 ? [] : [{ bytes, rows, frequency: frequency(bytes) }];
  });
}

function keyOf(bytes: Buffer, offset: number): number {
  let key = 0;
  for (let i = 0; i < WINDOW; i++) key = key * 257 + (bytes[offset + i] ?? 256);
  return key;
}

function frequency(window: Buffer): number {
  let product = 1;
  for (let i = 0; i < WINDOW; i++) product *= FREQUENCY[window[i] ?? 256] ?? 1;
  return product;
}

/** A window that ends with its needle before it is full lets any byte follow. */
function setMasks(masks: Buffer, window: Buffer, bit: number): void {
  for (let i = 0; i < WINDOW; i++) {
    const byte = window[i];
    const [low, high] = [2 * i * HALVES, (2 * i + 1) * HALVES];
    for (let half = 0; half < HALVES; half++) {
      if (byte === undefined || half === (byte & 15)) masks[low + half] = (masks[low + half] ?? 0) | bit;
      if (byte === undefined || half === byte >> 4) masks[high + half] = (masks[high + half] ?? 0) | bit;
    }
  }
}

/** Masks; for each bucket its first row and the one behind its last; rows (where the needle's bytes are, their length, window, index). */
function layOut(masks: Buffer, buckets: readonly (readonly Row[])[], needles: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(TABLE.rows + ROW * needles.length);
  masks.copy(head, TABLE.masks);
  head.writeUInt32LE(matchesPerStep(needles), TABLE.reserve);
  const starts: number[] = [];
  let size = head.length;
  for (const needle of needles) {
    starts.push(size);
    size += needle.length;
  }
  let row = 0;
  buckets.forEach((rows, bucket) => {
    head.writeUInt32LE(row, TABLE.buckets + 8 * bucket);
    for (const { needle, offset } of rows) {
      const fields = [starts[needle] ?? 0, needles[needle]?.length ?? 0, offset, needle];
      fields.forEach((field, i) => head.writeUInt32LE(field, TABLE.rows + ROW * row + 4 * i));
      row++;
    }
    head.writeUInt32LE(row, TABLE.buckets + 8 * bucket + 4);
  });
  return Buffer.concat([head, ...needles], size);
}
