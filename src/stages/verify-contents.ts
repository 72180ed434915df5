/** Whether the bytes of a file in a tree are those of its entry: as they were packed, or as an install at one of the tree's places filled them in. */
import { renewSeals } from '../formats/seals.ts';
import { mergeSplices, spliceChunks } from '../formats/splices.ts';
import { bothWays } from '../formats/unrender.ts';
import { hostPath } from '../io/entries.ts';
import type { ManifestStore } from '../io/manifest-store.ts';
import { digestPieces, readPieces } from '../io/pieces.ts';
import type { Placement } from '../model/install.ts';
import type { FileEntry } from '../model/manifest-entry.ts';
import type { AbsolutePath, TreePath } from '../model/path.ts';

/** A tree, and the places that its files may name. */
export interface PlacedTree {
  /** Where to read it. */
  readonly root: AbsolutePath;
  /** Where it is, or will be: what the files that were filled in should say. */
  readonly place: AbsolutePath;
  /** The short link by which its fixed slots name it; null where they name the place. */
  readonly via: AbsolutePath | null;
  /** Places where it was before, newest first. */
  readonly formerPlaces: readonly AbsolutePath[];
  /** sha256 (hex) of the files that were filled in. */
  readonly rendered: ReadonlyMap<TreePath, string>;
}

/** sha256 (hex) and bytes of a file. */
interface Content {
  readonly digest: string;
  readonly size: number;
}

export class ExpectedContents {
  readonly #manifest: ManifestStore;
  readonly #tree: PlacedTree;
  /** Contents as they are on the disk of files that are right, and that rows of a RECORD follow. */
  readonly #right = new Map<TreePath, Content>();

  constructor(manifest: ManifestStore, tree: PlacedTree) {
    this.#manifest = manifest;
    this.#tree = tree;
  }

  /**
   * Whether a file holds what it should. One with rows of a RECORD is asked when all others were.
   * @throws what the system says where the file has to be read again
   */
  isRight(entry: FileEntry, content: Content): boolean {
    const isRight = this.#isKnown(entry, content) || this.#isFilledIn(entry, content);
    if (isRight && entry.sites !== undefined && this.#manifest.named.has(entry.path))
      this.#right.set(entry.path, content);
    return isRight;
  }

  /** By the digest that install noted, or by the archive's. */
  #isKnown({ path, sha256 }: FileEntry, { digest }: Content): boolean {
    return digest === (this.#tree.rendered.get(path) ?? sha256);
  }

  /** By the way back from what this place (or a former one) makes of it. */
  #isFilledIn(entry: FileEntry, content: Content): boolean {
    if (entry.sites === undefined && entry.rows === undefined) return false;
    const { place: here, via, formerPlaces } = this.#tree;
    const placements = [here, ...formerPlaces].flatMap((place): Placement[] => [
      ...(via === null ? [] : [{ place, slots: via }]),
      { place, slots: place },
    ]);
    return placements.some((placement) => this.#isFilledInFor(entry, placement, content));
  }

  #isFilledInFor(entry: FileEntry, placement: Placement, { digest, size }: Content): boolean {
    const packedAs = (path: TreePath): Content | undefined => {
      const file = this.#manifest.named.get(path);
      return file?.type !== 'file' ? undefined : { digest: file.sha256, size: file.size };
    };
    const ways = bothWays(entry, this.#manifest.head, placement, (path) => this.#right.get(path), packedAs);
    if (ways === null || ways.backward.some(({ end }) => end > size)) return false;
    if (entry.seals !== undefined && size !== entry.size) return false;
    const sealed = (pieces: Iterable<Buffer>): Iterable<Buffer> => renewSeals(pieces, entry.seals ?? []);
    const packed = (): Iterable<Buffer> =>
      sealed(spliceChunks(readPieces(hostPath(this.#tree.root, entry.path)), mergeSplices(ways.backward)));
    return (
      digestPieces(packed()).digest === entry.sha256 &&
      digestPieces(sealed(spliceChunks(packed(), ways.forward))).digest === digest
    );
  }
}
