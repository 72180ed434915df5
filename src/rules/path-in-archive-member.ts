/** RL905: a path inside an archive: a wheel, egg or jar, a compressed file, a tar of any kind. Found in the stream; changed only when asked to. */
import type { MemberHit, Unread } from '../formats/archive-findings.ts';
import { searchArchive } from '../formats/archive-search.ts';
import { containerOf, type ContainerKind } from '../formats/container.ts';
import { compileNeedles, type Hit, type Needles } from '../formats/needles.ts';
import { zipEntries } from '../formats/zip-entries.ts';
import type { Claim, FileRule, FileView, RuleContext } from './rule.ts';
import { repacking, type Obstacle, type Repacking } from './repack-members.ts';
import { isScript, shebangLength } from './shebang-claims.ts';
import { binaryClaim } from './slots.ts';

export const rule: FileRule = {
  code: 'RL905',
  summary: "The tree's path in a member of an archive, or in a compressed file.",
  subject: 'file',
  appliesTo: ({ head }) => containerOf(head) !== null,
  isInteresting: (_path, head) => containerOf(head) !== null,
  *claim(view, hits, context) {
    const kind = containerOf(view.head);
    if (kind === null || !context.options.archives || isScriptAlone(view)) return;
    const found = searchArchive(view, kind, needlesOf(context), {
      xzCodec: () => context.xzCodec(),
      find: context.finder(),
    });
    const plan = kind === 'zip' && found.hits.length > 0 ? repackingOf(view, found.hits, hits, context) : null;
    const left = new Map(hits.map((hit) => [hit.start, hit]));
    for (const member of found.hits) {
      const searched = takeSearched(left, member, kind);
      yield { ...memberClaim(member, searched, REMEDIES[kind]), ...fixOf(member, plan) };
    }
    const note = found.unread.length === 0 ? BESIDE_MEMBERS : UNREAD_OR_BESIDE_MEMBERS;
    for (const hit of left.values()) yield rawClaim(view, hit, note);
    for (const unread of found.unread) yield unreadClaim(unread);
  },
};

/** A script that holds the mark of a zip, and is none. */
function isScriptAlone(view: FileView): boolean {
  if (view.head[0] !== 0x23) return false;
  return zipEntries((start, end) => view.region(start, end), view.size) === null;
}

/** The hit of the search that is this one: where the member is stored as it is, or in bytes that compression left as they were. */
function takeSearched(left: Map<number, Hit>, { raw }: MemberHit, kind: ContainerKind): Hit | null {
  const isStream = kind !== 'zip' && kind !== 'tar';
  const searched = raw === null ? (isStream ? [...left.values()][0] : undefined) : left.get(raw);
  if (searched === undefined) return null;
  left.delete(searched.start);
  return searched;
}

const IN_ARCHIVE = 'in an archive: unpack it, fix that, and pack it again';
const IN_COMPRESSED = 'in compressed data: unpack it, fix that, and compress it again';
const REMEDIES: Readonly<Record<ContainerKind, string>> = {
  zip: 'in an archive: `fix --repack` writes text of it anew; else unpack it, fix that, and pack it again',
  tar: IN_ARCHIVE,
  gzip: IN_COMPRESSED,
  xz: IN_COMPRESSED,
  zstd: IN_COMPRESSED,
  bzip2: IN_COMPRESSED,
  '7z': IN_ARCHIVE,
  rar: IN_ARCHIVE,
  lz4: IN_COMPRESSED,
  lzip: IN_COMPRESSED,
  rpm: IN_ARCHIVE,
  deb: IN_ARCHIVE,
};
const BESIDE_MEMBERS = 'in the archive itself, not in a member: pack it again';
const UNREAD_OR_BESIDE_MEMBERS =
  'in the archive itself, or in what was not looked into: unpack it, fix that, and pack it again';

const compiled = new WeakMap<RuleContext, Needles>();

function needlesOf(context: RuleContext): Needles {
  const known = compiled.get(context);
  if (known !== undefined) return known;
  const needles = compileNeedles(context.prefixes);
  compiled.set(context, needles);
  return needles;
}

/** What `--repack` would do with the archive; null where it was not asked for. */
function repackingOf(
  view: FileView,
  found: readonly MemberHit[],
  hits: readonly Hit[],
  context: RuleContext,
): Repacking | Obstacle | null {
  const { repack } = context.options;
  if (repack === null) return null;
  const shebang = isScript(view) ? (shebangLength(view) ?? 0) : 0;
  if (hits.some(({ start }) => start < shebang))
    return { obstacle: 'its first line is rewritten too: run `fix --repack` once more for its members' };
  return repacking(view, found, needlesOf(context), repack);
}

/** How a path in a member changes, where it does. */
function fixOf(member: MemberHit, plan: Repacking | Obstacle | null): Partial<Claim> {
  if (plan === null) return {};
  if ('obstacle' in plan) return { note: `not repacked: ${plan.obstacle}` };
  if (!plan.writes(member)) return { note: 'not repacked: it is not plain text' };
  const { destination, splices } = plan;
  const { start, end, prefix } = member.hit;
  return {
    fix: 'pinned',
    applicability: 'safe',
    note: '',
    absolute: { start, end, escaping: 'plain', base: prefix.base, repacked: { destination, splices } },
  };
}

function memberClaim({ member, start, end, path, hit }: MemberHit, searched: Hit | null, note: string): Claim {
  return {
    hit: searched,
    site: { kind: 'member', member, start, end },
    path,
    prefix: hit.prefix.path,
    scope: 'inside',
    applicability: 'manual',
    fix: 'blocked',
    note,
  };
}

/** What the search of the file found and that of the members did not: comments, names, what stands in front; or what nobody looked into. */
function rawClaim(view: FileView, hit: Hit, note: string): Claim {
  return { ...binaryClaim(view, hit), fix: 'blocked', applicability: 'manual', note };
}

/** A damaged archive is damaged wherever it is; what is too much to look at, or can't be read, may hold anything. */
function unreadClaim({ member, why, note }: Unread): Claim {
  return {
    hit: null,
    site: { kind: 'entry' },
    path: member,
    prefix: null,
    scope: 'inside',
    applicability: 'manual',
    fix: why === 'damaged' ? 'none' : 'blocked',
    note: why === 'damaged' ? `damaged, the rest was not read: ${note}` : `not looked at further: ${note}`,
  };
}
