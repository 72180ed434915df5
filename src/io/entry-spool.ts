/** Keeps the entries of a scan for a pack: as bytes, in whatever order they become known, given back in the order of the walk. */
import { entryText, parseEntryText } from '../formats/entry-text.ts';
import { RECORD_HEAD, RecordWriter } from '../formats/row-records.ts';
import type { Entry, EntryList, ScannedEntry } from '../model/entry.ts';
import type { TreePath } from '../model/path.ts';
import { RowSpool } from './row-spool.ts';

/** Entries without contents are put away when there are so many. */
const TOGETHER = 256;

interface Awaited {
  readonly entry: Entry;
  readonly key: number;
}

export class EntrySpool implements EntryList {
  length = 0;
  readonly #spool = new RowSpool();
  /** Files of which the digest is not known yet: those that are on their way to a thread, and, in the end, what could not be read. */
  readonly #awaited = new Map<TreePath, Awaited>();
  readonly #others = new RecordWriter();
  readonly #files = new RecordWriter();

  /** Takes an entry; of a file its digest must follow. Keys rise. */
  add(entry: Entry, key: number): void {
    this.length++;
    if (entry.type === 'file' && entry.unreadable === undefined) this.#awaited.set(entry.path, { entry, key });
    else this.#others.addText(key, entryText(entry, null));
    if (this.length % TOGETHER === 0) this.#spool.append(this.#others.take());
  }

  /** Takes the digest of a file, and gives its entry; null where it was known already. */
  addDigest(path: TreePath, digest: string): Entry | null {
    const awaited = this.#awaited.get(path);
    if (awaited === undefined) return null;
    this.#awaited.delete(path);
    this.#files.addText(awaited.key, entryText(awaited.entry, digest));
    return awaited.entry;
  }

  /** Puts away what was taken so far. */
  flush(): void {
    this.#spool.append(this.#files.take());
    this.#spool.append(this.#others.take());
  }

  /** Files without a digest. */
  get unread(): readonly TreePath[] {
    return [...this.#awaited.keys()];
  }

  *[Symbol.iterator](): Generator<ScannedEntry, void, void> {
    for (const { bytes } of this.#spool.inOrder()) yield parseEntryText(bytes.toString('utf8', RECORD_HEAD));
  }

  close(): void {
    this.#spool.close();
  }
}
