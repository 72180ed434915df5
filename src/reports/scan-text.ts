/** A scan for people: the tree, its prefixes with their evidence, what was found, the counts, and what to do next. */
import { showBytes } from '../formats/byte-text.ts';
import { OUTCOMES, type Outcome } from '../model/outcome.ts';
import type { Prefix, PrefixSource } from '../model/prefix.ts';
import type { ScanReport } from '../model/report.ts';
import { linesByFile, linesByRule, type ListStyle } from './item-lines.ts';
import type { ItemFile } from './items.ts';
import { countsOf, type ScanCounts } from './scan-counts.ts';
import { OUTCOME_MEANING, scanItemFile } from './scan-items.ts';
import { nextSteps } from './scan-next.ts';
import type { Style } from './style.ts';
import { warningLines } from './warnings.ts';
import { bytes, count, list, padRight, plural, widest, wrap } from './words.ts';

export interface ScanTextOptions extends ListStyle {
  readonly by: 'file' | 'rule';
}

/** The report, line by line, without line ends. */
export function* scanText(report: ScanReport, options: ScanTextOptions): Generator<string> {
  const counted = countsOf(report);
  yield* heading(report, options);
  yield* remarks(report, options);
  yield '';
  if (counted.references > 0) {
    const files = (): Iterable<ItemFile> => itemFiles(report);
    yield* options.by === 'rule' ? linesByRule(files, options) : linesByFile(files, options);
    yield '';
    yield* counts(report, counted, options);
  }
  yield* nextSteps(report, counted, options);
}

function* itemFiles(report: ScanReport): Generator<ItemFile> {
  for (const file of report.files()) yield scanItemFile(file);
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

function* heading(scan: ScanReport, { paint }: Style): Generator<string> {
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
function* remarks(scan: ScanReport, style: Style): Generator<string> {
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
function* counts(
  { summary }: ScanReport,
  { files, references, byWord }: ScanCounts,
  { paint, columns }: Style,
): Generator<string> {
  const parts = OUTCOMES.flatMap((outcome) => {
    const number = byWord.get(outcome) ?? 0;
    return number === 0 ? [] : [paint(OUTCOME_MEANING[outcome], COUNTED[outcome](number))];
  });
  const whole = `${plural(references, 'reference')} in ${plural(files, 'file')}`;
  yield* wrap(`${paint('strong', whole)}: ${parts.join(', ')}`, columns);
  const room = summary.maxPrefixBytes;
  if (room !== null) yield `The longest place that every fixed slot can hold: ${plural(room, 'byte')}.`;
}
