/** A small site that is built at one place, made movable, and moved to a place with every awkward character in its path. */
import { chmodSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Reference } from '../../src/model/reference.ts';
import type { Launcher } from '../../src/rules/rule.ts';
import { apply } from '../../src/stages/apply.ts';
import { plan } from '../../src/stages/plan.ts';
import { scan } from '../../src/stages/scan.ts';
import { temporaryFolder } from './folder.ts';

const AWKWARD = `moved here $(touch x) & 'é' "q" \`w\``;

export interface MovedSite {
  /** Where it is built; gone after the move. */
  readonly built: string;
  /** Where it is after the move. */
  readonly moved: string;
  /** A folder beside both. */
  readonly beside: string;
}

/** An empty site, in a temporary folder. */
export function newSite(): MovedSite {
  const beside = temporaryFolder();
  const site = { beside, built: join(beside, 'build/site'), moved: join(beside, AWKWARD, 'site') };
  mkdirSync(site.built, { recursive: true });
  mkdirSync(dirname(site.moved));
  return site;
}

/** Writes a file that can be run. */
export function writeScript({ built }: MovedSite, path: string, content: string | Buffer): void {
  const file = join(built, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, 0o755);
}

/** Makes a symlink in the site, or beside it. */
export function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

/** Fixes the site where it is; the references that were found before and after. */
export async function fixSite(
  { built }: MovedSite,
  launcher: Launcher = 'env-split',
): Promise<{ readonly before: readonly Reference[]; readonly after: readonly Reference[] }> {
  const found = await scan(built, { jobs: 1, launcher });
  await apply(plan(found));
  const left = await scan(built, { jobs: 1, launcher });
  return { before: found.references, after: left.references };
}

/** Fixes the site and moves it. */
export async function fixAndMove(site: MovedSite, launcher: Launcher = 'env-split'): Promise<readonly Reference[]> {
  const { before } = await fixSite(site, launcher);
  renameSync(site.built, site.moved);
  return before;
}
