/** A tree that is built in one place, fixed there, and moved to another (with a blank in its name); the old place is gone. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '../../src/model/plan.ts';
import type { Scan } from '../../src/model/scan.ts';
import { asAbsolutePath } from '../../src/model/path.ts';
import { apply } from '../../src/stages/apply.ts';
import { plan } from '../../src/stages/plan.ts';
import { scan } from '../../src/stages/scan.ts';
import { temporaryFolder, writeTree } from './folder.ts';

export interface BuiltTree {
  /** Where it stands: the real path. */
  readonly root: string;
  /** Fixes it and moves it; gives the new place. */
  move(to?: string): Promise<MovedTree>;
}

export interface MovedTree {
  readonly root: string;
  readonly scan: Scan;
  readonly plan: Plan;
}

/** Makes a tree of files, whose content may name the tree's own path as `@P@`. */
export function buildTree(files: Readonly<Record<string, string>> = {}): BuiltTree {
  const folder = temporaryFolder();
  const root = join(folder, 'build', 'site');
  mkdirSync(root, { recursive: true });
  writeTree(
    root,
    Object.fromEntries(Object.entries(files).map(([path, text]) => [path, text.replaceAll('@P@', root)])),
  );
  return {
    root,
    move: async (to = 'new place') => {
      const found = await scan(root, { jobs: 1 });
      const moved = join(folder, to);
      const planned = plan(found, { to: asAbsolutePath(moved) });
      await apply(planned);
      renameSync(root, moved);
      return { root: moved, scan: found, plan: planned };
    },
  };
}

/** Whether a program is there, for tests that need it. */
export function has(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args.length > 0 ? args : ['--version'], { stdio: 'ignore' }).status === 0;
}

/** The output of a program; its words on stderr where it fails. */
export function run(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): string {
  return execFileSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: options.cwd ?? '/',
    env: { ...process.env, ...options.env },
  }).trimEnd();
}
