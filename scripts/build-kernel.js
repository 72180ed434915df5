// Compiles the kernel of the scan, assembly/*.ts, to dist/io/search.wasm, where the build has none or an older one.
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { main } from 'assemblyscript/asc';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What they export, the kernel does. */
const entries = ['assembly/search.ts', 'assembly/marshal.ts'];
const built = 'dist/io/search.wasm';

function isFresh() {
  if (!existsSync(root + built)) return false;
  const { mtimeMs } = statSync(root + built);
  return readdirSync(`${root}assembly`).every((source) => statSync(`${root}assembly/${source}`).mtimeMs < mtimeMs);
}

if (!isFresh()) {
  mkdirSync(`${root}dist/io`, { recursive: true });
  const options = ['--enable', 'simd', '--runtime', 'stub', '-O3', '--noAssert', '--initialMemory', '1'];
  const { error } = await main([...entries, '--baseDir', root, '--outFile', built, ...options]);
  if (error !== null) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
