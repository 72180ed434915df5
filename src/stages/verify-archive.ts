/**
 * Proves an archive without writing anything: its structure, every digest, and that it names no more of the build than it says. Names that another
 * reader of archives would get wrong are a warning.
 */
import { availableParallelism } from 'node:os';
import { encodeBytes } from '../formats/byte-text.ts';
import { HitStream } from '../formats/hit-stream.ts';
import { originNeedles } from '../formats/origin-needles.ts';
import { secondReading } from '../formats/second-reading.ts';
import { tarEntry } from '../formats/tar-entry.ts';
import { openArchive } from '../io/archive-read.ts';
import { absolutePath } from '../io/places.ts';
import { kernelFinder } from '../io/search-kernel.ts';
import type { FileEntry } from '../model/manifest-entry.ts';
import type { Origin } from '../model/manifest.ts';
import type { Difference, Verdict } from '../model/verdict.ts';
import { Pace, type PaceOptions } from './pace.ts';

export interface CheckArchiveOptions extends PaceOptions {
  readonly jobs?: number;
  /** sha256 (hex) that the file must have. */
  readonly digest?: string;
}

/**
 * Reads a whole archive.
 * @throws ArchiveError where it is not to be believed; UsageError where there is none
 */
export async function checkArchive(archive: string, options: CheckArchiveOptions = {}): Promise<Verdict> {
  const path = absolutePath(archive);
  const { jobs = availableParallelism(), digest, signal } = options;
  const opened = await openArchive(encodeBytes(path), {
    jobs,
    ...(digest === undefined ? {} : { digest }),
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    const manifest = opened.manifest.head;
    const search = searchFor(manifest.origins);
    const isReadByOthers = await secondReading();
    const misread = { count: 0, example: '' };
    const pace = new Pace(options, manifest.totals.entries);
    const differences: Difference[] = [];
    for await (const { entry, pieces } of opened.entries()) {
      if (!isReadByOthers(tarEntry(entry)) && misread.count++ === 0) misread.example = entry.path;
      if (entry.type === 'file') differences.push(...(await searchFile(entry, pieces, search())));
      await pace.step(entry.type === 'file' ? entry.size : 0);
    }
    const { entries, files, bytes } = manifest.totals;
    const ok = differences.length === 0;
    return {
      version: 1,
      subject: 'archive',
      path,
      ok,
      checked: { entries, files, bytes },
      differences,
      programs: [],
      requirements: manifest.requirements,
      maxPrefixBytes: manifest.maxPrefixBytes,
      warnings: misread.count === 0 ? [] : [misreadWarning(misread)],
    };
  } finally {
    opened.close();
  }
}

function misreadWarning({ count, example }: { readonly count: number; readonly example: string }): string {
  const [are, them] = count === 1 ? ['entry is', 'it'] : ['entries are', 'them'];
  return `${count} ${are} read otherwise by node-tar, such as '${example}'; unpack ${them} with relocate, GNU tar or install.sh`;
}

/** Makes the search of one file for places of the build; null where there are none. */
function searchFor(origins: readonly Origin[]): () => HitStream | null {
  if (origins.length === 0) return () => null;
  const needles = originNeedles(origins);
  const find = kernelFinder(needles);
  return () => new HitStream(needles, undefined, find);
}

/** Takes a file's pieces and holds the number of prefixes in them against the manifest's. */
async function searchFile(
  entry: FileEntry,
  pieces: AsyncIterable<Buffer>,
  search: HitStream | null,
): Promise<Difference[]> {
  let found = 0;
  for await (const piece of pieces) found += search?.push(piece).length ?? 0;
  found += search?.end().length ?? 0;
  const expected = entry.remains ?? 0;
  if (found === expected) return [];
  return [
    {
      kind: 'leftover',
      path: entry.path,
      note: `names the build ${found} times, and the manifest tells of ${expected}`,
    },
  ];
}
