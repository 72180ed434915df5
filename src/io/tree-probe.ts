/** Answers what rules may ask of the tree and its host (RuleContext), from the file system, remembering what it was asked. */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
  type Stats,
} from 'node:fs';
import { decodeBytes, encodeBytes } from '../formats/byte-text.ts';
import { compileNeedles, type Finder } from '../formats/needles.ts';
import { marshalStrings } from '../formats/marshal.ts';
import type { EntryType } from '../model/entry.ts';
import { asTreePath, isInside, type AbsolutePath, type TreePath } from '../model/path.ts';
import type { Prefix } from '../model/prefix.ts';
import type { RuleContext, RuleOptions } from '../rules/rule.ts';
import { entryType, hostPath, openPath, sortedNames } from './entries.ts';
import { remembering } from './remembering.ts';
import { kernelFinder } from './search-kernel.ts';
import { xzCodec } from './xz-codec.ts';

/** Answers of each kind that are kept. Files come in the order of the walk, so what is asked for again was asked for lately. */
const REMEMBERED = 1000;
/** Names that are kept: folders may be large. */
const NAMES = 5000;

/** Makes the context of a run. `tree` is the real path of the root. */
export function probeTree(tree: AbsolutePath, prefixes: readonly Prefix[], options: RuleOptions): RuleContext {
  const realPath = remembering((path: TreePath): TreePath | null => {
    const real = realPathOf(hostPath(tree, path));
    if (real === null || !isInside(real, tree)) return null;
    return asTreePath(tree === '/' ? real.slice(1) : real.slice(tree.length + 1));
  }, REMEMBERED);
  let finder: Finder | undefined;
  return {
    tree,
    prefixes,
    options,
    realPath,
    // rules ask again and again what lies beside and above a file
    typeOf: remembering(
      (path: TreePath) => attempt(() => typeOrNull(lstatSync(hostPath(tree, path), QUIETLY))),
      REMEMBERED,
    ),
    resolvedTypeOf: remembering((path: TreePath) => typeAt(openPath(tree, path)), REMEMBERED),
    linkTarget: (path) => attempt(() => decodeBytes(readlinkSync(hostPath(tree, path), { encoding: 'buffer' }))),
    namesIn: remembering(
      (path: TreePath) => attempt(() => sortedNames(hostPath(tree, path))) ?? [],
      NAMES,
      (names) => 1 + names.length,
    ),
    markedAround: () => null,
    peek: (path, limit) => attempt(() => firstBytes(hostPath(tree, path), limit)),
    hostTypeOf: remembering((path: string) => typeAt(encodeBytes(path)), REMEMBERED),
    hostRealPath: remembering((path: string) => realPathOf(encodeBytes(path)), REMEMBERED),
    xzCodec,
    finder: () => (finder ??= kernelFinder(compileNeedles(prefixes))),
    marshalStrings,
  };
}

function typeAt(place: Buffer | string): EntryType | null {
  return attempt(() => typeOrNull(statSync(place, QUIETLY)));
}

/** An error is costly to make, and much that rules ask for is not there. */
const QUIETLY = { throwIfNoEntry: false } as const;

function typeOrNull(stat: Stats | undefined): EntryType | null {
  return stat === undefined ? null : entryType(stat);
}

function realPathOf(place: Buffer): string | null {
  return attempt(() => decodeBytes(realpathSync.native(place, { encoding: 'buffer' })));
}

/** The start of a regular file; throws for anything else, blocks on nothing. A device is not even opened: that may do something. */
export function firstBytes(place: Buffer, limit: number): Buffer {
  if (!statSync(place).isFile()) throw new Error('it is no regular file');
  const file = openSync(place, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { size } = fstatSync(file);
    // files of /proc say 0
    const bytes = Buffer.alloc(size > 0 ? Math.min(limit, size) : Math.min(limit, 64 * 1024));
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(file);
  }
}

/** What can't be looked at is not there, as far as rules are concerned: the scan itself reports it. */
function attempt<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}
