import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fileHolder, lockByFile } from '../src/io/lock-file.ts';
import { lockHolder, withLock } from '../src/io/lock.ts';
import { LockedError } from '../src/model/errors.ts';
import { temporaryFolder } from './support/folder.ts';

const LOCK = new URL('../dist/io/lock.js', import.meta.url).href;
const LOCK_FILE = new URL('../dist/io/lock-file.js', import.meta.url).href;

/** A process that holds a lock until it is killed. */
async function holder(script: string, ...args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

/** The holder is too busy to answer anyone. */
const BUSY = `
  const { withLock } = await import('${LOCK}');
  await withLock(process.argv[1], 'fix', async () => { console.log('held'); for (;;); });
`;

describe('withLock', () => {
  test('refuses a second run by any name of the folder, says who holds it, and is free when that one is killed', async () => {
    const folder = temporaryFolder();
    symlinkSync('.', join(folder, 'again'));
    const child = await holder(BUSY, folder);
    for (const name of [folder, join(folder, 'again'), `${folder}/../${folder.split('/').at(-1) ?? ''}`]) {
      const second = withLock(name, 'undo', async () => {});
      await expect(second).rejects.toThrow(LockedError);
      await expect(second).rejects.toThrow(`relocate fix (process ${child.pid}) is at work in`);
    }
    expect(await lockHolder(folder)).toEqual({ pid: child.pid, what: 'fix' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await withLock(folder, 'undo', async () => 7)).toBe(7);
    expect(await lockHolder(folder)).toBeNull();
  });

  test('is free again after an error, and leaves nothing in the folder', async () => {
    const folder = temporaryFolder();
    const failing = withLock(folder, 'fix', async () => {
      await expect(withLock(folder, 'fix', async () => {})).rejects.toThrow(LockedError);
      throw new Error('broken');
    });
    await expect(failing).rejects.toThrow('broken');
    await withLock(folder, 'fix', async () => {});
    expect(existsSync(join(folder, '.relocate'))).toBe(false);
  });

  test('locks a place where nothing is yet, and not its neighbours', async () => {
    const folder = temporaryFolder();
    await withLock(join(folder, 'new'), 'install', async () => {
      await expect(withLock(join(folder, './new/'), 'install', async () => {})).rejects.toThrow(LockedError);
      await withLock(join(folder, 'other'), 'install', async () => {});
      await withLock(folder, 'fix', async () => {});
    });
  });
});

describe('the lock of hosts without abstract sockets', () => {
  const key = (): string => `test:${process.pid}:${Math.random()}`;
  const HOLD = `
    const { lockByFile } = await import('${LOCK_FILE}');
    await lockByFile(process.argv[1], 'fix');
    console.log('held');
    for (;;);
  `;

  test('names its holder, and is free when that one is killed', async () => {
    const name = key();
    const child = await holder(HOLD, name);
    expect(await lockByFile(name, 'undo')).toEqual({ heldBy: { pid: child.pid, what: 'fix' } });
    expect(fileHolder(name)).toEqual({ pid: child.pid, what: 'fix' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(fileHolder(name)).toBeNull();
    const attempt = await lockByFile(name, 'undo');
    if ('heldBy' in attempt) throw new Error('it is still held');
    await attempt.release();
    expect(fileHolder(name)).toBeNull();
  });
});
