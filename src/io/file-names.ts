/** The names of files that have several, gathered as they come: a number in memory for each file, the names themselves in a spill. */
import { decodeBytes, encodeBytes } from '../formats/byte-text.ts';
import { asTreePath, type TreePath } from '../model/path.ts';
import { Spill } from './spill.ts';

/** A name of a file, and the key it came with. */
export interface KeyedName {
  readonly path: TreePath;
  readonly key: number;
}

/** Of a name: where the name before it lies, the key, the bytes of the path. */
const HEAD = 16;
/** There is no name before it. */
const NO_NAME = -1;

export class FileNames {
  readonly #spill = new Spill();
  /** For each device, where the last name of each inode lies; an inode that is no safe integer is kept as it is written. */
  readonly #last = new Map<string, Map<number | string, number>>();
  readonly #head = Buffer.alloc(HEAD);

  /** `inode`: `<device>:<inode>`. Whether the file had no name yet. */
  add(inode: string, { path, key }: KeyedName): boolean {
    const [device, number] = partsOf(inode);
    const files = this.#last.get(device) ?? new Map<number | string, number>();
    if (files.size === 0) this.#last.set(device, files);
    const before = files.get(number) ?? NO_NAME;
    files.set(number, this.#spill.length);
    const bytes = encodeBytes(path);
    this.#head.writeDoubleLE(before, 0);
    this.#head.writeUInt32LE(key, 8);
    this.#head.writeUInt32LE(bytes.length, 12);
    this.#spill.append(this.#head);
    this.#spill.append(bytes);
    return before === NO_NAME;
  }

  /** All names of a file so far, which is forgotten. */
  take(inode: string): KeyedName[] {
    const [device, number] = partsOf(inode);
    const files = this.#last.get(device);
    const last = files?.get(number) ?? NO_NAME;
    files?.delete(number);
    return this.#namesFrom(last);
  }

  /** The names of each file. */
  *all(): Generator<KeyedName[]> {
    for (const files of this.#last.values()) for (const last of files.values()) yield this.#namesFrom(last);
  }

  close(): void {
    this.#spill.close();
  }

  #namesFrom(last: number): KeyedName[] {
    const names: KeyedName[] = [];
    for (let at = last; at !== NO_NAME; at = this.#head.readDoubleLE(0)) {
      this.#spill.read(at, this.#head);
      const bytes = Buffer.allocUnsafe(this.#head.readUInt32LE(12));
      this.#spill.read(at + HEAD, bytes);
      names.push({ path: asTreePath(decodeBytes(bytes)), key: this.#head.readUInt32LE(8) });
    }
    return names;
  }
}

function partsOf(inode: string): [device: string, number: number | string] {
  const colon = inode.indexOf(':');
  const digits = inode.slice(colon + 1);
  const number = Number(digits);
  return [inode.slice(0, colon), Number.isSafeInteger(number) ? number : digits];
}
