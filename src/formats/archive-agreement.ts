/** Whether the headers of an archive say the same as its manifest. */
import { ArchiveError } from '../model/errors.ts';
import { OWN_PATHS } from '../model/manifest.ts';
import { showBytes } from './byte-text.ts';
import { ownEntry, type TarEntry } from './tar-entry.ts';

/** The rule that a difference in each field breaks. */
const RULES: Readonly<Record<keyof TarEntry, string>> = {
  path: 'entry-order',
  type: 'entry-type',
  mode: 'entry-mode',
  uid: 'entry-owner',
  gid: 'entry-owner',
  user: 'entry-owner',
  group: 'entry-owner',
  size: 'entry-size',
  mtime: 'entry-time',
  target: 'entry-link',
  major: 'entry-device',
  minor: 'entry-device',
};

const FIELDS = Object.keys(RULES) as (keyof TarEntry)[];

/** The refusal of a header that is not what the manifest makes expect; null where they agree. */
export function manifestEntryDiffers(expected: TarEntry, found: TarEntry): ArchiveError | null {
  for (const field of FIELDS) {
    if (expected[field] === found[field]) continue;
    const says = field === 'path' ? '' : ` for the ${field} of '${showBytes(expected.path)}'`;
    return new ArchiveError(
      RULES[field],
      `the manifest says '${showBytes(String(expected[field]))}'${says}, and the archive has '${showBytes(String(found[field]))}'`,
    );
  }
  return null;
}

/** Checks that the first entry of a tar is a manifest as relocate writes it. */
export function requireManifestHeader(entry: TarEntry | null): asserts entry is TarEntry {
  if (entry === null || entry.path !== OWN_PATHS.manifest)
    throw new ArchiveError(
      'manifest-first',
      'the file is no archive of relocate: it does not begin with .relocate/manifest.json',
    );
  const differs = manifestEntryDiffers(ownEntry(OWN_PATHS.manifest, entry.size, 0o644), entry);
  if (differs !== null)
    throw new ArchiveError(
      'manifest-header',
      `the header of the manifest is not as relocate writes it: ${differs.message}`,
    );
}
