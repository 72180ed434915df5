/** Keeps the entries of a scan for a pack: in whatever order they become known, given back in the order of the walk. */
import { entryText, parseEntryText } from '../formats/entry-text.ts';
import type { Entry, EntryList, ScannedEntry } from '../model/entry.ts';
import type { TreePath } from '../model/path.ts';
import { KeyedSpool } from './keyed-spool.ts';

interface Awaited {
  readonly entry: Entry;
  readonly key: number;
}

export class EntrySpool implements EntryList {
  length = 0;
  readonly #known = new KeyedSpool<ScannedEntry>({ write: entryText, read: parseEntryText });
  /** Files of which the digest is not known yet: those that are on their way to a thread, and, in the end, what could not be read. */
  readonly #awaited = new Map<TreePath, Awaited>();

  /** Takes an entry; of a file its digest must follow. Keys rise. */
  add(entry: Entry, key: number): void {
    this.length++;
    if (entry.type === 'file' && entry.unreadable === undefined) this.#awaited.set(entry.path, { entry, key });
    else this.#known.add(key, entry);
  }

  /** Takes the digest of a file, and gives its entry; null where it was known already. */
  addDigest(path: TreePath, digest: string): Entry | null {
    const awaited = this.#awaited.get(path);
    if (awaited === undefined) return null;
    this.#awaited.delete(path);
    this.#known.add(awaited.key, { ...awaited.entry, digest });
    return awaited.entry;
  }

  /** Files without a digest. */
  get unread(): readonly TreePath[] {
    return [...this.#awaited.keys()];
  }

  [Symbol.iterator](): Iterator<ScannedEntry, void, void> {
    return this.#known[Symbol.iterator]();
  }

  close(): void {
    this.#known.close();
  }
}
