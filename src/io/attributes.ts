/** Gives new files the owner, mode, ACLs, extended attributes and times of the originals they stand for. */
import { chmodSync, lchownSync, lstatSync } from 'node:fs';
import { showBytes } from '../formats/byte-text.ts';
import type { Step } from '../formats/journal-records.ts';
import { RolledBackError } from '../model/errors.ts';
import { asTreePath, joinAbsolute, type AbsolutePath, type TreePath } from '../model/path.ts';
import { openPath } from './entries.ts';
import { runTool, type ToolOutcome } from './host-tool.ts';
import { restoreTimes, setTimeRoughly } from './times.ts';

/** A new file or symlink: the same `name` stands in the folder of the originals and in that of the new ones. */
export interface Twin {
  readonly name: string;
  readonly kind: 'file' | 'symlink';
  /** The path in the tree, for messages. */
  readonly of: TreePath;
}

/** The twin that a step writes; what is taken away or is new has none. */
export function twinOf(index: number, { path, kind }: Pick<Step, 'path' | 'kind'>): Twin | null {
  if (kind !== 'content' && kind !== 'retarget') return null;
  return { name: String(index), kind: kind === 'retarget' ? 'symlink' : 'file', of: path };
}

/** Names a call: 20,000 short names stay far below the 2 MiB that Linux allows for arguments. */
const BATCH = 20_000;

/** So many files are given to a `cp` while others are being written; fewer are not worth a process. */
const WORTH_A_PROCESS = 2048;

/**
 * Copies the attributes of `folder/orig/<name>` to `folder/new/<name>`. One `cp` does it for thousands of files, in the right order: a
 * write clears capabilities, chown drops setuid, and Node can neither copy extended attributes nor set nanoseconds.
 */
export class AttributeCopier {
  readonly #folder: AbsolutePath;
  readonly #warnings = new Set<string>();
  #waiting: Twin[] = [];
  #running: Promise<void> | null = null;
  #error: unknown = null;

  constructor(folder: AbsolutePath) {
    this.#folder = folder;
  }

  /** This one is written, and its original is kept. Its attributes may be copied at once, beside other work. */
  add(twin: Twin): void {
    this.#waiting.push(twin);
    if (this.#running === null && this.#waiting.length >= WORTH_A_PROCESS) this.#running = this.#copyWaiting();
  }

  /**
   * Copies what is left.
   * @returns sentences about what could not be kept on this host
   * @throws RolledBackError where an extended attribute can't be kept: the caller takes the run back
   */
  async finish(): Promise<string[]> {
    await this.#running;
    if (this.#error === null) await this.#copyWaiting();
    if (this.#error !== null) throw this.#error;
    return [...this.#warnings];
  }

  /** Resolves when no process of it is at work any more. */
  async settle(): Promise<void> {
    await this.#running;
  }

  async #copyWaiting(): Promise<void> {
    const twins = this.#waiting;
    this.#waiting = [];
    try {
      for (const warning of await copyAttributes(this.#folder, twins)) this.#warnings.add(warning);
    } catch (error) {
      this.#error ??= error;
    }
    this.#running = null;
  }
}

async function copyAttributes(folder: AbsolutePath, twins: readonly Twin[]): Promise<string[]> {
  const files = twins.filter(({ kind }) => kind === 'file');
  const links = twins.filter(({ kind }) => kind === 'symlink').map(({ name }) => name);
  for (const name of links) copyOwner(folder, name);
  await restoreTimes(
    joinAbsolute(folder, 'new'),
    links.map((name) => ({
      path: asTreePath(name),
      mtime: lstatSync(original(folder, name), { bigint: true }).mtimeNs,
    })),
  );
  return files.length > 0 ? copyFileAttributes(folder, files) : [];
}

/**
 * Looks whether new files have what was copied.
 * @returns a sentence where times could not be kept exactly
 * @throws RolledBackError where the owner or the mode is another one: the caller takes the run back
 */
export async function requireAttributes(
  folder: AbsolutePath,
  twins: readonly Twin[],
  rest: () => Promise<void>,
): Promise<string[]> {
  let inexact = 0;
  for (const twin of twins) {
    if (!checkAttributes(folder, twin)) inexact++;
    await rest();
  }
  return inexact === 0 ? [] : [`the modification times of ${inexact} changed files are exact to the microsecond only`];
}

async function copyFileAttributes(folder: AbsolutePath, files: readonly Twin[]): Promise<string[]> {
  for (let at = 0; at < files.length; at += BATCH) {
    const batch = files.slice(at, at + BATCH);
    if ((await copyAtOnce(folder, batch)).ok) continue;
    if (!(await runTool(folder, ['cp', '--help'])).output.includes('--attributes-only'))
      return copyAsNodeCan(folder, files);
    const refused = await copyBatch(folder, batch);
    if (refused === null) continue;
    if (refused.message.includes('without xattr support')) return copyAsNodeCan(folder, files);
    const why = refused.message.split('\n')[0];
    throw new RolledBackError(
      `the attributes of ${showBytes(refused.file.of)} can not be kept (${why}); nothing was changed`,
    );
  }
  return [];
}

/** Null where all went well. `cp` does not always name the file that it complains about, so that one is looked for by halves. */
async function copyBatch(
  folder: AbsolutePath,
  files: readonly Twin[],
): Promise<{ file: Twin; message: string } | null> {
  const { ok, message } = await copyAtOnce(folder, files);
  if (ok) return null;
  const [file] = files;
  if (file !== undefined && files.length === 1) return { file, message };
  const half = files.length >> 1;
  return (await copyBatch(folder, files.slice(0, half))) ?? (await copyBatch(folder, files.slice(half)));
}

/** A `cp` that lacks an option says so, and does nothing. */
async function copyAtOnce(folder: AbsolutePath, files: readonly Twin[]): Promise<ToolOutcome> {
  const names = files.map(({ name }) => `orig/${name}`);
  return runTool(folder, [
    'cp',
    '--attributes-only',
    '--preserve=mode,ownership,timestamps,xattr',
    '-t',
    'new',
    ...names,
  ]);
}

function copyAsNodeCan(folder: AbsolutePath, files: readonly Twin[]): string[] {
  for (const { name } of files) {
    copyOwner(folder, name);
    const stat = lstatSync(original(folder, name), { bigint: true });
    chmodSync(successor(folder, name), Number(stat.mode & 0o7777n));
    setTimeRoughly(successor(folder, name), stat, stat.mtimeNs);
  }
  return ['extended attributes and ACLs of changed files were not kept: that takes `cp` of GNU coreutils'];
}

function copyOwner(folder: AbsolutePath, name: string): void {
  const { uid, gid } = lstatSync(original(folder, name));
  const now = lstatSync(successor(folder, name));
  if (now.uid !== uid || now.gid !== gid) lchownSync(successor(folder, name), uid, gid);
}

/** Whether the time is exact; anything else that differs ends the run. */
function checkAttributes(folder: AbsolutePath, { name, of }: Twin): boolean {
  const before = lstatSync(original(folder, name), { bigint: true });
  const after = lstatSync(successor(folder, name), { bigint: true });
  if (before.uid !== after.uid || before.gid !== after.gid)
    throw new RolledBackError(`the owner of ${showBytes(of)} can not be kept; nothing was changed`);
  if (before.mode !== after.mode)
    throw new RolledBackError(`the mode of ${showBytes(of)} can not be kept; nothing was changed`);
  return before.mtimeNs === after.mtimeNs;
}

function original(folder: AbsolutePath, name: string): Buffer | string {
  return openPath(folder, `orig/${name}`);
}

function successor(folder: AbsolutePath, name: string): Buffer | string {
  return openPath(folder, `new/${name}`);
}
