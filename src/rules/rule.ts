/**
 * What a rule is. A rule looks at one file in which something was found (or that is interesting by its shape) and claims the
 * hits it understands; a hit goes to the first rule that claims it, in the order of the registry, and the generic rules take the rest.
 */
import type { UnpackWhole } from '../formats/decompression.ts';
import type { MarshalStrings } from '../formats/marshal.ts';
import type { Finder, Hit, Place } from '../formats/needles.ts';
import type { BundledEnvironment } from '../model/bundle.ts';
import type { RuleCode } from '../model/codes.ts';
import type { Entry, EntryType } from '../model/entry.ts';
import type { AbsolutePath, TreePath } from '../model/path.ts';
import type { Prefix } from '../model/prefix.ts';
import type { Reference } from '../model/reference.ts';

/** Files up to this size are held whole while rules look at them; of larger ones rules see regions. */
export const WHOLE_FILE_LIMIT: number = 16 * 1024 * 1024;
/** How much of its start every rule may look at, for any file. */
export const HEAD_BYTES: number = 4096;

/** A file under scan, read-only. Buffers are valid only during the call. */
export interface FileView {
  readonly path: TreePath;
  /** All names of the inode inside the tree (hard links), `path` among them. */
  readonly names: readonly TreePath[];
  /** Symlinks in other folders that lead here; known for shared libraries alone (by their names), which `$ORIGIN` tells apart. */
  readonly links: readonly TreePath[];
  readonly size: number;
  readonly mode: number;
  /** The first HEAD_BYTES bytes. */
  readonly head: Buffer;
  /** The whole file; null where it is larger than WHOLE_FILE_LIMIT, or not small and nothing was found in it. */
  readonly bytes: Buffer | null;
  /** Whether the file as a whole is text: no NUL in it (a large file: none in its head). Wide text counts as binary. */
  readonly isText: boolean;
  /** Where prefixes stand as they are, hits or not, sorted; null where nobody knows. */
  readonly places: readonly Place[] | null;
  /** The bytes [start, end), clamped to the file; copies nothing where the file is held whole. */
  region(start: number, end: number): Buffer;
  /** The file, or the first WHOLE_FILE_LIMIT bytes of it, as latin1: index equals offset, nothing is lost. Computed once. */
  latin1(): string;
  /** 1-based line and column (bytes) of an offset; nulls for a large file. */
  position(offset: number): { readonly line: number | null; readonly column: number | null };
}

/** What a rule may ask of the tree and the run. */
export interface RuleContext {
  readonly tree: AbsolutePath;
  readonly prefixes: readonly Prefix[];
  readonly options: RuleOptions;
  /** What a path of the tree is, following no link at its last name; null where there is nothing. */
  typeOf(path: TreePath): EntryType | null;
  /** What a path of the tree is after following links; null where it dangles. A path may leave the tree through links. */
  resolvedTypeOf(path: TreePath): EntryType | null;
  /** The real path of a tree path, as a tree path: symlinked folders resolved. Null where it leaves the tree or does not exist. */
  realPath(path: TreePath): TreePath | null;
  /** The text of a symlink of the tree; null for anything else. */
  linkTarget(path: TreePath): string | null;
  /** Names in a folder of the tree, sorted by bytes; empty where it is none. */
  namesIn(path: TreePath): readonly string[];
  /**
   * The folders around a file that hold one of the names by which builds are known (`MARKS`), nearest first; null where nobody has
   * just seen all names in them.
   */
  markedAround(path: TreePath): readonly TreePath[] | null;
  /** The first `limit` bytes of a file of the tree; null where it can't be read. */
  peek(path: TreePath, limit: number): Buffer | null;
  /** What kind of thing an absolute path of this host is, following links; null for nothing. */
  hostTypeOf(path: string): EntryType | null;
  /** Where an absolute path of this host really is, all links followed; null for nothing. */
  hostRealPath(path: string): string | null;
  /** What unpacks xz; null where this host has nothing that does. */
  xzCodec(): UnpackWhole | null;
  /** What finds the needles of the prefixes (`compileNeedles(prefixes)`) in bytes that are no file. */
  finder(): Finder;
  /** Reads marshalled objects, those in the buffer of a scan the quick way. */
  readonly marshalStrings: MarshalStrings;
}

/** What the user asked rules to do otherwise than usual. Plain JSON: it crosses threads. */
export interface RuleOptions {
  readonly launcher: Launcher;
  /** A program whose search path does not fit its place may grow (`--grow`). */
  readonly grow: boolean;
  /** Entries of search paths that lead out of the tree are dropped (`--drop-outside-rpath`). */
  readonly dropOutsideRpath: boolean;
  /** Paths in debug information are blanked (`--strip-debug-paths`). */
  readonly stripDebugPaths: boolean;
  /** Archives are looked into (not with `--no-archives`). */
  readonly archives: boolean;
  /** Environments whose Python comes along (`--bundle-python`). */
  readonly bundled: readonly BundledEnvironment[];
  /** Text in members of zip archives is to say this place (`--repack`); null where archives stay as they are. */
  readonly repack: AbsolutePath | null;
}

export const USUAL: RuleOptions = {
  launcher: 'env-split',
  grow: false,
  dropOutsideRpath: false,
  stripDebugPaths: false,
  archives: true,
  bundled: [],
  repack: null,
};

/** `env-split`: one line, needs `env -S`; `polyglot`: three lines of sh and Python at once. */
export type Launcher = 'env-split' | 'polyglot';

/** A reference as a rule makes it: the engine adds code, name and file. `hit` null: found by shape, not by the search. */
export interface Claim extends Omit<Reference, 'code' | 'rule' | 'file'> {
  readonly hit: Hit | null;
}

interface RuleBase {
  readonly code: RuleCode;
  /** One line for lists and for `explain`. */
  readonly summary: string;
}

/** A rule about the bytes of files. */
export interface FileRule extends RuleBase {
  readonly subject: 'file';
  /** Set where the rule is asked about byte code too: whatever else its name and head look like, it is nothing else. */
  readonly readsByteCode?: true;
  /** Cheap, by name and head alone: may this rule claim anything in the file? */
  appliesTo(view: Pick<FileView, 'path' | 'head' | 'size' | 'mode'>): boolean;
  /** Set where the rule wants to see files without any hit too (a shebang that leaves the tree). Must be very cheap. */
  isInteresting?(path: TreePath, head: Buffer): boolean;
  /** Set where such files begin with one of few bytes: of files that begin otherwise the rule is not asked whether it wants to see them. */
  readonly interestingStarts?: readonly number[];
  /**
   * Whether, of a file that is too large to hold, each hit is claimed by itself, whatever other hits there are, and nothing else is told. Where all
   * rules that apply say so, they are asked about the hits part by part. Where it is not set, that is no.
   */
  claimsEachAlone?(view: FileView): boolean;
  /** Claims some of the hits that are left, in any order; each hit at most once. */
  claim(view: FileView, hits: readonly Hit[], context: RuleContext): Iterable<Claim>;
}

/** A rule about an entry itself: a symlink's target, its name, what it is. */
export interface EntryRule extends RuleBase {
  readonly subject: 'entry';
  appliesTo(entry: Entry): boolean;
  /** Hits of the symlink's target, or of the entry's own path with a leading `/` (see `rules/path-in-file-name.ts`). */
  claim(entry: Entry, context: RuleContext): Iterable<Claim>;
}

/** A rule whose references the scan itself makes (a file that can't be read); it stands here for its name and summary. */
export interface ScanRule extends RuleBase {
  readonly subject: 'scan';
}

export type Rule = FileRule | EntryRule | ScanRule;
