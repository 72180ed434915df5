/** Writes the manifest of a pack and what goes with it: entry by entry, as text that is not held. */
import { createHash, hash } from 'node:crypto';
import { compareBytes } from '../formats/byte-text.ts';
import { canonicalJson } from '../formats/canonical-json.ts';
import { digestLine, RenderList } from '../formats/install-lists.ts';
import { manifestFrame, parseEntryLine, parseFrame } from '../formats/manifest-json.ts';
import { ManifestCheck } from '../formats/manifest-rules.ts';
import { installScript } from '../io/install-script.ts';
import { TextSpool } from '../io/text-spool.ts';
import type { ManifestEntry, Ownership } from '../model/manifest-entry.ts';
import { OWN_PATHS, type LeftOut, type LeftReference, type ManifestHead } from '../model/manifest.ts';
import { joinTree, type AbsolutePath, type TreePath } from '../model/path.ts';
import { PLACEHOLDER } from '../model/plan.ts';
import type { Prefix } from '../model/prefix.ts';
import type { Requirements } from '../model/requirements.ts';
import { VERSION } from '../model/version.ts';

/** What is known of a pack besides its entries. */
export interface ManifestParts {
  readonly tree: { readonly name: string; readonly version: string };
  readonly root: Ownership & { readonly mode: number };
  readonly areAttributesKnown: boolean;
  readonly prefixes: readonly Prefix[];
  /** Those of the prefixes that are still named. */
  readonly origins: ReadonlySet<AbsolutePath>;
  readonly leftOut: readonly LeftOut[];
  readonly requirements: Requirements;
  readonly maxPrefixBytes: number | null;
  readonly volatile: readonly string[];
}

/** A file of relocate itself. */
export interface OwnFile {
  readonly path: TreePath;
  readonly size: number;
  /** A piece is valid until the next is asked for. */
  pieces(): Iterable<Buffer>;
}

export class ManifestWriter {
  /** Lines of entries, parted by commas. */
  readonly #lines = new TextSpool();
  readonly #digests = new TextSpool();
  readonly #renderList = new RenderList();
  readonly #totals = { entries: 0, files: 0, bytes: 0 };
  readonly #refusals: readonly LeftReference[];
  /** Files of which something stays as it is, and those of them that are packed. */
  readonly #refused: ReadonlySet<TreePath>;
  readonly #refusedPacked = new Set<TreePath>();
  /** Entries that others name. */
  readonly #named = new Set<TreePath>();

  /** `refusals`: what stays as it is, in order. */
  constructor(refusals: readonly LeftReference[]) {
    this.#refusals = refusals;
    this.#refused = new Set(refusals.map(({ file }) => file));
  }

  add(entry: ManifestEntry): void {
    this.#lines.append(`${this.#totals.entries === 0 ? '' : ',\n'}${canonicalJson(entry)}`);
    this.#totals.entries++;
    if (this.#refused.has(entry.path)) this.#refusedPacked.add(entry.path);
    if (entry.type === 'hard-link') this.#named.add(entry.target);
    if (entry.type !== 'file') return;
    this.#totals.files++;
    this.#totals.bytes += entry.size;
    this.#digests.append(digestLine(entry.path, entry.sha256));
    this.#renderList.add(entry);
    for (const { of } of entry.rows ?? []) this.#named.add(of);
  }

  /**
   * Ends it, when all entries are listed. A prefix of the build is named only where something in the archive names it anyway, so that the same
   * build made at two places gives the same bytes.
   */
  end(parts: ManifestParts): PackedManifest {
    if (this.#totals.entries > 0) this.#lines.append('\n');
    const { requirements, root } = parts;
    const helpers = [
      ownFile(OWN_PATHS.installScript, installScript()),
      ownFile(OWN_PATHS.renderList, this.#renderList.end({ root, requirements })),
    ];
    const head: ManifestHead = {
      version: 1,
      tool: { name: 'relocate', version: VERSION },
      tree: parts.tree,
      placeholder: PLACEHOLDER,
      origins: originsOf(parts),
      root,
      attributes: parts.areAttributesKnown ? 'recorded' : 'unknown',
      own: helpers.map(({ path, size, sha256 }) => ({ path, size, sha256 })),
      totals: this.#totals,
      requirements,
      maxPrefixBytes: parts.maxPrefixBytes,
      volatile: parts.volatile,
      leftOut: parts.leftOut,
      refusals: this.#refusals.filter(({ file }) => this.#refusedPacked.has(file)),
    };
    for (const { environment, links } of requirements.interpreters)
      for (const path of [joinTree(environment, 'pyvenv.cfg'), ...links]) this.#named.add(path);
    return new PackedManifest(head, this.#lines, this.#digests, helpers, this.#named);
  }

  /** Gives back what it is kept in. */
  close(): void {
    this.#lines.close();
    this.#digests.close();
  }
}

/** A manifest that is written, valid until its writer is closed. */
export class PackedManifest {
  readonly head: ManifestHead;
  /** With the manifest first, in the order of the archive. */
  readonly files: readonly OwnFile[];
  readonly #lines: TextSpool;
  readonly #named: ReadonlySet<TreePath>;

  constructor(
    head: ManifestHead,
    lines: TextSpool,
    digests: TextSpool,
    helpers: readonly (OwnFile & { readonly sha256: string })[],
    named: ReadonlySet<TreePath>,
  ) {
    this.head = head;
    this.#lines = lines;
    this.#named = named;
    const [first, last] = manifestFrame(head).map((line) => Buffer.from(`${line}\n`));
    const manifest = between(OWN_PATHS.manifest, lines, first, last);
    const own = [{ path: OWN_PATHS.manifest, sha256: digestOf(manifest) }, ...helpers];
    const listed = Buffer.from(own.map(({ path, sha256 }) => digestLine(path, sha256)).join(''));
    this.files = [manifest, ...helpers, between(OWN_PATHS.digestList, digests, listed)];
  }

  /**
   * The entries, read as install will read them: what it would refuse is not packed.
   * @throws ArchiveError, at the latest behind the last entry
   */
  *entries(): Generator<ManifestEntry, void, void> {
    const [first, last] = manifestFrame(this.head);
    const check = new ManifestCheck((path) => this.#named.has(path));
    let index = 0;
    for (const line of this.#lines.lines()) {
      const entry = parseEntryLine(line, index++, index === this.head.totals.entries);
      check.add(entry);
      yield entry;
    }
    check.end(parseFrame(first, last));
  }
}

function between(path: TreePath, spool: TextSpool, first: Buffer = EMPTY, last: Buffer = EMPTY): OwnFile {
  return {
    path,
    size: first.length + spool.length + last.length,
    *pieces() {
      yield first;
      yield* spool.pieces();
      yield last;
    },
  };
}

const EMPTY = Buffer.alloc(0);

function ownFile(path: TreePath, bytes: Buffer): OwnFile & { readonly sha256: string } {
  return { path, size: bytes.length, sha256: hash('sha256', bytes), pieces: () => [bytes] };
}

function digestOf(file: OwnFile): string {
  const digest = createHash('sha256');
  for (const piece of file.pieces()) digest.update(piece);
  return digest.digest('hex');
}

function originsOf({ prefixes, origins }: ManifestParts): ManifestHead['origins'] {
  return prefixes
    .filter(({ path }) => origins.has(path))
    .map(({ path, base }) => ({ path, base }))
    .sort((a, b) => compareBytes(a.path, b.path));
}
