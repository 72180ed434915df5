/** What is in a tree, told by find, sha256sum and grep: tools that have nothing to do with relocate. */
import { runOk } from './cli.ts';

export interface ListingOptions {
  /** Leaves out what relocate keeps for itself in `.relocate`. */
  readonly own?: boolean;
}

const LIST = `
find . $2 -printf '%P\\t%y\\t%m\\t%U:%G\\t%T@\\t%l\\n' | LC_ALL=C sort
find . $2 -type f -links +1 -printf '%i\\t%P\\n' | LC_ALL=C sort -k2 | awk -F'\\t' '{ if (!($1 in first)) first[$1] = $2; print $2 "\\t= " first[$1] }'
find . $2 -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum
`;

/** Every path with its type, mode, owner, time to the nanosecond, link target, hard-link group and digest. */
export function listing(tree: string, { own = false }: ListingOptions = {}): string {
  const without = own ? '-path ./.relocate -prune -o' : '';
  return runOk('sh', ['-c', `cd "$1" || exit 1${LIST}`, 'sh', tree, without]);
}

/** The files, as `./path`, whose bytes hold a text; what relocate keeps for itself is left out. */
export function filesWith(tree: string, text: string): string[] {
  const found = runOk('sh', [
    '-c',
    'cd "$1" && grep -rlaF --exclude-dir=.relocate -e "$2" . || true',
    'sh',
    tree,
    text,
  ]);
  return found
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}

/** How often a text stands in the bytes of the files of a tree. */
export function occurrences(tree: string, text: string): number {
  return Number(
    runOk('sh', ['-c', 'cd "$1" && grep -rhoaF --exclude-dir=.relocate -e "$2" . | wc -l', 'sh', tree, text]),
  );
}
