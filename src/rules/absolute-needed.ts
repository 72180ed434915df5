/** RL404: a library named by the tree's path (NEEDED, SONAME, FILTER, AUDIT …), as linkers record it for libraries without a SONAME. */
import { TAG } from '../formats/elf-dynamic.ts';
import { replaceString } from '../formats/elf-replace.ts';
import { isElf, SEGMENT } from '../formats/elf.ts';
import type { Hit } from '../formats/needles.ts';
import type { Splice } from '../model/reference.ts';
import {
  dynamicElfOf,
  dynamicStrings,
  hitsIn,
  isLoader,
  soundOr,
  type DynamicElf,
  type DynamicString,
} from './elf-file.ts';
import { isWholeElement, stringClaim } from './elf-string-claim.ts';
import type { FileRule, FileView, RuleContext } from './rule.ts';
import { relocated, searchEntries } from './search-path.ts';

const NEEDED: ReadonlySet<number> = new Set([TAG.needed]);
const NAMES: ReadonlySet<number> = new Set([
  TAG.needed,
  TAG.soname,
  TAG.auxiliary,
  TAG.filter,
  TAG.config,
  TAG.depAudit,
  TAG.audit,
]);

export const rule: FileRule = {
  code: 'RL404',
  summary: "A library that a program needs, named by the tree's path (NEEDED, SONAME, FILTER, AUDIT).",
  subject: 'file',
  appliesTo: ({ head }) => isElf(head),
  *claim(view, hits, context) {
    const file = dynamicElfOf(view);
    if (file === null) return;
    for (const string of dynamicStrings(file, NAMES)) {
      const inside = hitsIn(hits, string);
      if (inside.length === 0) continue;
      const edit = originEdit(view, file, string, context);
      const isEditable = (hit: Hit): boolean => isWholeElement(string, hit, context);
      for (const hit of inside) {
        const pinned = stringClaim(view, file, string, hit);
        if (typeof edit === 'string' || !isEditable(hit))
          yield { ...pinned, note: pinned.note === '' && typeof edit === 'string' ? edit : pinned.note };
        else
          yield {
            ...pinned,
            fix: 'relative',
            applicability: hit.ambiguous ? 'unsafe' : 'safe',
            note: '',
            relative: { kind: 'splices', splices: edit },
          };
      }
    }
  },
};

/** `$ORIGIN/...` for a library that is needed; or why it stays absolute. */
function originEdit(
  view: FileView,
  file: DynamicElf,
  string: DynamicString,
  context: RuleContext,
): readonly Splice[] | string {
  if (isLoader(view) || (view.mode & 0o6000) !== 0 || string.text.includes(':')) return 'no $ORIGIN is taken here';
  if (string.tags.some(({ tag }) => tag !== TAG.needed))
    return 'programs that were linked against it say the same name';
  if (isMusl(view, file)) return 'musl takes no $ORIGIN in the name of a library';
  const path = relocated(searchEntries(string.text, context), view, context);
  if (!path.ok) return path.why;
  if (path.value.includes(':')) return 'it is opened in several folders, and one path does not serve all';
  const from = file.dynamic.strings.start;
  const replaceable = { start: string.start - from, end: string.end - from, tags: NEEDED };
  const replaced = soundOr(() => replaceString(file.elf, file.dynamic, replaceable, path.value), null);
  if (replaced?.ok === true) return replaced.splices;
  // glibc looks a version up by the name of its library as it is written (dl-version.c), and finds none with $ORIGIN in it
  return replaced?.why === 'shared'
    ? 'the versions of its symbols are listed under this name'
    : '$ORIGIN does not fit, or the tables of the file can not be what they say';
}

/** Whether the program or library is linked against musl. */
function isMusl(view: FileView, file: DynamicElf): boolean {
  const interpreter = file.elf.segments.find(({ type }) => type === SEGMENT.interpreter);
  const loader =
    interpreter === undefined ? '' : view.region(interpreter.offset, interpreter.offset + 256).toString('latin1');
  return (
    loader.includes('ld-musl') ||
    dynamicStrings(file, NEEDED).some(({ text }) => text.startsWith('libc.musl') || text === 'libc.so')
  );
}
