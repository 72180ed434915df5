/** What to do after a scan. */
import { rowsIn } from '../formats/file-rows.ts';
import { outcomeIf, type Outcome } from '../model/outcome.ts';
import { joinAbsolute } from '../model/path.ts';
import type { ReferenceRow, ScanReport } from '../model/report.ts';
import type { ScanCounts } from './scan-counts.ts';
import { shellWord } from './shell-word.ts';
import type { Style } from './style.ts';
import { list, wrap } from './words.ts';

/** Sentences and commands, line by line. */
export function* nextSteps(
  report: ScanReport,
  { references, byWord, stuck }: ScanCounts,
  { paint, columns }: Style,
): Generator<string> {
  const tree = shellWord(report.tree);
  const command = (line: string): string => paint('code', line);
  const has = (...outcomes: readonly Outcome[]): boolean => outcomes.some((outcome) => byWord.has(outcome));
  const say = (text: string): string[] => wrap(text, columns);
  if (has('debris'))
    yield* say(
      `Debris is read by nothing but another build there: ${command('--exclude-debris')} leaves it out, ${command('relocate explain RL212')} says how to build anew.`,
    );
  if (!has('relative', 'pinned', 'blocked', 'unsafe', 'manual', 'unknown')) {
    yield* say(
      `Nothing ties this tree to its place${references > 0 ? ': what is listed is outside of it, or harmless' : ''}.`,
    );
    return;
  }
  if (stuck.length > 0)
    yield* say(
      `What would help where it is blocked: ${list(stuck.map((code) => command(`relocate explain ${code}`)))}`,
    );
  if (has('unsafe'))
    yield* say(
      `Unsafe ones are changed by ${command('fix --unsafe')} alone; see them with ${command('fix --unsafe --diff')}`,
    );
  if (has('unknown'))
    yield* say('What could not be read is unknown: make it readable, or leave it out with --exclude.');
  if (has('relative') || (has('pinned') && hasUntrue(report))) {
    yield `Next: ${command(`relocate fix ${tree}`)}`;
    yield `  or: ${command(`relocate pack ${tree} -o FILE`)}  ${paint('faint', '(the tree stays as it is)')}`;
  } else if (has('pinned'))
    yield* say(
      `Pinned ones can't be relative. After a move ${command(`relocate fix`)} writes the new place; so do ${command('relocate pack')} and ${command('relocate install')}.`,
    );
}

/** Whether something that stays absolute names a place where the tree does not stand. */
function hasUntrue(report: ScanReport): boolean {
  for (const file of report.files()) {
    if (!file.tally.kinds.some(({ word }) => word === 'pinned')) continue;
    for (const rows of file.pieces())
      for (const row of rowsIn(rows)) if (isPinned(row) && !isTrueHere(row, report)) return true;
  }
  return false;
}

function isPinned(row: ReferenceRow): boolean {
  return outcomeIf(row, () => row.allowed !== undefined) === 'pinned';
}

/** Whether a reference names the place where the tree stands: written anew, it would say the same. */
function isTrueHere({ prefix }: ReferenceRow, { prefixes }: ScanReport): boolean {
  const own = prefixes.filter(({ source }) => source === 'tree' || source === 'real');
  const named = prefixes.find(({ path }) => path === prefix);
  return named !== undefined && own.some(({ path }) => joinAbsolute(path, named.base) === named.path);
}
