/** The file a pack writes: under another name beside its place until it is complete, on the disk, and verified. */
import { closeSync, constants, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, unlinkSync } from 'node:fs';
import { decodeBytes, encodeBytes, showBytes } from '../formats/byte-text.ts';
import { UsageError } from '../model/errors.ts';
import { asAbsolutePath, asTreePath, baseName, joinAbsolute, type AbsolutePath } from '../model/path.ts';
import { syncFolder } from './durable.ts';
import { errorCode, hostPath } from './entries.ts';
import { reasonOf } from './reasons.ts';
import { absolutePath, resolvePlace } from './places.ts';
import { removeTree } from './remove-tree.ts';

export interface ArchiveOutput {
  /** Where the archive will be. */
  readonly path: AbsolutePath;
  /** Where it is until then. */
  readonly temporary: AbsolutePath;
  readonly descriptor: number;
  /** A folder for copies, made when it is first asked for. */
  copies(): AbsolutePath;
  /** Puts the file in its place. */
  publish(): void;
  /** Ends it: what is not in its place is removed. */
  discard(): void;
}

/**
 * Begins to write an archive.
 * @throws UsageError where the folder is not there or can't be written to, or the place is taken by something that is no file
 */
export function beginOutput(output: string): ArchiveOutput {
  const path = absolutePath(output);
  const name = baseName(path);
  const folder = asAbsolutePath(path.slice(0, -name.length - 1) || '/');
  const place = resolvePlace(path);
  if (name === '' || (place.type !== null && place.type !== 'file'))
    throw new UsageError(`the archive can't be written to ${showBytes(path)}: that is no file`);
  removeStale(folder, name);
  const temporary = joinAbsolute(folder, `.${name}.relocate-${process.pid}.part`);
  const copies = joinAbsolute(folder, `.${name}.relocate-${process.pid}.copies`);
  const descriptor = create(temporary, folder);
  let hasCopies = false;
  let isOpen = true;
  let isPublished = false;
  const close = (): void => {
    if (isOpen) closeSync(descriptor);
    isOpen = false;
  };
  return {
    path,
    temporary,
    descriptor,
    copies() {
      if (!hasCopies) mkdirSync(encodeBytes(copies), { mode: 0o700 });
      hasCopies = true;
      return copies;
    },
    publish() {
      fsyncSync(descriptor);
      close();
      renameSync(encodeBytes(temporary), encodeBytes(path));
      isPublished = true;
      syncFolder(folder);
    },
    discard() {
      close();
      if (!isPublished) unlinkSync(encodeBytes(temporary));
      if (hasCopies) removeTree(copies);
    },
  };
}

function create(temporary: AbsolutePath, folder: AbsolutePath): number {
  try {
    return openSync(
      encodeBytes(temporary),
      constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o666,
    );
  } catch (error) {
    throw new UsageError(`the archive can't be written into ${showBytes(folder)}: ${reasonOf(error)}`);
  }
}

/** Removes what a pack to the same place left behind when it was killed. */
function removeStale(folder: AbsolutePath, name: string): void {
  for (const bytes of namesIn(folder)) {
    const other = decodeBytes(bytes);
    if (!other.startsWith(`.${name}.relocate-`)) continue;
    const [, pid, kind] = /^([0-9]+)\.(part|copies)$/.exec(other.slice(`.${name}.relocate-`.length)) ?? [];
    if (pid === undefined || isRunning(Number(pid))) continue;
    if (kind === 'part') unlinkSync(hostPath(folder, asTreePath(other)));
    else removeTree(joinAbsolute(folder, other));
  }
}

function namesIn(folder: AbsolutePath): Buffer[] {
  try {
    return readdirSync(encodeBytes(folder), { encoding: 'buffer' });
  } catch (error) {
    throw new UsageError(`the folder ${showBytes(folder)} for the archive can't be read: ${reasonOf(error)}`);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // signal 0 sends nothing and tells whether there is such a process (kill(2))
    return true;
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}
