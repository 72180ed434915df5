/**
 * Follows the quoting of a POSIX shell (XCU 2.2, 2.3, 2.7.4): quotes nest through `$(…)`, here-documents follow their line. Good for
 * bash and zsh too. A pattern of `case` inside `$(…)` may be taken for its end.
 */
import type { Escaping } from '../model/reference.ts';
import type { Segment } from './languages.ts';

/** What is open: code up to `close` (null: the whole script), or a double-quoted string. */
type Frame = { readonly kind: 'code'; readonly close: string | null } | { readonly kind: 'double' };

interface HereDocument {
  readonly end: string;
  readonly isQuoted: boolean;
  readonly stripsTabs: boolean;
}

/** The stretches of a script (latin1) in which paths are written alike. */
export function* shellSegments(text: string): Generator<Segment, void> {
  const frames: Frame[] = [];
  const awaited: HereDocument[] = [];
  for (let at = 0; at < text.length; ) {
    const frame = frames.at(-1) ?? SCRIPT;
    const { index, token } = nextStop(text, at, frame);
    yield { end: index, escaping: frame.kind === 'double' ? 'shell-double' : 'shell-bare' };
    at = index + token.length;
    const pushed = PUSHES.get(token);
    if (token !== '' && token === frameEnd(frame)) frames.pop();
    else if (pushed !== undefined) frames.push(pushed);
    const inner = enclosed(text, at, token);
    if (inner !== null) {
      at = inner.end;
      yield inner;
    }
    if (token.startsWith('<<')) awaited.push(hereDocument(token));
    if (token !== '\n') continue;
    for (const document of awaited.splice(0)) {
      at = endOfHereDocument(text, at, document);
      yield { end: at, escaping: document.isQuoted ? 'plain' : 'literal' };
    }
  }
}

const SCRIPT: Frame = { kind: 'code', close: null };

const PUSHES: ReadonlyMap<string, Frame> = new Map<string, Frame>([
  ['"', { kind: 'double' }],
  ['$(', { kind: 'code', close: ')' }],
  ['(', { kind: 'code', close: ')' }],
  ['${', { kind: 'code', close: '}' }],
  ['`', { kind: 'code', close: '`' }],
]);

function frameEnd(frame: Frame): string | null {
  return frame.kind === 'double' ? '"' : frame.close;
}

const IN_CODE = /\\[^]|\$?\(\([^()]*\)\)|'|\$'|"|\$\(|\$\{|`|\(|\)|\}|(?<![^\s;&|()])#|<<<|<<-?[ \t]*(?:'[^'\n]*'|"[^"\n]*"|\\?[A-Za-z_][\w.+-]*)|\n/g;
const IN_DOUBLE = /\\[^]|"|\$\(|\$\{|`/g;

/** The next token that changes how things are written; an empty one where none does. */
function nextStop(text: string, from: number, frame: Frame): { readonly index: number; readonly token: string } {
  const pattern = frame.kind === 'double' ? IN_DOUBLE : IN_CODE;
  pattern.lastIndex = from;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const token = match[0];
    if (token.startsWith('\\') || token === '<<<' || token.endsWith('))')) continue;
    if ((token === ')' || token === '}') && frameEnd(frame) !== token) continue;
    return { index: match.index, token };
  }
  return { index: text.length, token: '' };
}

/** What a token opens that holds nothing nested: a string in single quotes or `$'…'`, a comment. */
function enclosed(text: string, body: number, token: string): { readonly end: number; readonly escaping: Escaping } | null {
  if (token === "'") return { end: after(text, text.indexOf("'", body), 1), escaping: 'shell-single' };
  if (token === '#') return { end: after(text, text.indexOf('\n', body), 0), escaping: 'plain' };
  if (token !== "$'") return null;
  ANSI_END.lastIndex = body;
  const match = ANSI_END.exec(text);
  return { end: match === null ? text.length : match.index + match[0].length, escaping: 'python' };
}

/** The text of `$'…'` up to its quote. */
const ANSI_END = /(?:\\[^]|[^\\'])*'/y;

function after(text: string, found: number, length: number): number {
  return found < 0 ? text.length : found + length;
}

function hereDocument(token: string): HereDocument {
  const word = token.replace(/^<<-?[ \t]*/, '');
  return { end: word.replace(/^\\|['"]/g, ''), isQuoted: /^['"\\]/.test(word), stripsTabs: token.startsWith('<<-') };
}

/** Behind the line that ends a here-document which begins at `from`. */
function endOfHereDocument(text: string, from: number, { end, stripsTabs }: HereDocument): number {
  for (let at = from; at < text.length; ) {
    const lineEnd = text.indexOf('\n', at);
    const stop = lineEnd < 0 ? text.length : lineEnd;
    const line = text.slice(at, stop);
    at = Math.min(text.length, stop + 1);
    if ((stripsTabs ? line.replace(/^\t+/, '') : line) === end) return at;
  }
  return text.length;
}
