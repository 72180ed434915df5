/** First lines that lead out of the tree, for the rules that report them (RL103, RL104). */
import { isInside } from '../model/path.ts';
import { textSite } from './claims.ts';
import type { Claim, FileView, RuleContext } from './rule.ts';
import { fromLatin1, readShebang } from './shebang-claims.ts';

/** Programs that every POSIX host has at these places: to name them ties a script to no place. */
const HOST_PROGRAMS: ReadonlySet<string> = new Set(
  ['sh', 'bash', 'env', 'awk', 'cat', 'echo', 'ed', 'expr', 'false', 'make', 'sed', 'test', 'true'].flatMap((name) => [
    `/bin/${name}`,
    `/usr/bin/${name}`,
  ]),
);

/** The claim on the interpreter of a first line that is neither in the tree nor on every host; null where it is none such. */
export function claimOutside(view: FileView, context: RuleContext, noteOn: (path: string) => string): Claim | null {
  const word = readShebang(view, [])?.interpreter;
  const path = fromLatin1(word?.text ?? '');
  if (word === undefined || !path.startsWith('/') || HOST_PROGRAMS.has(path)) return null;
  if (context.prefixes.some((prefix) => isInside(path, prefix.path))) return null;
  return {
    hit: null,
    site: textSite(view, word.start, word.end),
    path,
    prefix: null,
    scope: 'outside',
    applicability: 'safe',
    fix: 'none',
    note: noteOn(path),
  };
}
