/** What verify found, for people. */
import { showBytes } from '../formats/byte-text.ts';
import type { Verdict } from '../model/verdict.ts';
import { field } from './field.ts';
import { needFields } from './needs-text.ts';
import type { Style } from './style.ts';
import { warningLines } from './warnings.ts';
import { bytes, columnsOf, count, padRight, plural, shorten, widest, wrap } from './words.ts';

/** Differences listed before the rest is counted, unless all are asked for. */
const LISTED = 20;

/** The report, line by line. */
export function* verdictText(verdict: Verdict, style: Style & { readonly all: boolean }): Generator<string> {
  const { paint } = style;
  yield* warningLines(verdict.warnings, style);
  yield* differenceLines(verdict, style);
  yield* programLines(verdict, style);
  const { entries, files, bytes: size } = verdict.checked;
  const checked = `${plural(entries, 'path')}, ${plural(files, 'file')}, ${bytes(size)}`;
  const answer = verdict.ok ? paint('good', `in order`) : paint('bad', wrongs(verdict));
  yield* wrap(`${paint('strong', showBytes(verdict.path))}  ${answer} (${checked} checked)`, style.columns);
  if (verdict.requirements === null) return;
  for (const [name, text] of needFields(verdict.requirements, verdict.maxPrefixBytes)) yield* field(name, text, style);
}

function* differenceLines(
  { differences }: Verdict,
  { paint, columns, all }: Style & { readonly all: boolean },
): Generator<string> {
  const listed = all ? differences : differences.slice(0, LISTED);
  const width = widest(listed.map(({ kind }) => kind));
  for (const { kind, path, note } of listed) {
    const name = showBytes(path === '' ? '.' : path);
    const room = Math.max(24, columns - width - 6);
    const isShort = columnsOf(name) + columnsOf(note) + 2 <= room;
    yield `  ${paint('bad', padRight(kind, width))}  ${shorten(name, room)}${isShort && note !== '' ? `  ${paint('faint', showBytes(note))}` : ''}`;
    if (isShort || note === '') continue;
    for (const line of wrap(showBytes(note), room)) yield `  ${' '.repeat(width)}  ${paint('faint', line)}`;
  }
  if (listed.length < differences.length)
    yield paint('faint', `  and ${count(differences.length - listed.length)} more (--all lists them)`);
}

function* programLines({ programs }: Verdict, { paint, columns }: Style): Generator<string> {
  for (const { program, note } of programs.filter(({ ok }) => !ok)) {
    yield `  ${paint('bad', 'failed')}  ${showBytes(program)}`;
    for (const line of wrap(showBytes(note), Math.max(24, columns - 10))) yield `          ${paint('faint', line)}`;
  }
  const fine = programs.filter(({ ok }) => ok).length;
  if (fine > 0) yield `  ${paint('good', 'ran')}     ${plural(fine, 'program')} with the old place hidden`;
}

function wrongs({ differences, programs }: Verdict): string {
  const failed = programs.filter(({ ok }) => !ok).length;
  const parts = [
    ...(differences.length > 0 ? [plural(differences.length, 'difference')] : []),
    ...(failed > 0 ? [`${plural(failed, 'program')} did not run`] : []),
  ];
  return parts.join(', ');
}
