/** What a pack came to, for people. */
import { showBytes } from '../formats/byte-text.ts';
import type { BundledPython } from '../model/bundle.ts';
import type { LeftOut, LeftReference, Manifest } from '../model/manifest.ts';
import { IS_FAILURE } from '../model/outcome.ts';
import type { Requirements } from '../model/requirements.ts';
import { needFields } from './needs-text.ts';
import { pythonSentence } from './bundle-text.ts';
import { shellWord } from './shell-word.ts';
import type { Style } from './style.ts';
import { field } from './field.ts';
import { warningLines } from './warnings.ts';
import { bytes, list, plural } from './words.ts';

/** What of a pack's receipt is told. */
export interface PackFacts {
  readonly archive: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly compression: string;
  readonly totals: Manifest['totals'];
  readonly maxPrefixBytes: number | null;
  readonly requirements: Requirements;
  readonly refusals: readonly LeftReference[];
  readonly leftOut: readonly LeftOut[];
  readonly pythons: readonly BundledPython[];
  readonly warnings: readonly string[];
}

/** The report, line by line. */
export function* packText(packed: PackFacts, style: Style): Generator<string> {
  const { paint } = style;
  const { entries, bytes: size } = packed.totals;
  yield* warningLines(packed.warnings, style);
  yield `${paint('strong', showBytes(packed.archive))}  ${paint('good', `${bytes(packed.bytes)} ${packed.compression}`)}, ${plural(entries, 'path')}, ${bytes(size)} unpacked`;
  yield `  sha256    ${packed.sha256}`;
  for (const python of packed.pythons) yield* field('brings', pythonSentence(python), style);
  for (const [name, text] of needFields(packed.requirements, packed.maxPrefixBytes)) yield* field(name, text, style);
  for (const line of leftOutLines(packed.leftOut)) yield* field('left out', line, style);
  const failures = packed.refusals.filter(({ reason }) => IS_FAILURE[reason]);
  const left = failures.reduce((sum, { count: number }) => sum + number, 0);
  if (left > 0) {
    const files = new Set(failures.map(({ file }) => file)).size;
    const pages = [...new Set(failures.map(({ code }) => code))]
      .sort()
      .map((code) => paint('code', `relocate explain ${code}`));
    yield* field(
      'tied',
      `${paint('bad', `${plural(left, 'reference')} in ${plural(files, 'file')}`)} still ${left === 1 ? 'names' : 'name'} the old place: ${list(pages)}`,
      style,
    );
  }
  const bare = `(without Node: .relocate/install.sh in the archive${packed.compression === 'zstd' ? '; needs zstd there' : ''})`;
  yield `Next: ${paint('code', `relocate install ${shellWord(packed.archive)} PLACE`)}  ${paint('faint', bare)}`;
}

/** Paths by the reason for which they were left out. */
function leftOutLines(leftOut: readonly LeftOut[]): string[] {
  const groups = new Map<string, LeftOut[]>();
  for (const item of leftOut) {
    const key = item.why === 'excluded' ? `excluded by ${item.by}` : item.by;
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return [...groups].map(
    ([reason, items]) =>
      `${items.length === 1 ? showBytes(items[0]?.path ?? '') : plural(items.length, 'path')}: ${reason}`,
  );
}
