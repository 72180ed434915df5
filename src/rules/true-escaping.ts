/** The escaping that the hits of a file really have: the language of the file and the quotes around each hit decide. */
import { languageOf, pythonSourceOf, trueEscaping } from '../formats/context.ts';
import type { LanguageName } from '../formats/languages.ts';
import type { Hit } from '../formats/needles.ts';
import { escapingsAt } from '../formats/quoting.ts';
import type { Escaping } from '../model/reference.ts';
import { perView } from './per-view.ts';
import type { FileView } from './rule.ts';

/** As much as is looked at before a hit for the scheme of a URL. */
const SCHEME = 64;
/** In a file too large to hold, quotes are followed from the start of the line, but not further back than this. */
const LINE = 4096;

/** A hit, and how it is really written. */
export interface WrittenHit {
  readonly hit: Hit;
  readonly escaping: Escaping;
}

/** The language of the file, by its name and first bytes. */
export const languageOfView: (view: FileView) => LanguageName = perView(({ path, head }) => languageOf(path, head));

/** What was told last: the generic rules ask it of the same hits, one after the other. */
let last: {
  readonly view: FileView;
  readonly hits: readonly Hit[];
  readonly written: readonly WrittenHit[];
} | null = null;

/** Pairs the hits of a file (sorted) with how they are really written. `language` where the rule knows better than the file's name. */
export function withEscapings(view: FileView, hits: readonly Hit[], language?: LanguageName): readonly WrittenHit[] {
  if (language !== undefined) return writtenIn(view, hits, language);
  if (last?.view !== view || last.hits !== hits)
    last = { view, hits, written: writtenIn(view, hits, languageOfView(view)) };
  return last.written;
}

function writtenIn(view: FileView, hits: readonly Hit[], language: LanguageName): WrittenHit[] {
  const around = escapingsAround(view, hits, language);
  return hits.map((hit, index) => {
    const before = view.region(hit.start - SCHEME, hit.start).toString('latin1');
    const found = view.region(hit.start, hit.end);
    return { hit, escaping: trueEscaping(found, hit.prefix.path, hit.escaping, around[index] ?? 'plain', before) };
  });
}

function escapingsAround(view: FileView, hits: readonly Hit[], language: LanguageName): Escaping[] {
  if (language === 'plain' || hits.length === 0) return [];
  const source = pythonSourceOf(view.head);
  const offsets = hits.map(({ start }) => start);
  if (view.bytes !== null) return escapingsAt(view.latin1(), offsets, language, source);
  return offsets.flatMap((offset) => {
    const before = view.region(Math.max(0, offset - LINE), offset).toString('latin1');
    const line = before.slice(before.lastIndexOf('\n') + 1);
    return escapingsAt(`${line}/`, [line.length], language, source);
  });
}
