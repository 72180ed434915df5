/** What to do after a scan. */
import type { Outcome } from '../model/outcome.ts';
import { joinAbsolute } from '../model/path.ts';
import type { Scan } from '../model/scan.ts';
import { codesOf } from './items.ts';
import type { ScanItem } from './scan-items.ts';
import { shellWord } from './shell-word.ts';
import type { Style } from './style.ts';
import { list, wrap } from './words.ts';

/** Sentences and commands, line by line. */
export function* nextSteps(scan: Scan, items: readonly ScanItem[], { paint, columns }: Style): Generator<string> {
  const tree = shellWord(scan.tree);
  const command = (line: string): string => paint('code', line);
  const has = (...outcomes: readonly Outcome[]): boolean => items.some(({ word }) => outcomes.includes(word));
  const say = (text: string): string[] => wrap(text, columns);
  const blocked = items.filter(({ word }) => word === 'blocked' || word === 'manual');
  if (has('debris'))
    yield* say(
      `Debris is read by nothing but another build there: ${command('--exclude-debris')} leaves it out, ${command('relocate explain RL212')} says how to build anew.`,
    );
  if (!has('relative', 'pinned', 'blocked', 'unsafe', 'manual', 'unknown')) {
    yield* say(
      `Nothing ties this tree to its place${items.length > 0 ? ': what is listed is outside of it, or harmless' : ''}.`,
    );
    return;
  }
  if (blocked.length > 0)
    yield* say(
      `What would help where it is blocked: ${list(codesOf(blocked).map((code) => command(`relocate explain ${code}`)))}`,
    );
  if (has('unsafe'))
    yield* say(
      `Unsafe ones are changed by ${command('fix --unsafe')} alone; see them with ${command('fix --unsafe --diff')}`,
    );
  if (has('unknown'))
    yield* say('What could not be read is unknown: make it readable, or leave it out with --exclude.');
  if (has('relative') || items.some((item) => item.word === 'pinned' && !isTrueHere(item, scan))) {
    yield `Next: ${command(`relocate fix ${tree}`)}`;
    yield `  or: ${command(`relocate pack ${tree} -o FILE`)}  ${paint('faint', '(the tree stays as it is)')}`;
  } else if (has('pinned'))
    yield* say(
      `Pinned ones can't be relative. After a move ${command(`relocate fix`)} writes the new place; so do ${command('relocate pack')} and ${command('relocate install')}.`,
    );
}

/** Whether a reference names the place where the tree stands: written anew, it would say the same. */
function isTrueHere({ reference: { prefix } }: ScanItem, { prefixes }: Scan): boolean {
  const own = prefixes.filter(({ source }) => source === 'tree' || source === 'real');
  const named = prefixes.find(({ path }) => path === prefix);
  return named !== undefined && own.some(({ path }) => joinAbsolute(path, named.base) === named.path);
}
