/** Lets the rules claim the hits of one file: each hit goes to the first rule that claims it; the generic rules take the rest. */
import type { Hit } from '../formats/needles.ts';
import { RULE_NAMES } from '../model/codes.ts';
import { dirName, type TreePath } from '../model/path.ts';
import type { Reference } from '../model/reference.ts';
import { isByteCode } from './byte-code.ts';
import { FILE_RULES } from './registry.ts';
import type { Claim, FileRule, FileView, RuleContext } from './rule.ts';
import { heedSignature } from './signed-code.ts';

/** Whether some rule wants to see the file although no prefix was found in it. */
export function isInterestingFile(path: TreePath, head: Buffer): boolean {
  for (const wants of INTERESTS[head[0] ?? 0] ?? []) if (wants(path, head)) return true;
  return false;
}

/** By a file's first byte. Asked of every file, so each question once, and only where that byte leaves it open. */
const INTERESTS = Array.from({ length: 256 }, (_, first) => {
  const rules = FILE_RULES.filter(({ interestingStarts }) => interestingStarts?.includes(first) !== false);
  return [...new Set(rules.flatMap(({ isInteresting }) => isInteresting ?? []))];
});

/** A rule as it is asked. All are of one shape: the engine is slow to look up a property in objects of many shapes. */
type Asked = Pick<FileRule, 'code' | 'appliesTo' | 'claim'> &
  Pick<Required<FileRule>, 'isInteresting' | 'claimsEachAlone'>;

const ALL_RULES = FILE_RULES.map(asked);
const BYTE_CODE_RULES = FILE_RULES.filter((rule) => rule.readsByteCode === true).map(asked);

function asked(rule: FileRule): Asked {
  const { code, appliesTo, isInteresting = () => false, claimsEachAlone = () => false, claim } = rule;
  return { code, appliesTo, isInteresting, claimsEachAlone, claim };
}

/**
 * Whether each hit of a file may be claimed without the others, and has its one reference where it stands: so its references can be made part by
 * part. Asked of files that are too large to hold; of others rules find out more than that, and once for all hits.
 */
export function claimsEachAlone(view: FileView): boolean {
  if (view.bytes !== null || isByteCode(view.path, view.head)) return false;
  return ALL_RULES.every((rule) => !rule.appliesTo(view) || rule.claimsEachAlone(view));
}

/**
 * The references of a file that has these names (hard links), the first being the one it is reported under. A relative form
 * depends on the folder: where two names of one inode would need different bytes, the reference is pinned.
 */
export function claimFile(
  viewAs: (path: TreePath) => FileView,
  names: readonly [TreePath, ...TreePath[]],
  hits: readonly Hit[],
  context: RuleContext,
): readonly Reference[] {
  const [first] = names;
  const view = viewAs(first);
  const references = claimView(view, hits, context);
  return heedSignature(view, names.length === 1 ? references : agreedByAll(references, viewAs, names, hits, context));
}

function agreedByAll(
  references: Reference[],
  viewAs: (path: TreePath) => FileView,
  [first, ...aliases]: readonly [TreePath, ...TreePath[]],
  hits: readonly Hit[],
  context: RuleContext,
): Reference[] {
  if (!references.some((reference) => reference.relative !== undefined)) return references;
  const folders = new Set([dirName(first)]);
  let agreed = references;
  for (const alias of aliases) {
    if (folders.has(dirName(alias))) continue;
    folders.add(dirName(alias));
    agreed = agreeing(agreed, claimView(viewAs(alias), hits, context), alias);
  }
  return agreed;
}

function claimView(view: FileView, hits: readonly Hit[], context: RuleContext): Reference[] {
  const references: Reference[] = [];
  let left = hits;
  for (const rule of isByteCode(view.path, view.head) ? BYTE_CODE_RULES : ALL_RULES) {
    if (left.length === 0 && !rule.isInteresting(view.path, view.head)) continue;
    if (rule.appliesTo(view)) left = claimBy(rule, view, left, context, references);
  }
  if (left.length > 0) throw new Error(`no rule claimed the hit at ${left[0]?.start} of ${view.path}`);
  return references;
}

/** Adds what the rule claims; gives the hits that it leaves. */
function claimBy(
  rule: Asked,
  view: FileView,
  hits: readonly Hit[],
  context: RuleContext,
  references: Reference[],
): readonly Hit[] {
  let unclaimed: Set<Hit> | null = null;
  for (const claim of rule.claim(view, hits, context)) {
    unclaimed ??= new Set(hits);
    if (claim.hit !== null && !unclaimed.delete(claim.hit))
      throw new Error(`${rule.code} claimed a hit at ${claim.hit.start} of ${view.path} that is not its to claim`);
    references.push(referenceOf(rule, view.path, claim));
  }
  return unclaimed === null || unclaimed.size === hits.length ? hits : [...unclaimed];
}

/** A reference in the making. */
type Writable = { -readonly [Key in keyof Reference]: Reference[Key] };

function referenceOf({ code }: Asked, file: TreePath, claim: Claim): Reference {
  const { site, path, prefix, scope, applicability, fix, note, relative, absolute } = claim;
  const found: Writable = { code, rule: RULE_NAMES[code], file, site, path, prefix, scope, applicability, fix, note };
  if (relative !== undefined) found.relative = relative;
  if (absolute !== undefined) found.absolute = absolute;
  return found;
}

function agreeing(references: readonly Reference[], others: readonly Reference[], alias: TreePath): Reference[] {
  const formOf = new Map(others.map((other) => [siteKey(other), JSON.stringify(other.relative)]));
  return references.map((reference) => {
    if (reference.relative === undefined || formOf.get(siteKey(reference)) === JSON.stringify(reference.relative))
      return reference;
    const { relative: _, ...rest } = reference;
    const note = `hard-linked as ${alias} in a folder from which the relative path is another`;
    return { ...rest, fix: reference.absolute === undefined ? 'blocked' : 'pinned', note };
  });
}

function siteKey({ site }: Reference): string {
  return 'start' in site ? `${site.start}-${site.end}` : site.kind;
}
