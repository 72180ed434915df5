// Compiles the search kernel, assembly/search.ts, to dist/io/search.wasm, where the build has none or an older one.
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { main } from 'assemblyscript/asc';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = 'assembly/search.ts';
const built = 'dist/io/search.wasm';

function isFresh() {
  return existsSync(root + built) && statSync(root + built).mtimeMs > statSync(root + source).mtimeMs;
}

if (!isFresh()) {
  mkdirSync(`${root}dist/io`, { recursive: true });
  const options = ['--enable', 'simd', '--runtime', 'stub', '-O3', '--noAssert', '--initialMemory', '1'];
  const { error } = await main([source, '--baseDir', root, '--outFile', built, ...options]);
  if (error !== null) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
