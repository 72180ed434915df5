/** Whether a place, and the link that stands for it in fixed slots, can be written at every site of an archive. */
import { longestDestination } from '../formats/absolute-form.ts';
import { encodeBytes, showBytes } from '../formats/byte-text.ts';
import { isMisfit, siteSplices, type Misfit } from '../formats/render.ts';
import { coreOf } from '../formats/word-count.ts';
import type { ManifestStore } from '../io/manifest-store.ts';
import { RequirementError } from '../model/errors.ts';
import type { Placement } from '../model/install.ts';
import type { FileEntry } from '../model/manifest-entry.ts';
import type { AbsolutePath } from '../model/path.ts';
import type { AbsoluteForm } from '../model/reference.ts';

/** @throws RequirementError with the longest path that fits, the file that limits it, and the way out */
export function requireSites(manifest: ManifestStore, placement: Placement): void {
  const { place, slots } = placement;
  const via = slots === place ? null : slots;
  const reserved = coreOf(manifest.head.placeholder);
  const named = [place, slots].find((path) => path.includes(reserved));
  if (named !== undefined)
    throw new RequirementError(
      `${showBytes(named)} has ${reserved} in its name, which in an archive stands for the place itself`,
    );
  if (via !== null && via.split('/').length < 3)
    throw new RequirementError(
      `the link ${showBytes(via)} has one name only, which may mean other things in a text; give it two, as in /o${via}`,
    );
  const files = (): Iterable<FileEntry> => manifest.entriesOf('placed');
  for (const file of files()) {
    const result = siteSplices(file, placement);
    if (isMisfit(result)) throw new RequirementError(whyNot(result, files, place, via));
  }
}

function whyNot(
  misfit: Misfit,
  files: () => Iterable<FileEntry>,
  place: AbsolutePath,
  via: AbsolutePath | null,
): string {
  const file = showBytes(misfit.path);
  const paths = via === null ? showBytes(place) : `${showBytes(place)} by way of ${showBytes(via)}`;
  if (misfit.why === 'unwritable')
    return `${paths} can't be written in the way that ${file} asks for; choose a place of plain characters`;
  const tooLong = [limitOf(files(), isSlot, via ?? place), limitOf(files(), (site) => !isSlot(site), place)];
  const [slots, others] = tooLong;
  if (slots !== null && slots !== undefined)
    return via === null
      ? `${limitText('destination', slots)}; use a shorter path${others === null ? ', or a short link to it: --via /short/link' : ''}`
      : `${limitText('link', slots)}; use a shorter one`;
  if (others !== null && others !== undefined) return `${limitText('destination', others)}; use a shorter path`;
  return `${paths} does not fit into ${file}: there is room for ${misfit.room} bytes and ${misfit.needed} are needed; choose a shorter place`;
}

/** Only what stands in a slot is written with the link. */
function isSlot({ slot }: AbsoluteForm): boolean {
  return slot !== undefined;
}

interface Limit {
  readonly bytes: number;
  readonly path: AbsolutePath;
  /** The file with the least room, and how many others have too little of it. */
  readonly file: string;
  readonly others: number;
}

/** What limits a path at some kinds of sites; null where it fits them all. */
function limitOf(
  files: Iterable<FileEntry>,
  isMeant: (site: AbsoluteForm) => boolean,
  path: AbsolutePath,
): Limit | null {
  const length = encodeBytes(path).length;
  let tightest: { readonly bytes: number; readonly file: string } | null = null;
  let tight = 0;
  for (const file of files) {
    const rooms = (file.sites ?? [])
      .filter(isMeant)
      .map(longestDestination)
      .filter((room) => room !== null);
    const room = Math.min(...rooms);
    if (room >= length) continue;
    tight++;
    if (tightest === null || room < tightest.bytes) tightest = { bytes: room, file: showBytes(file.path) };
  }
  return tightest === null ? null : { ...tightest, path, others: tight - 1 };
}

function limitText(what: 'destination' | 'link', { bytes, path, file, others }: Limit): string {
  const limits = others === 0 ? file : `${file} and ${others} more`;
  return `the longest ${what} that fits has ${bytes} bytes, and ${showBytes(path)} has ${encodeBytes(path).length} (limited by ${limits})`;
}
