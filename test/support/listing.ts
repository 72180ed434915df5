/** A tree as other programs see it: find, sha256sum, grep. None of relocate's own code. */
import { runOk } from './cli.ts';

/** What may differ between two listings: times in whole, or below the second. */
export interface ListingOptions {
  /** Leave out `.relocate`, relocate's own folder. */
  readonly own?: boolean;
}

/**
 * One line for each path: type, mode, owner, mtime to the nanosecond, link count, link target, sha256; then one for each group of
 * hard links. The root's own line comes first.
 */
export function listing(tree: string, options: ListingOptions = {}): string {
  const prune = options.own === true ? [] : ['-path', './.relocate', '-prune', '-o'];
  const paths = runOk('find', ['.', ...prune, '-printf', '%P\\t%y\\t%m\\t%U:%G\\t%T@\\t%n\\t%l\\t%i\\0'], { cwd: tree, env: { ...process.env, LC_ALL: 'C' } as Record<string, string> });
  const digests = runOk('sh', ['-c', `find . ${prune.map((word) => `'${word}'`).join(' ')} -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum -z`], { cwd: tree });
  const inodes = new Map<string, string[]>();
  const lines = paths
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const fields = line.split('\t');
      const inode = fields.pop() ?? '';
      const links = Number(fields[5]);
      if (links > 1 && fields[1] !== 'd') inodes.set(inode, [...(inodes.get(inode) ?? []), fields[0] ?? '']);
      // a folder's link count and a file's size in blocks are the file system's business
      if (fields[1] === 'd') fields[5] = '-';
      return fields.join('\t');
    })
    .sort();
  const groups = [...inodes.values()].map((names) => `= ${names.sort().join(' = ')}`).sort();
  return [...lines, ...groups, ...digests.split('\0').sort()].join('\n');
}

/** How often a text stands in the files of a tree, as raw bytes; `.relocate` left out. */
export function occurrences(tree: string, text: string): number {
  const out = runOk('sh', ['-c', 'grep -raoF --exclude-dir=.relocate -e "$1" . | wc -l', 'sh', text], { cwd: tree, env: { ...process.env, LC_ALL: 'C' } as Record<string, string> });
  return Number(out);
}

/** The files in which a text stands, sorted; `.relocate` left out. */
export function filesWith(tree: string, text: string): string[] {
  return runOk('sh', ['-c', 'grep -ralF --exclude-dir=.relocate -e "$1" . || true', 'sh', text], { cwd: tree, env: { ...process.env, LC_ALL: 'C' } as Record<string, string> })
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}
