// Bundles the sources to a few files in bundle/, which is what runs: hundreds of modules start slowly. What others wrote stays outside, but for
// yargs: the modules of it take longer to load than a small tree to scan, and most of that is what lays out its help (string-width compiles a
// pattern of all emoji). So yargs is taken in without that, which becomes a file of its own that the first help loads.
// All but the command line lands in bundle/io, so that paths relative to `import.meta.url` hold there as in src/io.
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What yargs measures and lays out help with. */
const LAYOUT = ['cliui', 'string-width'];
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
  input: { 'io/library': 'src/index.ts', 'io/scan-worker': 'src/io/scan-worker.ts', 'cli/main': 'src/cli/main.ts' },
  platform: 'node',
  external: (id, importer) => /^[^./\0]/.test(id) && id !== 'yargs' && !IN_PACKAGES.test(importer ?? ''),
  plugins: [helpLaidOutLater],
  logLevel: 'warn',
  output: { dir: 'bundle', format: 'esm', entryFileNames: '[name].js', chunkFileNames: 'io/part-[name].js' },
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
  return [...packages].sort().map(licenceOf).join('\n');
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const text = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
  if (text === undefined) throw new Error(`${name} ${version} has no text of its licence`);
  return `${name} ${version} (${license})\n\n${readFileSync(`${folder}/${text}`, 'utf8').trim()}\n`;
}
