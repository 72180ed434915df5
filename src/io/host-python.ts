/** A Python of this host: what it says of itself. */
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { encodeBytes } from '../formats/byte-text.ts';

export interface HostPython {
  readonly program: string;
  /** `3.11.7`. */
  readonly version: string;
  /** `CPython`. */
  readonly implementation: string;
  /** `sys.base_prefix`. */
  readonly prefix: string;
}

/** Works on Python 2.7 and 3; prints bytes, since a path may not be UTF-8. */
const QUESTION = [
  'import os, platform, sys',
  'prefix = getattr(sys, "base_prefix", sys.prefix)',
  'prefix = os.fsencode(prefix) if hasattr(os, "fsencode") else prefix',
  'out = getattr(sys.stdout, "buffer", sys.stdout)',
  'out.write(("%d.%d.%d\\n%s\\n" % (tuple(sys.version_info[:3]) + (platform.python_implementation(),))).encode("ascii") + prefix)',
].join('\n');

const PATIENCE = 20_000;

/** Looks a program up by its name, as a shell does; null where PATH has none. */
export function findProgram(name: string): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(':')) {
    const program = `${folder}/${name}`;
    if (folder.startsWith('/') && isExecutable(program)) return program;
  }
  return null;
}

function isExecutable(program: string): boolean {
  try {
    accessSync(program, constants.X_OK);
    return statSync(program).isFile();
  } catch {
    return false;
  }
}

/** Runs a Python without its user's settings; null where it can't be run or is none. */
export async function askPython(program: string): Promise<HostPython | null> {
  // Node takes strings alone; a name that is not UTF-8 can't be run by it
  if (!program.isWellFormed() || encodeBytes(program).includes(0)) return null;
  const child = spawn(program, ['-E', '-s', '-c', QUESTION], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  // not the option of spawn: its timer goes on, and keeps Node from ending, where the program can't be started
  const timer = setTimeout(() => child.kill(), PATIENCE);
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  const ok = await new Promise<boolean>((resolve) => {
    child.on('error', () => resolve(false));
    child.on('close', (status) => resolve(status === 0));
  });
  clearTimeout(timer);
  const [version = '', implementation = '', ...prefix] = Buffer.concat(output).toString('utf8').split('\n');
  return ok && /^\d+\.\d+\.\d+$/.test(version) ? { program, version, implementation, prefix: prefix.join('\n') } : null;
}
