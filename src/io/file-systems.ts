/** What the times of a file system are worth: whether nothing changes without a trace of it. */
import { statfsSync } from 'node:fs';

/** By the number that `statfs` gives. They renew the time of change of a file with its bytes, and the times of a folder with its names. */
const OF_THIS_HOST: ReadonlySet<number> = new Set([
  0xef53, // ext2 to ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0x2fc12fc1, // ZFS
  0xf2f52010, // F2FS
  0x01021994, // tmpfs
]);

/** Files of its lower layers come with their own times; its folders are those of several layers. */
const OVERLAY = 0x794c7630;

/**
 * `all`: of files and folders; `files`: of files alone; `none`: it is of another host, which may tell late of a change (NFS, SMB, FUSE), keeps
 * no time of change (FAT), shows what an image says (squashfs), or is not known.
 */
export type Times = 'all' | 'files' | 'none';

export function timesAt(place: string | Buffer): Times {
  if (process.platform !== 'linux') return 'none';
  try {
    const { type } = statfsSync(place);
    return OF_THIS_HOST.has(type) ? 'all' : type === OVERLAY ? 'files' : 'none';
  } catch {
    return 'none';
  }
}
