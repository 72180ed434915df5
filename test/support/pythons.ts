/** The Pythons of this machine: `python3`, and those of pyenv where there are any. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface Python {
  /** `3.11` */
  readonly version: string;
  readonly program: string;
}

/** Each version once, sorted. */
export const PYTHONS: readonly Python[] = findPythons();

function findPythons(): Python[] {
  const versions = join(process.env['PYENV_ROOT'] ?? join(homedir(), '.pyenv'), 'versions');
  const programs = existsSync(versions) ? readdirSync(versions).map((name) => join(versions, name, 'bin/python')) : [];
  const byVersion = new Map<string, string>();
  for (const program of ['python3', ...programs]) {
    const version = versionOf(program);
    if (version !== null && !byVersion.has(version)) byVersion.set(version, program);
  }
  return [...byVersion].map(([version, program]) => ({ version, program })).sort((a, b) => minor(a) - minor(b));
}

function versionOf(program: string): string | null {
  try {
    return execFileSync(program, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  } catch {
    return null;
  }
}

function minor({ version }: Python): number {
  const [major = 0, rest = 0] = version.split('.').map(Number);
  return major * 100 + rest;
}

/** Runs Python code and gives what it printed. */
export function runPython(
  program: string,
  code: string,
  args: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
): string {
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...environment };
  return execFileSync(program, ['-c', code, ...args], { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] });
}
