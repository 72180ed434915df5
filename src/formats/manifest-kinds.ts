/** Which entries of a manifest need more than to be written: what is done for few of them must not read all of them again. */
import type { FileEntry, ManifestEntry } from '../model/manifest-entry.ts';
import { encodedLength } from './byte-text.ts';

export type EntryKind =
  | 'directory'
  | 'hard-link'
  | 'symlink'
  /** FIFOs and devices. */
  | 'node'
  /** Files with something to fill in. */
  | 'placed'
  /** Files with rows, which follow others. */
  | 'following'
  /** What gives powers to who runs or opens it. */
  | 'special'
  /** With an owner or extended attributes. */
  | 'owned'
  /** Files that get their mode and time at the end. */
  | 'unsettled';

/** What entries of a kind are. */
export type EntryOf<K extends EntryKind> = K extends 'placed' | 'following' | 'unsettled'
  ? FileEntry
  : K extends ManifestEntry['type']
    ? Extract<ManifestEntry, { readonly type: K }>
    : ManifestEntry;

const KINDS: Readonly<Record<EntryKind, (entry: ManifestEntry) => boolean>> = {
  directory: ({ type }) => type === 'directory',
  'hard-link': ({ type }) => type === 'hard-link',
  symlink: ({ type }) => type === 'symlink',
  node: ({ type }) => type === 'fifo' || type === 'character-device' || type === 'block-device',
  placed: (entry) => entry.type === 'file' && entry.sites !== undefined,
  following: (entry) => entry.type === 'file' && entry.rows !== undefined,
  special: isSpecial,
  owned: ({ owner, xattrs }) => owner !== undefined || xattrs !== undefined,
  unsettled: (entry) => entry.type === 'file' && !isSettledAtOnce(entry),
};

function isSpecial(entry: ManifestEntry): boolean {
  if (entry.type === 'character-device' || entry.type === 'block-device') return true;
  if (entry.xattrs?.some(({ name }) => name.startsWith('trusted.') || name.startsWith('security.')) === true)
    return true;
  return entry.type === 'file' && (entry.mode & 0o6000) !== 0;
}

/** Whether a file can have its mode and time as soon as it is written: nothing comes after that takes them away, or needs others. */
export function isSettledAtOnce(entry: FileEntry): boolean {
  // it is to be read again, and a change of owner takes setuid away
  const isOrdinary = (entry.mode & 0o7400) === 0o400;
  return isOrdinary && entry.owner === undefined && entry.xattrs === undefined && entry.rows === undefined;
}

const PREDICATES = Object.entries(KINDS) as [EntryKind, (entry: ManifestEntry) => boolean][]; // its keys are the kinds

/** Where the entries of each kind are, and what is asked of all of them together. */
export class EntryKinds {
  readonly #places = new Map<EntryKind, number[]>(PREDICATES.map(([kind]) => [kind, []]));
  /** Bytes of all files but those with holes. */
  bytes = 0;
  /** Of the longest path. */
  longestPath = 0;

  /** `place`: whatever finds it again. */
  add(entry: ManifestEntry, place: number): void {
    for (const [kind, isOfKind] of PREDICATES) if (isOfKind(entry)) this.#places.get(kind)?.push(place);
    if (entry.type === 'file' && entry.sparse === undefined) this.bytes += entry.size;
    if (entry.path.length * 3 > this.longestPath)
      this.longestPath = Math.max(this.longestPath, encodedLength(entry.path));
  }

  /** In the order of the manifest. */
  of(kind: EntryKind): readonly number[] {
    return this.#places.get(kind) ?? [];
  }
}
