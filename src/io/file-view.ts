/** A file under scan, as rules see it: whole where it fits in memory, by regions where it does not. */
import type { Place } from '../formats/needles.ts';
import { partitionPoint } from '../formats/partition-point.ts';
import type { TreePath } from '../model/path.ts';
import { HEAD_BYTES, WHOLE_FILE_LIMIT, type FileView } from '../rules/rule.ts';
import { fill } from './fill.ts';

const LINE_FEED = 0x0a;
/** A region of a large file is read with this much around it, so that neighbouring questions cost nothing. */
const REGION_MARGIN = 64 * 1024;

/** What the view shows of the entry. */
export interface ViewedFile {
  readonly path: TreePath;
  readonly names: readonly TreePath[];
  readonly links: readonly TreePath[];
  readonly size: number;
  readonly mode: number;
  /** Told when the links are asked for: where they are not known yet, what came of it does not count. */
  readonly onLinks?: () => void;
}

/**
 * The view of a file that is in memory. The same bytes may be viewed under another name (`path`).
 * @param places where the search saw prefixes as they are, where there was a search
 */
export function wholeView(file: ViewedFile, bytes: Buffer, places: readonly Place[] | null = null): FileView {
  return new WholeView(file, bytes, places);
}

/** The first bytes of a file, as every rule may look at them. */
export function headOf(bytes: Buffer): Buffer {
  return bytes.length <= HEAD_BYTES ? bytes : bytes.subarray(0, HEAD_BYTES);
}

/** What few rules ask for is worked out when it is asked for: there is a view for every file with a hit. */
class WholeView implements FileView {
  readonly path: TreePath;
  readonly names: readonly TreePath[];
  readonly size: number;
  readonly mode: number;
  readonly head: Buffer;
  readonly bytes: Buffer;
  readonly places: readonly Place[] | null;
  readonly #links: readonly TreePath[];
  readonly #onLinks: (() => void) | undefined;
  #isText: boolean | null = null;
  #latin1: string | null = null;
  #lineStarts: readonly number[] | null = null;

  constructor({ path, names, links, size, mode, onLinks }: ViewedFile, bytes: Buffer, places: readonly Place[] | null) {
    this.path = path;
    this.names = names;
    this.#links = links;
    this.#onLinks = onLinks;
    this.size = size;
    this.mode = mode;
    this.head = headOf(bytes);
    this.bytes = bytes;
    this.places = places;
  }

  get links(): readonly TreePath[] {
    this.#onLinks?.();
    return this.#links;
  }

  get isText(): boolean {
    return (this.#isText ??= !this.bytes.includes(0));
  }

  region(start: number, end: number): Buffer {
    return this.bytes.subarray(Math.max(0, start), Math.max(0, end));
  }

  latin1(): string {
    return (this.#latin1 ??= this.bytes.toString('latin1'));
  }

  position(offset: number): { readonly line: number; readonly column: number } {
    const lineStarts = (this.#lineStarts ??= findLineStarts(this.bytes));
    const line = partitionPoint(lineStarts.length, (index) => (lineStarts[index] ?? 0) <= offset);
    return { line, column: offset - (lineStarts[line - 1] ?? 0) + 1 };
  }
}

/** The view of an open file that is too large to hold. */
export function regionView(file: ViewedFile, descriptor: number, head: Buffer): FileView {
  let known: { start: number; bytes: Buffer } = { start: 0, bytes: Buffer.alloc(0) };
  const region = (start: number, end: number): Buffer => {
    const from = Math.max(0, start);
    const to = Math.min(file.size, Math.max(from, end));
    if (from < known.start || to > known.start + known.bytes.length) {
      const at = Math.max(0, from - REGION_MARGIN);
      known = { start: at, bytes: readRegion(descriptor, at, Math.min(file.size, to + REGION_MARGIN)) };
    }
    return known.bytes.subarray(from - known.start, to - known.start);
  };
  return {
    ...file,
    get links(): readonly TreePath[] {
      file.onLinks?.();
      return file.links;
    },
    bytes: null,
    places: null,
    head,
    isText: !head.includes(0) && !region(0, REGION_MARGIN).includes(0),
    region,
    latin1: () => region(0, WHOLE_FILE_LIMIT).toString('latin1'),
    position: () => ({ line: null, column: null }),
  };
}

function readRegion(descriptor: number, start: number, end: number): Buffer {
  const bytes = Buffer.allocUnsafe(end - start);
  return bytes.subarray(0, fill(descriptor, bytes, start));
}

function findLineStarts(bytes: Buffer): number[] {
  const starts = [0];
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) starts.push(at + 1);
  return starts;
}
