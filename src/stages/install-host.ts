/** Whether this host can run what a tree holds. What nothing can be done about refuses an install; what can be added later warns. */
import { showBytes } from '../formats/byte-text.ts';
import { highestOf, parseVersion } from '../formats/version-series.ts';
import { hostLibraries, type HostLibrary } from '../io/host-libraries.ts';
import { resolvePlace } from '../io/places.ts';
import { thisPlatform } from '../io/platform.ts';
import type { Manifest } from '../model/manifest.ts';
import type { NeededVersion, OutsideLibrary, Requirements } from '../model/requirements.ts';

export interface HostFindings {
  /** Why the tree's programs can't run here. */
  readonly obstacles: readonly string[];
  /** What is missing here and may not matter, or may be installed yet. */
  readonly warnings: readonly string[];
}

/** Named before the rest is counted. */
const NAMED = 5;

/** Processors whose programs another one runs too. */
const RUNS: Readonly<Record<string, readonly string[]>> = { x64: ['ia32', 'x32'], arm64: ['arm'] };

export async function checkHost({ requirements }: Pick<Manifest, 'requirements'>): Promise<HostFindings> {
  const { native } = requirements;
  const obstacle = native ? wrongHost(requirements) : null;
  if (obstacle !== null) return { obstacles: [obstacle], warnings: missingPaths(requirements) };
  const { obstacles, warnings } = native ? await checkLibraries(requirements) : { obstacles: [], warnings: [] };
  return { obstacles, warnings: [...warnings, ...missingPaths(requirements)] };
}

function wrongHost({ platform, arch, libc }: Requirements): string | null {
  const here = thisPlatform();
  const isRun = arch === '' || arch === here.arch || RUNS[here.arch]?.includes(arch) === true;
  if (platform !== here.platform || !isRun)
    return `the tree holds programs for ${`${platform} ${arch}`.trim()}, and this is ${here.platform} ${here.arch}`;
  const family = (text: string): string => text.split(' ')[0] ?? '';
  return family(libc) !== '' && here.libc !== '' && family(libc) !== family(here.libc)
    ? `the tree holds programs for ${libc}, and this host has ${here.libc}`
    : null;
}

/** glibc can't be made newer beside the system that stands on it; every other library can be added. */
async function checkLibraries({ libraries, arch }: Requirements): Promise<HostFindings> {
  const find = await hostLibraries();
  const missing: OutsideLibrary[] = [];
  const obstacles: string[] = [];
  const warnings: string[] = [];
  for (const library of libraries) {
    const found = find(library.name, arch, library.folders);
    if (found === null) {
      missing.push(library);
      continue;
    }
    for (const needed of library.versions) {
      const why = tooOld(library, needed, found);
      if (why !== null) (needed.version.startsWith('GLIBC_') ? obstacles : warnings).push(why);
    }
  }
  if (missing.length > 0) {
    const named = missing.map(({ name, count, example }) => `${showBytes(name)} (${users(count, showBytes(example))})`);
    warnings.push(`libraries that the tree loads are not on this host: ${first(named)}`);
  }
  return { obstacles, warnings };
}

function tooOld(
  { name }: OutsideLibrary,
  { version, example }: NeededVersion,
  { path, versions }: HostLibrary,
): string | null {
  if (versions.length === 0 || versions.includes(version)) return null;
  const highest = highestOf(parseVersion(version).series, versions);
  const has = highest === null ? 'does not have it' : `goes up to ${highest}`;
  return `${showBytes(example)} needs ${version} of ${showBytes(name)}, and ${showBytes(path)} of this host ${has}`;
}

function users(count: number, example: string): string {
  return count === 1 ? example : `${example} and ${count - 1} more`;
}

function first(names: readonly string[]): string {
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `${names.slice(0, NAMED).join(', ')}${more}`;
}

/** Paths outside the tree that something in it names, and that this host does not have. */
function missingPaths({ outside }: Requirements): string[] {
  const missing = outside.filter(({ path }) => path.startsWith('/') && resolvePlace(path).type === null);
  const named = missing.map(({ path, example }) => `${showBytes(path)} (${showBytes(example)})`);
  return missing.length === 0 ? [] : [`the tree names what is not on this host: ${first(named)}`];
}
