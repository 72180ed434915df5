/** What a scan is asked. */
import type { Bundle } from '../model/bundle.ts';
import type { AbsolutePath } from '../model/path.ts';
import type { Allowance } from '../model/scan.ts';
import { USUAL, type RuleOptions } from '../rules/rule.ts';
import type { PrefixOptions } from './prefixes.ts';

export interface ScanProgress {
  readonly files: number;
  readonly bytes: number;
}

export interface ScanOptions extends PrefixOptions, Partial<Omit<RuleOptions, 'bundled' | 'repack'>> {
  /** For a plan that writes into archives: the place that it writes, `true` for where the tree stands. */
  readonly repack?: AbsolutePath | boolean;
  /** Globs, relative to the tree, of what is left out. */
  readonly exclude?: readonly string[];
  /** Leave out what builds left behind (RL212). */
  readonly excludeDebris?: boolean;
  readonly allowances?: readonly Allowance[];
  /** Pythons that come along: their files are scanned too. */
  readonly bundle?: Bundle;
  /** Threads; by default one for each processor. The result does not depend on it. */
  readonly jobs?: number;
  readonly onProgress?: (done: ScanProgress) => void;
  readonly signal?: AbortSignal;
}

export interface ReportOptions extends Omit<ScanOptions, 'bundle'> {
  /** Keep what is found in the user's own folder of caches, and read only what has changed since. The report is the same. False by default. */
  readonly cache?: boolean;
  /** Told, in a sentence, why a cache is not used or could not be written. The report is right all the same. */
  readonly onCacheTrouble?: (sentence: string) => void;
}

/** What rules are asked to do, in a tree that stands here. */
export function ruleOptions({ repack = false, ...asked }: ScanOptions, here: AbsolutePath): RuleOptions {
  return {
    repack: repack === true ? here : repack === false ? null : repack,
    launcher: asked.launcher ?? USUAL.launcher,
    grow: asked.grow ?? USUAL.grow,
    dropOutsideRpath: asked.dropOutsideRpath ?? USUAL.dropOutsideRpath,
    stripDebugPaths: asked.stripDebugPaths ?? USUAL.stripDebugPaths,
    archives: asked.archives ?? USUAL.archives,
    bundled: asked.bundle?.pythons.flatMap(({ environments }) => environments) ?? USUAL.bundled,
  };
}
