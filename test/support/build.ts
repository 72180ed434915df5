/** Builds dist/ before the tests where a source is newer than the build: tests of the command line run what a user runs. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

function newest(folder: string): number {
  let time = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const found = statSync(`${folder}/${name}`, { throwIfNoEntry: false });
    if (found?.isFile() === true) time = Math.max(time, found.mtimeMs);
  }
  return time;
}

/** Called once by vitest, before any test file. */
export function setup(): void {
  // what the terminal of the tester likes is no part of the tests
  for (const name of ['FORCE_COLOR', 'NO_COLOR', 'SOURCE_DATE_EPOCH']) delete process.env[name];
  const stamp = `${root}bundle/cli/main.js`;
  if (existsSync(stamp) && statSync(stamp).mtimeMs > Math.max(newest(`${root}src`), newest(`${root}assembly`))) return;
  const build = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, encoding: 'utf8' });
  // tsc writes what it can; a wrong type is the business of `npm run check`
  if (build.status !== 0) console.error(`The build has errors:\n${build.stdout}${build.stderr}`);
}
