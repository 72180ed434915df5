/** What commands that look at a tree have in common: which prefixes, what is left out, which configuration. */
import type { PositionalOptions } from 'yargs';
import { isRuleCode, RULE_NAMES } from '../model/codes.ts';
import type { Config } from '../model/config.ts';
import { UsageError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';
import { asAbsolutePath, normalizeAbsolute, type AbsolutePath } from '../model/path.ts';
import { REPEATABLE } from './command.ts';

interface TreeArguments {
  readonly prefix: string[] | undefined;
  readonly exclude: string[] | undefined;
  readonly 'exclude-debris': boolean;
  readonly 'no-archives': boolean;
  readonly force: boolean;
}

interface TreeOptionTable {
  readonly prefix: typeof REPEATABLE & { readonly describe: string };
  readonly exclude: typeof REPEATABLE & { readonly describe: string };
  readonly 'exclude-debris': { readonly type: 'boolean'; readonly default: false; readonly describe: string };
  readonly 'no-archives': { readonly type: 'boolean'; readonly default: false; readonly describe: string };
  readonly force: { readonly type: 'boolean'; readonly default: false; readonly describe: string };
}

/** `--prefix`, `--exclude`, `--exclude-debris`, `--no-archives`, `--force`. */
export const TREE_OPTIONS: TreeOptionTable = {
  prefix: { ...REPEATABLE, describe: 'A further prefix to look for (repeatable)' },
  exclude: { ...REPEATABLE, describe: 'A glob of paths to leave out (repeatable)' },
  'exclude-debris': { type: 'boolean', default: false, describe: 'Leave out what builds left behind (RL212)' },
  'no-archives': { type: 'boolean', default: false, describe: 'Do not look into archives and compressed files' },
  force: { type: 'boolean', default: false, describe: 'Use prefixes of one component (/srv) too' },
};

interface NativeOptionTable {
  readonly grow: BooleanOption;
  readonly 'drop-outside-rpath': BooleanOption;
  readonly 'strip-debug-paths': BooleanOption;
}

interface BooleanOption {
  readonly type: 'boolean';
  readonly default: false;
  readonly describe: string;
}

/** What commands that edit programs may do besides: `--grow`, `--drop-outside-rpath`, `--strip-debug-paths`. */
export const NATIVE_OPTIONS: NativeOptionTable = {
  grow: {
    type: 'boolean',
    default: false,
    describe: 'Let a program grow where $ORIGIN has no room in its search path for libraries',
  },
  'drop-outside-rpath': {
    type: 'boolean',
    default: false,
    describe: 'Remove folders outside of the tree from search paths for libraries',
  },
  'strip-debug-paths': {
    type: 'boolean',
    default: false,
    describe: 'Blank the tree’s path in debug information too',
  },
};

/** What rules are asked to do, from these options. */
export function nativeChoices(args: {
  readonly grow: boolean;
  readonly 'drop-outside-rpath': boolean;
  readonly 'strip-debug-paths': boolean;
}): {
  readonly grow: boolean;
  readonly dropOutsideRpath: boolean;
  readonly stripDebugPaths: boolean;
} {
  return {
    grow: args.grow,
    dropOutsideRpath: args['drop-outside-rpath'],
    stripDebugPaths: args['strip-debug-paths'],
  };
}

export const TREE: {
  readonly type: 'string';
  readonly demandOption: true;
  readonly describe: string;
} & PositionalOptions = {
  type: 'string',
  demandOption: true,
  describe: 'The folder that holds the tree',
};

/** `--sha256`: what pack printed. */
export const SHA256: { readonly type: 'string'; readonly describe: string } = {
  type: 'string',
  describe: 'The digest (hex) that the archive must have',
};

/** A sha256 that an option gives. */
export function digestOption(option: string, digest: string): string {
  if (!/^[0-9a-f]{64}$/i.test(digest)) throw new UsageError(`${option} must be 64 hexadecimal digits, not '${digest}'`);
  return digest.toLowerCase();
}

/** What a scan takes, from the options and the configuration. */
export function scanOptions(
  args: TreeArguments,
  config: Config,
): {
  readonly prefixes: readonly string[];
  readonly configured: readonly string[];
  readonly exclude: readonly string[];
  readonly excludeDebris: boolean;
  readonly archives: boolean;
  readonly allowances: Config['allow'];
  readonly force: boolean;
} {
  return {
    prefixes: args.prefix ?? [],
    configured: config.prefixes,
    exclude: [...config.exclude, ...(args.exclude ?? [])],
    excludeDebris: args['exclude-debris'],
    archives: !args['no-archives'],
    allowances: config.allow,
    force: args.force,
  };
}

/** A place that an option names. */
export function placeOption(option: string, path: string): AbsolutePath {
  const place = normalizeAbsolute(path);
  if (place === null || place === asAbsolutePath('/'))
    throw new UsageError(`${option} must be the absolute path of a folder, not '${path}'`);
  return place;
}

/** Terms of --only and --except: a code, a rule's name, or a glob. A word that looks like a rule must be one. */
export function checkTerms(option: string, terms: readonly string[]): readonly string[] {
  const names: readonly string[] = Object.values(RULE_NAMES);
  for (const term of terms) {
    const first = /^(RL\d+),/i.exec(term)?.[1];
    if (first !== undefined) throw new UsageError(`${option} takes one at a time: ${option} ${first} ${option} …`);
    const looksLikeRule = /^RL\d+$/i.test(term) || /^[a-z]+(-[a-z0-9]+)*$/.test(term);
    if (!looksLikeRule || isRuleCode(term) || names.includes(term)) continue;
    const near = nearest(term, [...Object.keys(RULE_NAMES), ...names]);
    const hint = near === null ? `a file is named by a glob: './${term}'` : `did you mean '${near}'?`;
    throw new UsageError(`${option}: no rule '${term}'; ${hint}`);
  }
  return terms;
}
