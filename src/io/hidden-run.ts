/** Runs a program in a mount name space of its own, in which some folders are empty: what still depends on them fails. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeBytes, encodeBytes } from '../formats/byte-text.ts';
import { isInside, type AbsolutePath } from '../model/path.ts';

export interface HiddenRun {
  readonly ok: boolean;
  readonly output: string;
  readonly message: string;
  /** Folders that are there and could not be hidden. */
  readonly unhidden: readonly AbsolutePath[];
}

const PATIENCE = 30_000;

/** Mounts an empty file system over each folder up to `--`, then runs the rest. */
const HIDE = 'while [ "$1" != -- ]; do mount -t tmpfs none "$1" || exit 126; shift; done; shift; exec "$@"';

/**
 * Runs `program`. With `probe` a Python runs that code as its sitecustomize before anything else (site module, "sitecustomize"). Folders
 * that hold the program itself can't be hidden.
 */
export async function runHidden(
  program: AbsolutePath,
  args: readonly string[],
  hidden: readonly AbsolutePath[],
  probe: string | null,
): Promise<HiddenRun> {
  const there = [...new Set(hidden)].filter((folder) => existsSync(encodeBytes(folder)));
  const hideable = mayHide()
    ? there.filter((folder) => !isInside(program, folder) && !isInside(realPathOf(program), folder))
    : [];
  const folder = probe === null ? null : mkdtempSync(join(tmpdir(), 'relocate-probe-'));
  try {
    if (folder !== null && probe !== null) writeFileSync(join(folder, 'sitecustomize.py'), probe);
    const { PYTHONHOME: _, VIRTUAL_ENV: __, PYTHONPATH: ___, ...env } = process.env;
    const command =
      hideable.length === 0
        ? [program, ...args]
        : ['unshare', '-m', 'sh', '-c', HIDE, 'sh', ...hideable, '--', program, ...args];
    const ran = await run(command, {
      ...env,
      PYTHONDONTWRITEBYTECODE: '1',
      ...(folder === null ? {} : { PYTHONPATH: folder }),
    });
    return { ...ran, unhidden: there.filter((place) => !hideable.includes(place)) };
  } finally {
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
  }
}

/** Where a program really is; the path itself where it leads nowhere. */
function realPathOf(program: AbsolutePath): string {
  try {
    return decodeBytes(realpathSync(encodeBytes(program), { encoding: 'buffer' }));
  } catch {
    return program;
  }
}

let canHide: boolean | null = null;

/** Whether this host lets us mount in a name space of our own (unshare(1)); asked once. */
function mayHide(): boolean {
  canHide ??=
    spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs none /tmp'], { stdio: 'ignore', timeout: PATIENCE })
      .status === 0;
  return canHide;
}

async function run(
  [program = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Pick<HiddenRun, 'ok' | 'output' | 'message'>> {
  const child = spawn(program, args, {
    env,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  // not the option of spawn: its timer goes on, and keeps Node from ending, where the program can't be started
  const timer = setTimeout(() => child.kill(), PATIENCE);
  const output: Buffer[] = [];
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  return new Promise((resolve) => {
    const settle = (ok: boolean, message: string): void => {
      clearTimeout(timer);
      resolve({ ok, message, output: Buffer.concat(output).toString('utf8') });
    };
    child.on('error', (error) => settle(false, error.message));
    child.on('close', (status) =>
      settle(status === 0, Buffer.concat(said).toString('utf8') || `it ended with ${status ?? 'a signal'}`),
    );
  });
}
