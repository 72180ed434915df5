// Bundles the sources to a few files in bundle/, which is what runs: hundreds of modules start slowly. What others wrote stays outside, but for the
// packages that every scan loads: their modules took longer to load than a small tree to scan. Most of that was what lays out the help of yargs
// (string-width compiles a pattern of all emoji), so this becomes a file of its own, which the first help loads.
// All but the command line lands in bundle/io, so that paths relative to `import.meta.url` hold there as in src/io.
// CommonJS, because V8's compiled code can be kept for scripts, not for modules (bin/load.js).
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { isLater, later, layout, WORKERS } from './bundle-later.js';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Packages that are taken in. */
const TAKEN = ['fzstd', 'magic-string', 'minizlib', 'picomatch', 'smol-toml', 'yargs'];
const BASE =
  /^\0later:|[/\\]src[/\\](?:model[/\\]|reports[/\\]words|formats[/\\](?:byte-text|escaping|absolute-form|wide)|io[/\\](?:entries|look|places))/;
/** What a scan needs whose words are plain. */
const WORDS = /[/\\]src[/\\]cli[/\\](?:plain-words|commands[/\\]scan)\.ts$/;
/** What a scan loads before it knows whether it must read anything. */
const LOOK = /[/\\]src[/\\](?:scanning|stages[/\\](?:report|cached-report))\.ts$/;
/** What its second thread needs of that. */
const CHECK =
  /[/\\]src[/\\](?:io[/\\](?:tree-check|tree-state|cache-file|file-systems|fill|answering-worker)|formats[/\\](?:tree-state|sections))\.ts$/;
/** What reads. */
const SCAN = /[/\\]src[/\\]stages[/\\](?:fresh-report|scan-and-keep)\.ts$/;
const IN_PACKAGES = /[/\\]node_modules[/\\]/;

rmSync(`${root}bundle`, { recursive: true, force: true });
const main = await build({
  cwd: root,
  input: {
    'io/library': 'src/index.ts',
    'cli/main': 'src/cli/main.ts',
    ...Object.fromEntries(WORKERS.map((name) => [`io/${name}-program`, `src/io/${name}.ts`])),
  },
  platform: 'node',
  external: (id, importer = '') =>
    /^[^./\0]/.test(id) && !TAKEN.includes(id) && !IN_PACKAGES.test(importer) && !isLater(id, importer),
  transform: { define: { 'import.meta.resolve': 'undefined' } },
  plugins: later,
  logLevel: 'warn',
  output: {
    dir: 'bundle',
    format: 'cjs',
    entryFileNames: '[name].js',
    chunkFileNames: 'io/part-[name].js',
    // each with what it alone needs; without groups that would be many small files
    codeSplitting: {
      groups: [
        { name: 'base', test: BASE, priority: 3 },
        { name: 'check', test: CHECK, priority: 3 },
        { name: 'look', test: LOOK, priority: 2 },
        { name: 'words', test: WORDS, priority: 1 },
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
for (const { fileName, code } of main.output) writeFileSync(`${root}bundle/${fileName}`, inAscii(importing(code)));
for (const name of WORKERS)
  writeFileSync(`${root}bundle/io/${name}.js`, `require('../../bin/load.js').load('io/${name}-program.js');\n`);
writeFileSync(`${root}bundle/package.json`, '{ "type": "commonjs" }\n');
writeFileSync(`${root}bundle/index.mjs`, "export * from './io/library.js';\n");
copyFileSync(`${root}dist/io/search.wasm`, `${root}bundle/io/search.wasm`);
writeFileSync(`${root}bundle/LICENCES.txt`, licencesOf([...main.output, ...help.output]));

/** What imports packages that are modules lets bin/load.js do it, where that loaded it. */
function importing(code) {
  return code.replace(/\bawait import\((?=")/g, 'await (require.import ?? ((id) => import(id)))(');
}

/** What is not ASCII by its escape, which means the same in all places where it may stand: strings, patterns and comments. */
function inAscii(code) {
  return code.replace(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

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
