/** Compiles small programs for tests, in a tree whose path stands in them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Compiles C to `out` (below the tree). `@P@` in the source is the tree's path. */
export function compileC(root: string, out: string, source: string, ...options: readonly string[]): string {
  const place = join(root, out);
  const file = join(root, `src/${out.replaceAll('/', '-')}.c`);
  for (const path of [place, file]) mkdirSync(dirname(path), { recursive: true });
  writeFileSync(file, source.replaceAll('@P@', root));
  execFileSync('gcc', [...options, '-o', place, file], { stdio: ['ignore', 'ignore', 'pipe'] });
  return place;
}
