/** Runs the built command line, and other programs, as a user would. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The program that package.json's `bin` names. */
export const RELOCATE: string = fileURLToPath(new URL('../../bin/relocate.js', import.meta.url));

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeout?: number;
}

/** Runs `relocate` with these arguments. */
export function relocate(args: readonly string[], options: RunOptions = {}): Ran {
  return run(process.execPath, [RELOCATE, ...args], options);
}

/** Runs `relocate`, and fails the test with all it said where it exits otherwise than expected. */
export function relocateOk(
  args: readonly string[],
  expected: readonly number[] = [0],
  options: RunOptions = {},
): string {
  const ran = relocate(args, options);
  if (ran.status === null || !expected.includes(ran.status))
    throw new Error(`relocate ${args.join(' ')} exited with ${ran.status}\n${ran.stdout}\n${ran.stderr}`);
  return ran.stdout;
}

/** Runs any program with the environment of a plain login: nothing of Python, no virtual environment. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Ran {
  const { PYTHONPATH: _p, PYTHONHOME: _h, VIRTUAL_ENV: _v, PYTHONDONTWRITEBYTECODE: _b, ...env } = process.env;
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: options.cwd ?? '/',
    env: options.env ?? env,
    input: options.input ?? '',
    encoding: 'utf8',
    timeout: options.timeout ?? 120_000,
    maxBuffer: 256 * 1024 * 1024,
  });
  return { status, stdout, stderr: error === undefined ? stderr : `${stderr}${error.message}` };
}

/** Runs a program that must succeed; its standard output. */
export function runOk(program: string, args: readonly string[], options: RunOptions = {}): string {
  const ran = run(program, args, options);
  if (ran.status !== 0)
    throw new Error(`${program} ${args.join(' ')} exited with ${ran.status}\n${ran.stdout}\n${ran.stderr}`);
  return ran.stdout;
}
