/** A scan for people: the tree, its prefixes with their evidence, what was found, the counts, and what to do next. */
import { showBytes } from '../formats/byte-text.ts';
import { OUTCOMES, type Allows, type Outcome } from '../model/outcome.ts';
import type { Prefix, PrefixSource } from '../model/prefix.ts';
import type { Scan } from '../model/scan.ts';
import { linesByFile, linesByRule, type ListStyle } from './item-lines.ts';
import { filesOf } from './items.ts';
import { OUTCOME_MEANING, scanItems, type ScanItem } from './scan-items.ts';
import { nextSteps } from './scan-next.ts';
import type { Style } from './style.ts';
import { warningLines } from './warnings.ts';
import { bytes, count, list, padRight, plural, widest, wrap } from './words.ts';

export interface ScanTextOptions extends ListStyle {
  readonly by: 'file' | 'rule';
  readonly allows: Allows;
}

/** The report, line by line, without line ends. */
export function* scanText(scan: Scan, options: ScanTextOptions): Generator<string> {
  const items = scanItems(scan.references, options.allows);
  yield* heading(scan, options);
  yield* remarks(scan, options);
  yield '';
  if (items.length > 0) {
    yield* options.by === 'rule' ? linesByRule(items, options) : linesByFile(items, options);
    yield '';
    yield* counts(scan, items, options);
  }
  yield* nextSteps(scan, items, options);
}

const SOURCES: Readonly<Record<PrefixSource, string>> = {
  tree: 'this tree',
  real: 'its real path',
  option: 'given by option',
  config: 'from relocate.toml',
  recorded: 'recorded in the tree',
  receipt: 'recorded by relocate',
  via: 'the short link to it',
};

function* heading(scan: Scan, { paint }: Style): Generator<string> {
  const { files, directories, symlinks, bytes: size } = scan.summary;
  const parts = [plural(files, 'file'), plural(symlinks, 'link'), plural(directories, 'folder'), bytes(size)];
  yield `${paint('strong', showBytes(scan.tree))}  ${paint('faint', parts.join(', '))}`;
  const width = widest(scan.prefixes.map(({ path }) => showBytes(path)));
  for (const prefix of scan.prefixes)
    yield `  ${padRight(showBytes(prefix.path), width)}  ${paint('faint', aboutPrefix(prefix))}`;
}

function aboutPrefix({ base, source, evidence }: Prefix): string {
  const place = base === '' ? '' : `, now ${showBytes(base)}`;
  return `${evidence === '' ? SOURCES[source] : showBytes(evidence)}${place}`;
}

/** Sentences about the run: warnings, what was left out, allowances that match nothing. */
function* remarks(scan: Scan, style: Style): Generator<string> {
  yield* warningLines(scan.warnings, style);
  yield* warningLines(
    scan.unusedAllowances.map(
      ({ rule, files }) => `the [[allow]] of ${rule} in ${files} matches nothing; remove it from relocate.toml`,
    ),
    style,
  );
  if (scan.excluded.length === 0) return;
  const globs = [...new Set(scan.excluded.map(({ by }) => by))];
  yield style.paint('faint', `left out: ${plural(scan.excluded.length, 'path')} (${list(globs)})`);
}

const COUNTED: Readonly<Record<Outcome, (number: number) => string>> = {
  relative: (number) => `${count(number)} ${number === 1 ? 'becomes' : 'become'} relative`,
  pinned: (number) => `${count(number)} pinned`,
  blocked: (number) => `${count(number)} blocked`,
  unsafe: (number) => `${count(number)} unsafe`,
  manual: (number) => `${count(number)} to be done by hand`,
  unknown: (number) => `${count(number)} unknown`,
  outside: (number) => `${count(number)} outside`,
  dangling: (number) => `${count(number)} dangling`,
  allowed: (number) => `${count(number)} allowed`,
  debris: (number) => `${count(number)} debris of builds`,
  harmless: (number) => `${count(number)} harmless`,
};

/** `412 references in 37 files: 398 become relative, 9 pinned, 2 blocked, 3 harmless` */
function* counts(scan: Scan, items: readonly ScanItem[], { paint, columns }: Style): Generator<string> {
  const parts = OUTCOMES.flatMap((outcome) => {
    const number = items.filter(({ word }) => word === outcome).length;
    return number === 0 ? [] : [paint(OUTCOME_MEANING[outcome], COUNTED[outcome](number))];
  });
  const whole = `${plural(items.length, 'reference')} in ${plural(filesOf(items).length, 'file')}`;
  yield* wrap(`${paint('strong', whole)}: ${parts.join(', ')}`, columns);
  const room = scan.summary.maxPrefixBytes;
  if (room !== null) yield `The longest place that every fixed slot can hold: ${plural(room, 'byte')}.`;
}
