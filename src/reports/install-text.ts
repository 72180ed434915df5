/** What install did, for people. */
import { showBytes } from '../formats/byte-text.ts';
import type { Installed } from '../model/install.ts';
import { shellWord } from './shell-word.ts';
import type { Style } from './style.ts';
import { warningLines } from './warnings.ts';
import { bytes, plural } from './words.ts';

const OUTCOMES: Readonly<Record<Installed['outcome'], string>> = {
  installed: 'installed',
  replaced: 'installed in place of what was there',
  unchanged: 'nothing to do: the same is there already',
};

/** The report, line by line. */
export function* installText({ outcome, receipt }: Installed, style: Style): Generator<string> {
  const { paint } = style;
  const { counts, place, pythons, tree } = receipt;
  yield* warningLines(receipt.warnings, style);
  yield `${paint('strong', showBytes(place))}  ${paint('good', OUTCOMES[outcome])}`;
  const name = [tree.name, tree.version].filter((text) => text !== '').join(' ');
  if (name !== '') yield `  ${paint('faint', 'name')}      ${showBytes(name)}`;
  yield `  ${paint('faint', 'holds')}     ${plural(counts.entries, 'path')}, ${plural(counts.files, 'file')}, ${bytes(counts.bytes)}; ${plural(counts.rendered, 'file')} written with this place`;
  if (counts.reused !== undefined)
    yield `  ${paint('faint', 'reused')}    ${plural(counts.reused, 'file')} of the release that was there`;
  if (receipt.via !== null)
    yield `  ${paint('faint', 'link')}      ${showBytes(receipt.via)} leads to it, and fixed slots name it by that`;
  for (const { environment, program } of pythons)
    yield `  ${paint('faint', 'python')}    ${showBytes(program)} for ${showBytes(environment === '' ? 'the tree' : environment)}`;
  if (outcome !== 'unchanged') yield `Next: ${paint('code', `relocate verify ${shellWord(place)} --run`)}`;
}
