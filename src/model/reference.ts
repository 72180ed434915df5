/** A reference: one occurrence of a path that ties the tree to a place. Plain JSON, made by rules, read by plans. */
import type { RuleCode, RuleName } from './codes.ts';
import type { AbsolutePath, TreePath } from './path.ts';

/**
 * How a path is written where it stands. Each has a codec in `formats/escaping.ts`.
 * - `plain`: the bytes of the path
 * - `json`: inside a JSON (or JavaScript, C, TOML basic) double-quoted string; `json-ascii`: the same with `\uXXXX` for all that
 *   is not ASCII; `slash`, `slash-ascii`: the same with `\/` for `/`; `unicode`: as `json-ascii` with `\u002f` for `/`
 * - `python`: inside a Python string literal of either quote; `python-ascii`: the same with `\xNN`, `\uNNNN` for all that is not ASCII;
 *   `hex`: `\xNN` for every byte that is no plain name byte (Python byte strings; "…" of PHP, Perl and Ruby)
 * - `single-quoted`: inside '…' where only `\\` and `\'` are escapes (PHP, Perl, Ruby, fish); `quote-doubled`: inside '…' where `''`
 *   stands for the quote (YAML, SQL)
 * - `shell-double`, `shell-single`, `shell-bare`: inside "…", '…', or unquoted in a POSIX shell; `csh-double`: inside "…" in csh
 * - `percent`: the path part of a URL, `/` literal; `percent-slash`: a URL component, `%2F` for `/`
 * - `xml`: XML and HTML text or attribute; `xml-slash`: the same with `&#x2F;` for `/`
 * - `dollar-doubled`: `$$` for `$` (ZConfig, make); `percent-doubled`: `%%` for `%` (systemd, supervisor, uwsgi)
 * - `literal`: inside quotes that know no escapes; `word`: unquoted where nothing can be escaped; `ascii`: the file's encoding is not
 *   known; `search-path`: an element of a list with colons in which `$` begins a variable (RPATH). These four write the plain bytes and
 *   refuse a path that needs more.
 * - `utf-16le` … `utf-32be`: wide strings
 */
export type Escaping =
  | 'plain'
  | 'json'
  | 'json-ascii'
  | 'slash'
  | 'slash-ascii'
  | 'unicode'
  | 'python'
  | 'python-ascii'
  | 'hex'
  | 'single-quoted'
  | 'quote-doubled'
  | 'shell-double'
  | 'shell-single'
  | 'shell-bare'
  | 'csh-double'
  | 'percent'
  | 'percent-slash'
  | 'xml'
  | 'xml-slash'
  | 'dollar-doubled'
  | 'percent-doubled'
  | 'literal'
  | 'word'
  | 'ascii'
  | 'search-path'
  | 'utf-16le'
  | 'utf-16be'
  | 'utf-32le'
  | 'utf-32be';

/** Where a reference stands. Offsets are bytes from the start of the file (or member), `end` exclusive; they span the whole path as found. */
export type Site =
  | {
      readonly kind: 'text';
      readonly start: number;
      readonly end: number;
      /** Line and column (in bytes) from 1; null in a file too large to hold in memory. */
      readonly line: number | null;
      readonly column: number | null;
    }
  /** A fixed-size place in a binary; `capacity` is the bytes from `start` to the end of the room (the NUL not counted). */
  | { readonly kind: 'slot'; readonly start: number; readonly end: number; readonly capacity: number }
  /** A string object of a marshalled code object, the type byte at `start`; or, where the string holds more, the path in it. */
  | { readonly kind: 'pyc'; readonly start: number; readonly end: number }
  /** In a member of an archive: offsets are those in the member. An archive in the archive is named `a.zip!/b`. */
  | { readonly kind: 'member'; readonly member: string; readonly start: number; readonly end: number }
  | { readonly kind: 'symlink' }
  /** The entry itself: its name (RL904), or that it can't be read (RL901), or what kind it is (RL903). */
  | { readonly kind: 'entry' };

/** `inside` points into the tree; `outside` another place on this host; `sibling` another release of the site; `dangling` nowhere. */
export type Scope = 'inside' | 'outside' | 'sibling' | 'dangling';

/** `safe` fixed by default; `unsafe` only with `--unsafe`; `manual` never by relocate, a person must. */
export type Applicability = 'safe' | 'unsafe' | 'manual';

/** `relative` made self-locating; `pinned` rendered with the tree's place; `blocked` can't be changed; `none` harmless or outside. */
export type Fix = 'relative' | 'pinned' | 'blocked' | 'none';

/** Replaces the bytes [start, end) of a file by `text` (bytes as a string, see path.ts). Inserts where start = end. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The self-locating form of a reference. References of one file may share a splice (the same in all three fields). */
export type RelativeForm =
  /** `text`, for people: what comes in the place of the path, where the splices hold more than that. */
  | { readonly kind: 'splices'; readonly splices: readonly Splice[]; readonly text?: string }
  | { readonly kind: 'target'; readonly target: string };

/**
 * How to write an absolute path at this site: the bytes [start, end) are the prefix alone, written in `escaping`; what follows
 * stays. `base` is what the prefix was in the tree (see Prefix.base). The new bytes are the escaped `destination/base`.
 */
export interface AbsoluteForm {
  readonly start: number;
  readonly end: number;
  readonly escaping: Escaping;
  readonly base: TreePath;
  /**
   * Set for a fixed-size site: the string ends (NUL) at `slotEnd`, `tail` is what follows the prefix up to there. A shorter path is
   * padded with `/` behind the prefix (`slash`, the tail keeps its place) or with NULs at the end (`nul`). See bytes.md, C strings.
   */
  readonly slot?: { readonly slotEnd: number; readonly padding: 'slash' | 'nul'; readonly tail: string };
  /**
   * Set for a path in a member of an archive: the splices that pack it again, worked out for this one destination. All paths of an archive
   * share them; [start, end) is not in the file.
   */
  readonly repacked?: { readonly destination: string; readonly splices: readonly Splice[] };
  /**
   * Set where a little-endian unsigned number of `width` bytes at the offset `at` counts these bytes (marshal): its present value,
   * how many paths of this same form it counts (all are written together), and whether the string can hold ASCII alone.
   */
  readonly length?: {
    readonly at: number;
    readonly width: 1 | 4;
    readonly value: number;
    readonly paths: number;
    readonly ascii: boolean;
  };
}

export interface Reference {
  readonly code: RuleCode;
  readonly rule: RuleName;
  readonly file: TreePath;
  readonly site: Site;
  /** The path as found, unescaped: `/srv/build/site/bin/python3`. For an entry: what is to be said of it. */
  readonly path: string;
  /** The known prefix it starts with; null for an outside reference. */
  readonly prefix: AbsolutePath | null;
  readonly scope: Scope;
  readonly applicability: Applicability;
  readonly fix: Fix;
  /** One sentence for people: why it is blocked, what it means, what to do. May be empty. */
  readonly note: string;
  /** Set when fix is `relative`. */
  readonly relative?: RelativeForm;
  /** Set when the path can be written anew: always when fix is `pinned`, often when it is `relative`. */
  readonly absolute?: AbsoluteForm;
}

/** A reference without the ways of writing it anew: what it is, as reports tell it. */
export type PlainReference = Omit<Reference, 'relative' | 'absolute'>;
