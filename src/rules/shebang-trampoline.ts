/** RL102: a Python script that sh starts first, since its interpreter's path is too long for a first line or holds blanks. */
import type { Hit } from '../formats/needles.ts';
import { encodeBytes } from '../formats/byte-text.ts';
import { ENV_SPLIT, PORTABLE_SHEBANG } from '../formats/shebang.ts';
import { relativeTo } from '../model/path.ts';
import type { Escaping, Splice } from '../model/reference.ts';
import { pathAt, pinned, realFolderOf, relative, type TextClaim } from './claims.ts';
import { besideScript, envSplitLauncher } from './launcher.ts';
import { isPolyglotWord } from './polyglot.ts';
import type { Claim, FileRule, FileView, RuleContext } from './rule.ts';
import { isScript } from './shebang-claims.ts';
import { isThere } from './tree-links.ts';

export const rule: FileRule = {
  code: 'RL102',
  subject: 'file',
  summary: 'A Python script is started through sh, by an absolute path into the tree.',
  appliesTo: (view) => isScript(view) && view.head.includes('exec'),

  *claim(view, hits, context) {
    const trampoline = findTrampoline(view.head.toString('latin1'));
    if (trampoline === null) return;
    const hit = hits.find(({ start, end }) => start === trampoline.pathStart && end <= trampoline.end);
    if (hit !== undefined) yield claimOn(view, hit, trampoline, context);
  },
};

/** The exec line. Its first word after `exec` is the interpreter. */
interface Trampoline {
  /** The line's start and end. */
  readonly start: number;
  readonly end: number;
  readonly wordStart: number;
  /** Behind the opening quote. */
  readonly pathStart: number;
  readonly quote: '' | '"' | "'";
  /** Set for `"exec" "…" "$0" "$@"`, which has no third line. */
  readonly isConcatenation: boolean;
}

/**
 * Three spellings: `'''exec' PYTHON "$0" "$@"` with `' '''` on the next line (pip, distlib, uv) or ` #'''` at the end (conda), and
 * `"exec" "PYTHON" "$0" "$@"`. Comments may stand before it.
 */
function findTrampoline(head: string): Trampoline | null {
  const match = /^#![^\n]*sh\n(?:#[^\n]*\n)*(?='''exec' |"exec" ")/.exec(head);
  if (match === null) return null;
  const start = match[0].length;
  const end = head.indexOf('\n', start);
  const line = head.slice(start, end < 0 ? head.length : end);
  const isConcatenation = line.startsWith('"exec"');
  const isEnded = line.endsWith(` #'''`) || isConcatenation || head.slice(end).startsWith(`\n' '''`);
  if (!isEnded || !/ "\$0" "\$@"(?: #''')?$/.test(line)) return null;
  const wordStart = start + line.indexOf(' ') + 1;
  const first = head[wordStart];
  const quote = first === '"' || first === "'" ? first : '';
  return { start, end: start + line.length, wordStart, pathStart: wordStart + quote.length, quote, isConcatenation };
}

const ESCAPING: Readonly<Record<Trampoline['quote'], Escaping>> = {
  '': 'shell-bare',
  '"': 'shell-double',
  "'": 'shell-single',
};

function claimOn(view: FileView, hit: Hit, trampoline: Trampoline, context: RuleContext): Claim {
  const line = view.head.toString('latin1', 0, trampoline.end);
  const pathEnd = line.indexOf(trampoline.quote || ' ', hit.end);
  const found = pathAt(view, hit, pathEnd);
  const options: TextClaim = { found, escaping: hit.escaping === 'plain' ? ESCAPING[trampoline.quote] : hit.escaping };
  if (found.inTree === null) return pinned(view, hit, { ...options, note: 'the path leaves the tree' });
  if (!isThere(found.inTree, context))
    return pinned(view, hit, { ...options, note: `${found.inTree} is not in the tree` });
  const word = besideScript(relativeTo(realFolderOf(view.path, context), found.inTree));
  if (!isPolyglotWord(word))
    return pinned(view, hit, { ...options, note: 'the path holds a character that sh and Python read differently' });
  const wordEnd = pathEnd + trampoline.quote.length;
  const single = context.options.launcher === 'env-split' ? singleLine(view, word, wordEnd, trampoline) : null;
  return relative(view, hit, single ?? splicesFor(word, wordEnd, trampoline), options);
}

/**
 * The one line that the script would have had from the start, had its interpreter's path been short and without blanks: so that the
 * same build at two places becomes the same bytes. Null where the lines say more than pip's three.
 */
function singleLine(
  view: FileView,
  word: string,
  wordEnd: number,
  { start, end, isConcatenation }: Trampoline,
): Splice[] | null {
  const head = view.head.toString('latin1');
  const isPlain =
    start === PIP_FIRST_LINE.length && head.slice(wordEnd, end) === ' "$0" "$@"' && head.startsWith(PIP_FIRST_LINE);
  if (!isPlain || isConcatenation || !head.startsWith(PIP_LAST_LINE, end)) return null;
  const text = envSplitLauncher(ENV_SPLIT, [word]);
  if (text === null || encodeBytes(text).length > PORTABLE_SHEBANG) return null;
  return [{ start: 0, end: end + PIP_LAST_LINE.length - 1, text }];
}

const PIP_FIRST_LINE = '#!/bin/sh\n';
const PIP_LAST_LINE = "\n' '''\n";

/** In a concatenation of strings the new word's quotes would end a string: it becomes one string of three quotes. */
function splicesFor(word: string, wordEnd: number, { start, end, wordStart, isConcatenation }: Trampoline): Splice[] {
  if (!isConcatenation) return [{ start: wordStart, end: wordEnd, text: word }];
  return [
    { start, end: wordEnd, text: `'''exec' ${word}` },
    { start: end, end, text: `\n' '''` },
  ];
}
