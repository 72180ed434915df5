// Bundles the sources to a few files in bundle/, which is what runs: hundreds of modules start slowly. What others wrote stays outside.
// All but the command line lands in bundle/io, so that paths relative to `import.meta.url` hold there as in src/io.
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));

rmSync(`${root}bundle`, { recursive: true, force: true });
await build({
  cwd: root,
  input: {
    'io/library': 'src/index.ts',
    'io/scan-worker': 'src/io/scan-worker.ts',
    'io/pack-worker': 'src/io/pack-worker.ts',
    'io/file-worker': 'src/io/file-worker.ts',
    'cli/main': 'src/cli/main.ts',
  },
  platform: 'node',
  external: /^[^./]/,
  logLevel: 'warn',
  output: { dir: 'bundle', format: 'esm', entryFileNames: '[name].js', chunkFileNames: 'io/part-[name].js' },
});
writeFileSync(`${root}bundle/index.js`, "export * from './io/library.js';\n");
copyFileSync(`${root}dist/io/search.wasm`, `${root}bundle/io/search.wasm`);
