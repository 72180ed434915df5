// Removes from dist/ what no source stands for any more: the package holds what was built, and nothing that once was.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const BUILT = /\.(?:js|d\.ts)$/;

for (const name of readdirSync(`${root}dist`, { recursive: true, encoding: 'utf8' })) {
  const path = `${root}dist/${name}`;
  if (BUILT.test(name) && statSync(path).isFile() && !existsSync(`${root}src/${name.replace(BUILT, '.ts')}`))
    rmSync(path);
}
