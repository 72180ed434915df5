/**
 * The folder in which a tree is put together before it comes to its place. Reached by its descriptor where the system allows it: then
 * the length of its own path does not count, and nobody can put another folder in its place.
 */
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  lchownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { encodeBytes } from '../formats/byte-text.ts';
import { asAbsolutePath, type AbsolutePath, type TreePath } from '../model/path.ts';
import { hostPath } from './entries.ts';
import { runTool } from './host-tool.ts';
import { settableTime } from './file-output.ts';

/** A FIFO, or with `device` (`c` or `b`, major, minor) a device node. */
export interface Node {
  readonly path: TreePath;
  readonly device: readonly ['c' | 'b', number, number] | null;
}

export class Staging {
  readonly path: AbsolutePath;
  /** A short path of the same folder, good as long as it is not closed. */
  readonly root: AbsolutePath;
  readonly #descriptor: number;

  /** Makes the folder; only its owner can enter it. Throws the system's error where that is not possible. */
  constructor(path: AbsolutePath) {
    this.path = path;
    const place = encodeBytes(path);
    mkdirSync(place, { mode: 0o700 });
    this.#descriptor = openSync(place, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    this.root = existsSync('/proc/self/fd') ? asAbsolutePath(`/proc/self/fd/${this.#descriptor}`) : path;
  }

  /** Forgets the folder; it stays on the disk. */
  close(): void {
    closeSync(this.#descriptor);
  }

  at(path: TreePath): Buffer {
    return hostPath(this.root, path);
  }

  makeFolder(path: TreePath): void {
    mkdirSync(this.at(path), { mode: 0o700 });
  }

  makeHardLink(path: TreePath, target: TreePath): void {
    linkSync(this.at(target), this.at(path));
  }

  makeSymlink(path: TreePath, target: string): void {
    symlinkSync(encodeBytes(target), this.at(path));
  }

  remove(path: TreePath): void {
    unlinkSync(this.at(path));
  }

  setOwner(path: TreePath, uid: number, gid: number): void {
    lchownSync(this.at(path), uid, gid);
  }

  setMode(path: TreePath, mode: number): void {
    chmodSync(this.at(path), mode);
  }

  /** Makes FIFOs and device nodes, for which Node has no call. Returns what the host's tools said where it did not work. */
  async makeNodes(nodes: readonly Node[]): Promise<string | null> {
    const fifos = nodes.filter(({ device }) => device === null).map(({ path }) => wordOf(path));
    const devices = nodes.flatMap(({ path, device }) =>
      device === null ? [] : [wordOf(path), ...device.map((word) => Buffer.from(`${word}\0`))],
    );
    for (const [words, tool] of [
      [fifos, ['mkfifo']],
      [devices, ['-n', '4', 'mknod']],
    ] as const) {
      const made =
        words.length === 0
          ? { ok: true, message: '' }
          : await runTool(this.path, ['xargs', '-0', ...tool], Buffer.concat(words));
      if (!made.ok) return made.message;
    }
    return null;
  }

  setTime(path: TreePath, nanoseconds: string): void {
    const time = settableTime(nanoseconds);
    lutimesSync(this.at(path), time, time);
  }

  /** Puts all of it on the disk. */
  async sync(files: Iterable<TreePath>): Promise<void> {
    if (!(await runTool(this.path, ['sync', '-f', '.'])).ok) for (const path of files) syncFile(this.at(path));
    fsyncSync(this.#descriptor);
  }
}

function syncFile(place: Buffer): void {
  const descriptor = openSync(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A path as xargs -0 reads it; never an option. */
function wordOf(path: TreePath): Buffer {
  return Buffer.concat([Buffer.from('./'), encodeBytes(path), Buffer.from('\0')]);
}
