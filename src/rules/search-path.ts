/** The new text of a search path (DT_RPATH, DT_RUNPATH): entries in the tree by `$ORIGIN`, for every name under which the file is opened. */
import { decodeBytes, encodeBytes } from '../formats/byte-text.ts';
import { baseName, dirName, joinTree, relativeTo, resolveInTree, type TreePath } from '../model/path.ts';
import { locate } from './claims.ts';
import type { FileView, RuleContext } from './rule.ts';

/** An entry of a search path: where it leads. */
export type SearchEntry =
  | { readonly kind: 'inside'; readonly text: string; readonly inTree: TreePath }
  /** An absolute path that is not in the tree. */
  | { readonly kind: 'outside'; readonly text: string }
  /** `$ORIGIN/...`, or a relative path (by the working directory). */
  | { readonly kind: 'other'; readonly text: string };

/** The entries of a search path; empty ones, which mean the working directory, are left out. `text` in latin1, as a file holds it. */
export function searchEntries(text: string, context: RuleContext): SearchEntry[] {
  return text.split(':').flatMap((bytes): SearchEntry[] => {
    if (bytes === '') return [];
    const path = decodeBytes(Buffer.from(bytes, 'latin1'));
    if (!path.startsWith('/')) return [{ kind: 'other', text: path }];
    const place = locate(path, context.prefixes);
    return [place === null ? { kind: 'outside', text: path } : { kind: 'inside', text: path, inTree: place.inTree }];
  });
}

/** The search path with entries in the tree relative; or why that is impossible. */
export type Relocated = { readonly ok: true; readonly value: Buffer } | { readonly ok: false; readonly why: string };

/** Makes the entries relative. Those that lead outside stay, or go with `--drop-outside-rpath`. */
export function relocated(entries: readonly SearchEntry[], view: FileView, context: RuleContext): Relocated {
  const folders = openedIn(view, context);
  const texts = new Set<string>();
  for (const entry of entries) {
    if (entry.kind === 'outside' && context.options.dropOutsideRpath && !isSystemFolder(entry.text)) continue;
    if (entry.kind !== 'inside') {
      texts.add(entry.text);
      continue;
    }
    const forms = originForms(entry.inTree, folders, context);
    if (typeof forms === 'string') return { ok: false, why: forms };
    for (const form of forms) texts.add(form);
  }
  return { ok: true, value: encodeBytes([...texts].join(':')) };
}

/**
 * The folders that `$ORIGIN` may stand for. A library's is the folder of the path it was opened by, its last link not followed
 * (glibc, dl-object.c); links of folders are left to the kernel, which climbs from the real folder.
 */
function openedIn({ names, links }: FileView, context: RuleContext): TreePath[] {
  const folders = [...names, ...links].map((name) => context.realPath(dirName(name)) ?? dirName(name));
  return [...new Set(folders)];
}

/**
 * How a folder of the tree is written for a file that is opened in these folders: one entry for each different way, or why there
 * is none. An entry that is right from one folder must not lead anywhere from another: see `guarded`.
 */
function originForms(target: TreePath, folders: readonly TreePath[], context: RuleContext): string[] | string {
  const ways = new Map<string, TreePath>();
  for (const folder of folders) ways.set(relativeTo(folder, target), folder);
  const forms: string[] = [];
  for (const [way, folder] of ways) {
    if (/[:$]/.test(way)) return 'a folder has `:` or `$` in its name, which a search path can not hold';
    const others = folders.filter((other) => relativeTo(other, target) !== way);
    const form = others.every((other) => isNowhere(other, way, context)) ? way : guarded(folder, way, others, context);
    if (form === null)
      return `it is opened in several folders (${folders.join(', ')}), and one path does not serve all`;
    forms.push(form === '.' ? '$ORIGIN' : `$ORIGIN/${form}`);
  }
  // the shorter way up first: it stays within the tree from everywhere
  return forms.sort((a, b) => climbs(a) - climbs(b) || (a < b ? -1 : 1));
}

/**
 * The way with a detour through the folder's own name: `../bin/../lib` for `../lib`. From a folder of another name it leads nowhere, so
 * the dynamic linker never looks outside of the tree.
 */
function guarded(folder: TreePath, way: string, others: readonly TreePath[], context: RuleContext): string | null {
  const name = baseName(folder);
  const detour = `../${name}/${way}`;
  if (folder === '' || /[:$]/.test(name)) return null;
  return others.every((other) => isNowhere(other, `../${name}`, context)) ? detour : null;
}

/** Whether a relative path leads, from a folder of the tree, to nothing. Outside of the tree nobody knows. */
function isNowhere(folder: TreePath, way: string, context: RuleContext): boolean {
  const place = resolveInTree(folder, way);
  return place !== null && context.resolvedTypeOf(joinTree(place)) === null;
}

function climbs(form: string): number {
  return form.split('/').filter((name) => name === '..').length;
}

/** Folders that the dynamic linker searches anyway. */
export function isSystemFolder(path: string): boolean {
  return /^\/(?:usr\/)?lib(?:64|32|x32)?(?:\/[a-z0-9_]+-[a-z]+-[a-z0-9]+)?\/?$/.test(path);
}
