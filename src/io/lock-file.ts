/** Locks where there are no abstract sockets: a file that names its owner by process id and start time, and that counts only while that one lives. */
import { spawnSync } from 'node:child_process';
import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorCode } from './entries.ts';
import type { Attempt, Holder } from './lock-holder.ts';

interface Owner {
  readonly pid: number;
  readonly what: string;
  /** As `ps` tells it: a process id is used again after its process. */
  readonly started: string;
}

/** Takes the lock, or tells who has it. The file of an owner that is gone is moved aside first. */
export async function lockByFile(key: string, what: string): Promise<Attempt> {
  const place = lockPlace(key);
  const mine = `${place}.${process.pid}`;
  const owner: Owner = { pid: process.pid, what, started: startOf(process.pid) };
  writeFileSync(mine, JSON.stringify(owner), { mode: 0o644 });
  try {
    for (;;) {
      if (tryLink(mine, place)) return { release: async () => unlinkSync(place) };
      const text = readText(place);
      if (text === null) continue;
      const other = ownerIn(text);
      if (other !== null && isAlive(other)) return { heldBy: { pid: other.pid, what: other.what } };
      moveAside(place, `${mine}.stale`, text);
    }
  } finally {
    unlinkSync(mine);
  }
}

/** Who holds the lock now; null where nobody does. */
export function fileHolder(key: string): Holder | null {
  const text = readText(lockPlace(key));
  const owner = text === null ? null : ownerIn(text);
  return owner !== null && isAlive(owner) ? { pid: owner.pid, what: owner.what } : null;
}

function lockPlace(key: string): string {
  return join(tmpdir(), `relocate-${key.replaceAll(':', '-')}.lock`);
}

/** Link is the one call that makes a name with its content, and only where there is none. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Two runs may find the same old file; the one that moves the other's new file by mistake puts it back. */
function moveAside(place: string, aside: string, expected: string): void {
  try {
    renameSync(place, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  if (readText(aside) !== expected) tryLink(aside, place);
  unlinkSync(aside);
}

function readText(place: string): string | null {
  try {
    return readFileSync(place, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function ownerIn(text: string): Owner | null {
  try {
    const owner: unknown = JSON.parse(text);
    if (typeof owner !== 'object' || owner === null || !('pid' in owner) || !('what' in owner) || !('started' in owner))
      return null;
    const { pid, what, started } = owner;
    return typeof pid === 'number' && typeof what === 'string' && typeof started === 'string'
      ? { pid, what, started }
      : null;
  } catch {
    return null;
  }
}

function isAlive({ pid, started }: Owner): boolean {
  try {
    // signal 0 sends nothing and tells whether there is such a process (kill(2))
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return false;
  }
  const start = startOf(pid);
  return start === started || start === '' || started === '';
}

/** When a process began, as `ps` tells it; empty where it does not. */
function startOf(pid: number): string {
  const ps = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  return ps.error === undefined ? ps.stdout.trim() : '';
}
