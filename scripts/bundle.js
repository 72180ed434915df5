// Bundles the sources to a few files in bundle/, which is what runs: hundreds of modules start slowly. What others wrote stays outside, but for the
// packages that every scan loads: their modules took longer to load than a small tree to scan. Most of that was what lays out the help of yargs
// (string-width compiles a pattern of all emoji), so this becomes a file of its own, which the first help loads.
// All but the command line lands in bundle/io, so that paths relative to `import.meta.url` hold there as in src/io.
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Packages that are taken in. */
const TAKEN = ['fzstd', 'minizlib', 'picomatch', 'smol-toml', 'yargs'];
/** What yargs measures and lays out help with. */
const LAYOUT = ['cliui', 'string-width'];
const BASE =
  /[/\\]src[/\\](?:model[/\\]|reports[/\\]words|formats[/\\](?:byte-text|escaping|absolute-form|wide)|io[/\\](?:entries|look|places))/;
/** What a scan loads before it knows whether it must read anything. */
const LOOK = /[/\\]src[/\\](?:scanning|stages[/\\](?:report|cached-report))\.ts$/;
/** What reads. */
const SCAN = /[/\\]src[/\\]stages[/\\](?:fresh-report|scan-and-keep)\.ts$/;
const IN_PACKAGES = /[/\\]node_modules[/\\]/;

/** In the place of what lays out help: a call of bundle/cli/layout.cjs. */
const helpLaidOutLater = {
  name: 'help-laid-out-later',
  resolveId: (id, importer) => (LAYOUT.includes(id) && /[/\\]yargs[/\\]lib[/\\]/.test(importer) ? `\0${id}` : null),
  load: (id) =>
    LAYOUT.some((name) => id === `\0${name}`)
      ? `import { createRequire } from 'node:module';
         const require = createRequire(import.meta.url);
         export default (...args) => require('../cli/layout.cjs')['${id.slice(1)}'](...args);`
      : null,
};

/** The packages that yargs would have loaded, as a module beside it. */
const layout = {
  name: 'layout',
  resolveId: (id) => (id === 'layout' ? `${root}node_modules/yargs/layout.js` : null),
  load: (id) =>
    id.endsWith('/yargs/layout.js')
      ? LAYOUT.map((name) => `export { default as '${name}' } from '${name}';`).join('\n')
      : null,
};

rmSync(`${root}bundle`, { recursive: true, force: true });
const main = await build({
  cwd: root,
  input: {
    'io/library': 'src/index.ts',
    'io/scan-worker': 'src/io/scan-worker.ts',
    'io/stage-worker': 'src/io/stage-worker.ts',
    'io/check-worker': 'src/io/check-worker.ts',
    'io/pack-worker': 'src/io/pack-worker.ts',
    'io/file-worker': 'src/io/file-worker.ts',
    'cli/main': 'src/cli/main.ts',
  },
  platform: 'node',
  external: (id, importer) => /^[^./\0]/.test(id) && !TAKEN.includes(id) && !IN_PACKAGES.test(importer ?? ''),
  plugins: [helpLaidOutLater],
  logLevel: 'warn',
  output: {
    dir: 'bundle',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'io/part-[name].js',
    // each with what it alone needs; without groups that would be many small files
    codeSplitting: {
      groups: [
        { name: 'base', test: BASE, priority: 3 },
        { name: 'look', test: LOOK, priority: 2 },
        { name: 'scan', test: SCAN, priority: 1 },
      ],
    },
  },
});
const help = await build({
  cwd: root,
  input: 'layout',
  platform: 'node',
  plugins: [layout],
  logLevel: 'warn',
  output: { file: 'bundle/cli/layout.cjs', format: 'cjs' },
});
writeFileSync(`${root}bundle/index.js`, "export * from './io/library.js';\n");
copyFileSync(`${root}dist/io/search.wasm`, `${root}bundle/io/search.wasm`);
writeFileSync(`${root}bundle/LICENCES.txt`, licencesOf([...main.output, ...help.output]));

/** What the packages want to be told of them where they are taken in. */
function licencesOf(chunks) {
  const files = chunks.flatMap((chunk) => chunk.moduleIds ?? []).filter((id) => IN_PACKAGES.test(id));
  const packages = new Set(files.map((id) => /^.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+/.exec(id)[0]));
  return [...packages]
    .map(licenceOf)
    .sort((a, b) => (a < b ? -1 : 1))
    .join('\n');
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const text = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
  if (text === undefined) throw new Error(`${name} ${version} has no text of its licence`);
  return `${name} ${version} (${license})\n\n${readFileSync(`${folder}/${text}`, 'utf8').trim()}\n`;
}
