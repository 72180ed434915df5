/** Remembers in which folders on the way of a walk something was seen, as long as files in them wait for their batch. */
import { isWithin, type TreePath } from '../model/path.ts';

interface Marked {
  readonly folder: TreePath;
  /** The next one around it. */
  readonly around: Marked | null;
}

/** Told of folders and files in the order of a walk: what is in a folder comes without a break. */
export class MarkedFolders {
  #nearest: Marked | null = null;
  /** Of the files since the last `take`. */
  readonly #seen = new Set<Marked>();

  mark(folder: TreePath): void {
    this.#nearest = { folder, around: this.#around(folder) };
  }

  addFile(path: TreePath): void {
    const nearest = this.#around(path);
    if (nearest !== null) this.#seen.add(nearest);
  }

  /** The marked folders around the files that were added since it was called last. */
  take(): TreePath[] {
    const folders = new Set<TreePath>();
    for (const nearest of this.#seen)
      for (let marked: Marked | null = nearest; marked !== null && !folders.has(marked.folder); marked = marked.around)
        folders.add(marked.folder);
    this.#seen.clear();
    return [...folders];
  }

  #around(path: TreePath): Marked | null {
    while (this.#nearest !== null && !isWithin(path, this.#nearest.folder)) this.#nearest = this.#nearest.around;
    return this.#nearest;
  }
}
