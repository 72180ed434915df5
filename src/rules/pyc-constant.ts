/** RL508: a path in a constant of compiled Python byte code. */
import type { MarshalString } from '../formats/marshal-strings.ts';
import type { TreePath } from '../model/path.ts';
import type { AbsoluteForm, Reference } from '../model/reference.ts';
import { isByteCode, readByteCode, sourceOf, type PathString, type StringHit } from './byte-code.ts';
import { absoluteForm, pathAt } from './claims.ts';
import type { Claim, FileRule, FileView, RuleContext } from './rule.ts';

export const rule: FileRule = {
  code: 'RL508',
  subject: 'file',
  summary: 'A constant in byte code is an absolute path.',
  readsByteCode: true,
  appliesTo: ({ path, head }) => isByteCode(path, head),
  isInteresting: isByteCode,

  *claim(view, hits, context) {
    const byteCode = readByteCode(view, hits, context);
    if (byteCode === null) return;
    const left = new Set(hits);
    for (const each of byteCode.strings) {
      if (each.string.role === 'code' || each.fileName !== null) continue;
      for (const hit of each.hits)
        if (hit.searched === null || left.has(hit.searched)) yield constantClaim(view, each, hit, context);
    }
  },
};

function constantClaim(view: FileView, each: PathString, hit: StringHit, context: RuleContext): Claim {
  const { string, hits } = each;
  const found = pathAt(view, hit, Math.min(pathAt(view, hit).end, string.end));
  return {
    hit: hit.searched,
    site: { kind: 'pyc', start: hit.start, end: found.end },
    path: found.path,
    prefix: hit.prefix.path,
    scope: 'inside',
    applicability: hits.some(({ ambiguous }) => ambiguous) ? 'unsafe' : 'safe',
    ...constantFix(each, hit, sourceOf(view.path, context)),
  };
}

/** All paths of a string share its length, so they are written together or not at all. */
function constantFix(
  { string, hits }: PathString,
  hit: StringHit,
  source: TreePath | null,
): Pick<Reference, 'fix' | 'note' | 'absolute'> {
  const isLike = ({ prefix, escaping }: StringHit): boolean =>
    prefix.path === hit.prefix.path && escaping === hit.escaping;
  if (!hits.every(isLike))
    return { fix: 'blocked', note: `one string holds several prefixes; compile ${source ?? 'it'} again` };
  return {
    fix: 'pinned',
    note: source === null ? 'there is no source to compile again' : '',
    absolute: { ...absoluteForm(hit), length: lengthOf(string, hits.length) },
  };
}

/** The length field stands right before the payload. */
function lengthOf({ type, payload, end }: MarshalString, paths: number): NonNullable<AbsoluteForm['length']> {
  const width = type === 'z' || type === 'Z' ? 1 : 4;
  return { at: payload - width, width, value: end - payload, paths, ascii: 'zZaA'.includes(type) };
}
