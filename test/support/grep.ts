/** Where a text stands in the files of a tree, as raw bytes: told by grep. `.relocate`, relocate's own folder, is left out. */
import { run, runOk } from './cli.ts';

/** How often the text stands in all files. */
export function occurrences(tree: string, text: string): number {
  return Number(runOk('sh', ['-c', 'grep -rahoF --exclude-dir=.relocate -e "$1" . | wc -l', 'sh', text], { cwd: tree }));
}

/** The files in which it stands, as `./path`, sorted. */
export function filesWith(tree: string, text: string): string[] {
  const { stdout } = run('grep', ['-ralF', '--exclude-dir=.relocate', '-e', text, '.'], { cwd: tree });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}
