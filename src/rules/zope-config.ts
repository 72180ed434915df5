/**
 * ZConfig (zope.conf, zeo.conf) can't name its own folder, but it has definitions: the path is written once, as `%define INSTANCE`,
 * and `$INSTANCE` everywhere else. The definition is made around the first path, which so stays where it is and is pinned.
 */
import type { Hit } from '../formats/needles.ts';
import type { Splice } from '../model/reference.ts';
import { lineAt, type Line } from './text-lines.ts';

/** What becomes of the hits of a file: the first stays, the others refer to it. Hits that are in neither are left as they are. */
export interface ZopePlan {
  readonly definition: Hit | null;
  /** Splices of the hits that refer to the definition. */
  readonly references: ReadonlyMap<Hit, readonly Splice[]>;
}

/** `text` is latin1; `hits` sorted. */
export function zopePlan(text: string, hits: readonly Hit[]): ZopePlan {
  const [first, ...rest] = hits.filter(
    (hit) => hit.escaping === 'plain' && !hit.ambiguous && isValue(lineAt(text, hit.start), hit),
  );
  const others = rest.filter((hit) => first !== undefined && hit.prefix.path === first.prefix.path);
  if (first === undefined || others.length === 0) return { definition: null, references: new Map() };
  const line = lineAt(text, first.start);
  const known = definedName(text, first, line);
  const name = known ?? freshName(text);
  const around = known === null ? surround(text, first, line, name) : [];
  const references = others.map(
    (hit) => [hit, [...around, { start: hit.start, end: hit.end, text: `$${name}` }]] as const,
  );
  return { definition: first, references: new Map(references) };
}

/** Whether a hit stands in a value that ZConfig expands: of `key value`, `%define NAME value`, `%include value`. */
function isValue({ start, text }: Line, hit: Hit): boolean {
  const key = /^[ \t]*(?:%define[ \t]+\w+|%include|[^\s#<%]\S*)[ \t]+/.exec(text)?.[0];
  return key !== undefined && hit.start - start >= key.length;
}

/** The name that a line defines as just the path of the hit. */
function definedName(text: string, hit: Hit, line: Line): string | null {
  const name = /^[ \t]*%define[ \t]+(\w+)[ \t]+$/.exec(text.slice(line.start, hit.start))?.[1];
  return name !== undefined && text.slice(hit.end, line.end).trim() === '' ? name : null;
}

/** Names are not case-sensitive, and must not be defined twice. */
function freshName(text: string): string {
  const taken = new Set(
    [...text.matchAll(/^[ \t]*%define[ \t]+(\w+)/gm)].map((match) => (match[1] ?? '').toLowerCase()),
  );
  const names = [
    'INSTANCE',
    'RELOCATE_PREFIX',
    ...Array.from({ length: taken.size }, (_, i) => `RELOCATE_PREFIX_${i + 2}`),
  ];
  return names.find((name) => !taken.has(name.toLowerCase())) ?? 'RELOCATE_PREFIX';
}

/** Makes a definition of the first path, and puts its line, referring to it, behind. The path itself is not touched. */
function surround(text: string, hit: Hit, line: Line, name: string): Splice[] {
  const before = text.slice(line.start, hit.start);
  const newline = line.text.endsWith('\r') ? '\r\n' : '\n';
  return [
    { start: line.start, end: hit.start, text: `%define ${name} ` },
    { start: hit.end, end: hit.end, text: `${newline}${asText(before)}$${name}` },
  ];
}

/** Splices are text, the file is read as latin1. */
function asText(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
