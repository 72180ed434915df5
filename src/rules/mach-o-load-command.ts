/** RL408: a path in a load command of a Mach-O file: the libraries it loads, where it looks for them, its own install name. */
import { decodeBytes } from '../formats/byte-text.ts';
import type { Hit } from '../formats/needles.ts';
import { isMachO, MACH_O_STARTS, readMachO, type MachOSlice } from '../formats/macho.ts';
import { MalformedMachO } from '../formats/macho-commands.ts';
import { rewritePaths, type Rewritten } from '../formats/macho-edits.ts';
import { commandPaths, type CommandPath } from '../formats/macho-paths.ts';
import type { Reference, Site } from '../model/reference.ts';
import { relativeTo, resolveInTree, type TreePath } from '../model/path.ts';
import { locate, pathAt, realFolderOf } from './claims.ts';
import type { Claim, FileRule, FileView, RuleContext } from './rule.ts';
import { slotForm } from './slots.ts';

export const rule: FileRule = {
  code: 'RL408',
  summary: "The tree's path, or one outside it, in a load command of a Mach-O program or library.",
  subject: 'file',
  appliesTo: ({ head }) => isMachO(head),
  isInteresting: (_path, head) => isMachO(head),
  interestingStarts: MACH_O_STARTS,
  *claim(view, hits, context) {
    const folders = [...new Set(view.names.map((name) => realFolderOf(name, context)))];
    for (const slice of slicesOf(view)) {
      const paths = commandPaths(slice);
      yield* insideClaims(view, slice, wayOfEach(view, hits, paths, folders));
      for (const path of paths) {
        const outside = outsideOf(view, path, folders, context);
        if (outside !== null) yield outside;
      }
    }
  },
};

/** Damaged headers are no reason to fail: no program loads such a file, and the generic rules say what is in it. */
function slicesOf(view: FileView): readonly MachOSlice[] {
  try {
    return readMachO(view);
  } catch (error) {
    if (error instanceof MalformedMachO) return [];
    throw error;
  }
}

/** A path that begins with a known prefix, and what it becomes: the new text, or why there is none. */
interface Way {
  readonly path: CommandPath;
  readonly hit: Hit;
  readonly text: string | null;
  readonly note: string;
}

function wayOfEach(
  view: FileView,
  hits: readonly Hit[],
  paths: readonly CommandPath[],
  folders: readonly TreePath[],
): Way[] {
  const plain = new Map(hits.flatMap((hit) => (hit.escaping === 'plain' ? [[hit.start, hit] as const] : [])));
  const taken = new Set(paths.filter(({ kind }) => kind === 'rpath').map((path) => textOf(view, path)));
  return paths.flatMap((path): Way[] => {
    const hit = plain.get(path.start);
    if (hit === undefined) return inEnvironment(hits, path);
    const way = wayOf(view, hit, path, folders);
    if (path.kind !== 'rpath' || way.text === null) return [{ path, hit, ...way }];
    // dyld refuses a file in which two LC_RPATH have the same text (mach_o::Header::validSemanticsRPath)
    let text = way.text;
    while (taken.has(text)) text += '/.';
    taken.add(text);
    return [{ path, hit, text, note: way.note }];
  });
}

/** `DYLD_…_PATH=` with paths of the tree; dyld takes some of them, and only from a program's own commands. */
function inEnvironment(hits: readonly Hit[], path: CommandPath): Way[] {
  if (path.kind !== 'environment') return [];
  const within = hits.filter(
    ({ start, end, escaping }) => escaping === 'plain' && start > path.start && end <= path.end,
  );
  return within.map((hit) => ({
    path,
    hit,
    text: null,
    note: 'a variable for the dynamic linker, which takes absolute paths',
  }));
}

const SETUID = 0o6000;

function wayOf(view: FileView, hit: Hit, path: CommandPath, folders: readonly TreePath[]): Pick<Way, 'text' | 'note'> {
  const pinned = (note: string): Pick<Way, 'text' | 'note'> => ({ text: null, note });
  const { inTree } = pathAt(view, hit, path.end);
  if (path.kind === 'id') return { text: `@rpath/${installName(textOf(view, path))}`, note: '' };
  if (path.kind === 'dylinker' || path.kind === 'environment') return pinned('the kernel takes an absolute path alone');
  if (inTree === null) return pinned('the path leaves the tree');
  if ((view.mode & SETUID) !== 0) return pinned('dyld expands no @loader_path in programs with special powers');
  const ways = new Set(folders.map((folder) => relativeTo(folder, inTree)));
  const [way] = ways;
  if (ways.size !== 1 || way === undefined)
    return pinned('hard-linked in folders from which the relative path is another: dyld may take any of its names');
  return { text: `@loader_path/${way}`, note: '' };
}

/** What a library is called behind `@rpath/`: its name, in a framework the path from the framework on. */
function installName(path: string): string {
  return /[^/]+\.framework\/.*$/.exec(path)?.[0] ?? path.slice(path.lastIndexOf('/') + 1);
}

function* insideClaims(view: FileView, slice: MachOSlice, ways: readonly Way[]): Generator<Claim> {
  const texts = new Map(
    ways.flatMap(({ path, hit, text }) => (text === null || hit.ambiguous ? [] : [[path, text] as const])),
  );
  const rewritten = rewritePaths(slice, texts);
  for (const way of ways) yield insideClaim(view, way, rewritten.get(way.path));
}

function insideClaim(view: FileView, { path, hit, text, note }: Way, rewritten: Rewritten | undefined): Claim {
  const base = {
    hit,
    site: siteOf(path, hit.start),
    path: decodeBytes(view.region(hit.start, path.end)),
    prefix: hit.prefix.path,
    scope: 'inside',
    applicability: hit.ambiguous ? 'unsafe' : 'safe',
    absolute: slotForm(view, hit, path.end),
  } as const;
  if (text === null || rewritten === undefined) return { ...base, fix: 'pinned', note };
  if (rewritten.ok)
    return { ...base, fix: 'relative', note, relative: { kind: 'splices', splices: rewritten.splices, text } };
  const { room, needed } = rewritten;
  return {
    ...base,
    fix: 'pinned',
    note: `${text} makes the load commands ${needed} bytes longer, and there is room for ${room}; link with -headerpad_max_install_names`,
  };
}

function siteOf({ end, limit }: CommandPath, start: number): Site {
  return { kind: 'slot', start, end, capacity: limit - 1 - start };
}

/** A library or a place to look that is not in the tree and not the system's. */
function outsideOf(
  view: FileView,
  path: CommandPath,
  folders: readonly TreePath[],
  { prefixes }: RuleContext,
): Claim | null {
  if (path.kind !== 'dependency' && path.kind !== 'rpath') return null;
  const text = textOf(view, path);
  const note = outsideNote(path, text, folders, (absolute) => locate(absolute, prefixes) !== null);
  if (note === null) return null;
  const outside: Pick<Reference, 'scope' | 'applicability' | 'fix'> = {
    scope: 'outside',
    applicability: 'manual',
    fix: 'none',
  };
  return { hit: null, site: siteOf(path, path.start), path: text, prefix: null, note, ...outside };
}

/** Folders of macOS itself, whose libraries are part of every host. */
const SYSTEM = /^\/(?:usr\/lib|System)(?:\/|$)/;
const LOADER = /^@loader_path(?:\/|$)/;

function outsideNote(
  { kind }: CommandPath,
  text: string,
  folders: readonly TreePath[],
  isOurs: (path: string) => boolean,
): string | null {
  const what =
    kind === 'rpath' ? 'a place outside the tree where libraries are looked for' : 'a library outside the tree';
  if (text.startsWith('/')) return SYSTEM.test(text) || isOurs(text) ? null : what;
  const behind = LOADER.test(text) ? text.slice('@loader_path'.length) : null;
  const leaves = behind !== null && folders.some((folder) => resolveInTree(folder, behind) === null);
  return leaves ? `${what}, by a relative path` : null;
}

function textOf(view: FileView, { start, end }: CommandPath): string {
  return decodeBytes(view.region(start, end));
}
