/** Mach-O trees for tests: laid out by LLVM (kept as archives, with their recipe) or by hand, and an independent reader of them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MACHO: string = fileURLToPath(new URL('macho/', import.meta.url));

/** Lays out a tree that LLVM's linker made at this place; gives the place that its files name. */
export function unpackSite(built: '/srv/build/site' | '/p/s', tree: string): string {
  mkdirSync(tree, { recursive: true });
  execFileSync('tar', ['-xzf', `${MACHO}site${built.replaceAll('/', '-')}.tar.gz`, '-C', tree]);
  return built;
}

/** Runs a few lines of Python with the functions of `tiny.py` at hand; their `print` gives the result. */
export function tiny(lines: string, ...args: readonly string[]): string {
  const program = `import sys; sys.path.insert(0, ${JSON.stringify(MACHO)}); sys.dont_write_bytecode = True\nfrom tiny import *\n${lines}`;
  return execFileSync('python3', ['-c', program, ...args], { encoding: 'utf8' });
}

export interface CheckedSlice {
  /** Kind (`load`, `rpath`, `id`, …) and text of each path in the load commands. */
  readonly paths: readonly (readonly [string, string])[];
  readonly signed: boolean;
  readonly flags: number;
  readonly directories: number;
  readonly cms: boolean;
  /** Pages and slots whose hash is not right. */
  readonly wrong: readonly string[];
}

/** What an independent reader finds in a file: one for each architecture. It fails where the headers contradict themselves. */
export function check(file: string): readonly CheckedSlice[] {
  return JSON.parse(execFileSync('python3', [`${MACHO}check.py`, file], { encoding: 'utf8' })) as CheckedSlice[];
}

/** The paths of a file's first architecture, in a word each. */
export function pathsOf(file: string): string[] {
  return (check(file)[0]?.paths ?? []).map(([kind, text]) => `${kind} ${text}`);
}

/** Whether every signature of a file holds. */
export function isSignedRight(file: string): boolean {
  return check(file).every(({ signed, wrong }) => signed && wrong.length === 0);
}
