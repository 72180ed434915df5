/** supervisord's own self-reference: `%(here)s`, the folder of the file it stands in (since supervisor 4; before, of the main file). */
import { LOOK_AHEAD, pathEndsAt } from '../formats/boundary.ts';
import { encodeBytes } from '../formats/byte-text.ts';
import type { Hit } from '../formats/needles.ts';
import { escapingsAt } from '../formats/quoting.ts';
import { dirName, isInside, joinTree, relativeTo, type TreePath } from '../model/path.ts';
import type { Splice } from '../model/reference.ts';
import type { FileView, RuleContext } from './rule.ts';
import { aliasBetween } from './tree-links.ts';

/** Where supervisor expands `%(here)s`: all options of these sections, or those named (supervisor/options.py, 4.2 and 4.3). */
const EXPANDED: readonly { readonly section: RegExp; readonly options: RegExp }[] = [
  { section: /^supervisord$|^(program|fcgi-program|eventlistener):/, options: /(?:)/ },
  { section: /^unix_http_server$/, options: /^file$/ },
  { section: /^supervisorctl$/, options: /^(serverurl|history_file)$/ },
  { section: /^include$/, options: /^files$/ },
];

export type SupervisorForm = { readonly splice: Splice; readonly note: string } | { readonly pinned: string };

/** The relative form of a hit; or why it stays as it is. */
export function supervisorForm(view: FileView, hit: Hit, context: RuleContext): SupervisorForm {
  const text = view.latin1();
  const place = placeOf(text, hit.start);
  if (
    place === null ||
    !EXPANDED.some(({ section, options }) => section.test(place.section) && options.test(place.option))
  )
    return { pinned: '' };
  const folder = dirName(view.path);
  const { anchor, end } = anchorOf(view, hit, folder);
  const link = aliasBetween(folder, anchor, context);
  if (link !== null)
    return { pinned: `supervisor counts \`..\` by the text of the path, and the folder is also reached as ${link}` };
  const up = relativeTo(folder, anchor);
  const here = up === '.' ? '%(here)s' : `%(here)s/${up}`;
  const isMain = /^\[(supervisord|supervisorctl)\]/m.test(text);
  return {
    splice: { start: hit.start, end, text: place.isWord ? `"${here}"` : here },
    note: isMain ? '' : "in an included file %(here)s is the file's own folder only since supervisor 4",
  };
}

/**
 * The nearest folder above both the file and the path, so that no more is climbed than needed (a path of the same release stays right
 * when the file is read through the `current` link), and where its name ends in the text.
 */
function anchorOf(view: FileView, hit: Hit, folder: TreePath): { readonly anchor: TreePath; readonly end: number } {
  const base = hit.prefix.base;
  const below = base === '' ? folder : isInside(folder, base) ? folder.slice(base.length + 1) : '';
  const names = below.split('/').filter((name) => name !== '');
  for (let depth = names.length; depth > 0; depth--) {
    const tail = encodeBytes(`/${names.slice(0, depth).join('/')}`);
    const end = hit.end + tail.length;
    if (view.region(hit.end, end).equals(tail) && pathEndsAt(view.region(end, end + LOOK_AHEAD), 0, 'plain') === 'ends')
      return { anchor: joinTree(base, ...names.slice(0, depth)), end };
  }
  return { anchor: base, end: hit.end };
}

interface Place {
  readonly section: string;
  readonly option: string;
  /** Whether the value is split into words there, so that a folder with a blank needs quotes. */
  readonly isWord: boolean;
}

/** The option whose value holds an offset; null in comments, and where there is none. */
function placeOf(text: string, offset: number): Place | null {
  const before = text.slice(0, offset);
  const section = [...before.matchAll(/^\[([^\]\n]+)\]/gm)].at(-1)?.[1];
  const start = optionStart(before);
  if (section === undefined || start === null) return null;
  const option = /^([^\s=:;#][^=:\n]*?)[ \t]*[=:]/.exec(before.slice(start));
  if (option === null) return null;
  const value = before.slice(start + option[0].length);
  const line = before.slice(before.lastIndexOf('\n') + 1);
  // ConfigParser: a whole line of comment, or what follows a blank and one of these marks
  if (/^[;#]|\s[;#]/.test(line)) return null;
  const name = (option[1] ?? '').toLowerCase();
  const isWord = name === 'command' && escapingsAt(`${value}/`, [value.length], 'conf')[0] === 'word';
  return { section, option: name, isWord };
}

/** The line on which the option begins that goes on at the end of a text: lines that begin with a blank continue it. */
function optionStart(text: string): number | null {
  let start = text.lastIndexOf('\n') + 1;
  while (/^[ \t]/.test(text.slice(start, start + 1))) {
    if (start === 0) return null;
    start = text.lastIndexOf('\n', start - 2) + 1;
  }
  return start;
}
