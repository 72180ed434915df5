/** Gives folders and symlinks back their modification times, to the nanosecond. */
import { lchownSync, lutimesSync, readlinkSync, type BigIntStats } from 'node:fs';
import { decodeBytes } from '../formats/byte-text.ts';
import { END_OF_ARCHIVE, type TarEntry } from '../formats/tar-entry.ts';
import type { AbsolutePath, TreePath } from '../model/path.ts';
import { errorCode, hostPath } from './entries.ts';
import { runTool } from './host-tool.ts';
import { lookAt } from './look.ts';

export interface EntryTime {
  readonly path: TreePath;
  /** Nanoseconds since the epoch. */
  readonly mtime: bigint;
}

/**
 * Sets the times of folders and symlinks below `root`; one that is not there any more is passed over. Node's `lutimes` cuts to
 * microseconds and takes no time before 1970 as a number, so one `tar` sets them all (2,000 folders: 0.04 s; by `touch` 0.6 s). A symlink
 * is made anew by it, with its text and owner. Where tar does not do it, Node does, as well as it can.
 * @returns the paths whose time is not exactly the one asked for
 */
export async function restoreTimes(root: AbsolutePath, wanted: readonly EntryTime[]): Promise<TreePath[]> {
  const present = wanted.flatMap(({ path, mtime }) => {
    const stat = lookAt(hostPath(root, path));
    return stat === null || stat.mtimeNs === mtime ? [] : [{ path, mtime, stat }];
  });
  if (present.length === 0) return [];
  // every command asks a tree for runs that were cut short, and few find one: the codec of tar is loaded by these
  const { writeHeader } = await import('../formats/tar-write.ts');
  const headers = present.map(({ path, mtime, stat }) => writeHeader(timedEntry(root, path, stat, mtime)));
  await runTool(root, ['tar', '-x', '-p', '--no-same-owner', '-f', '-'], Buffer.concat([...headers, END_OF_ARCHIVE]));
  return present.flatMap(({ path, mtime, stat }) => {
    const place = hostPath(root, path);
    if (stat.isSymbolicLink()) lchownSync(place, Number(stat.uid), Number(stat.gid));
    if (timeOf(root, path) === mtime) return [];
    setTimeRoughly(place, stat, mtime);
    return timeOf(root, path) === mtime ? [] : [path];
  });
}

/** The modification time of a path, in nanoseconds; null where nothing is. */
export function timeOf(root: AbsolutePath, path: TreePath): bigint | null {
  return lookAt(hostPath(root, path))?.mtimeNs ?? null;
}

/** A folder keeps what mode it has where the entry has the same. */
function timedEntry(root: AbsolutePath, path: TreePath, stat: BigIntStats, mtime: bigint): TarEntry {
  const common = {
    mode: Number(stat.mode & 0o7777n),
    uid: 0,
    gid: 0,
    user: '',
    group: '',
    size: 0,
    mtime: mtime.toString(),
    major: 0,
    minor: 0,
  };
  if (!stat.isSymbolicLink())
    return { ...common, type: 'directory', path: path === '' ? './' : `${path}/`, target: '' };
  return {
    ...common,
    type: 'symlink',
    path,
    target: decodeBytes(readlinkSync(hostPath(root, path), { encoding: 'buffer' })),
  };
}

/** Sets times as well as Node can, to the microsecond. A place of another owner can't be given a time at all, and keeps its own. */
export function setTimeRoughly(place: Buffer | string, { atimeNs }: BigIntStats, mtime: bigint): void {
  const date = (nanoseconds: bigint): number | Date =>
    nanoseconds < 0n ? new Date(Number(nanoseconds / 1_000_000n)) : Number(nanoseconds) / 1e9;
  try {
    lutimesSync(place, date(atimeNs), date(mtime));
  } catch (error) {
    if (errorCode(error) !== 'EPERM') throw error;
  }
}
