// What the bundle loads when it is called, not when it starts: plugins for rolldown.
import { fileURLToPath } from 'node:url';

/** What yargs measures and lays out help with. */
const LAYOUT = ['cliui', 'string-width'];
/** Modules of Node's that take 1 to 5 ms to load and that most small trees need not: what is used of them. */
const LATER = {
  'node:child_process': ['execFile', 'spawn', 'spawnSync'],
  'node:crypto': ['createHash', 'hash', 'randomBytes'],
  'node:worker_threads': ['Worker'],
};
/** Programs of threads, each started by a file of its name. */
export const WORKERS = ['scan-worker', 'stage-worker', 'check-worker', 'pack-worker', 'file-worker'];
/** What runs in a thread, where they are there. */
const RUNS_IN_THREAD = new RegExp(`[/\\\\]src[/\\\\]io[/\\\\](?:${WORKERS.join('|')}|file-rewrite)\\.ts$`);
/** A file that is not there, beside the packages of yargs. */
const LAYOUT_FILE = fileURLToPath(new URL('../node_modules/yargs/layout.js', import.meta.url));

/** In the place of functions and classes of Node's that load late: ones that load them when they are called. */
const builtInLater = {
  name: 'built-in-later',
  resolveId: (id, importer) => (isLater(id, importer) ? `\0later:${id}` : null),
  load(id) {
    if (id === '\0later:assert') return ASSERT;
    if (id === '\0later:node:module') return REQUIRE;
    if (!id.startsWith('\0later:')) return null;
    const name = id.slice('\0later:'.length);
    const functions = LATER[name].map(
      (word) => `export function ${word}(...args) {
        loaded ??= process.getBuiltinModule('${name}');
        return new.target === undefined ? loaded.${word}(...args) : new loaded.${word}(...args);
      }`,
    );
    return `let loaded;\n${functions.join('\n')}\n`;
  },
};

/** The assertions of packages, without Node's module of them, which loads what shows a difference. */
const ASSERT = `
  const check = (isTrue, message) => {
    if (!isTrue) throw new Error(message ?? 'an assertion of a package does not hold');
  };
  export default (value, message) => check(value, message);
  export const strictEqual = (a, b, message) => check(Object.is(a, b), message);
  export const notStrictEqual = (a, b, message) => check(!Object.is(a, b), message);`;

/** A `createRequire` that makes nothing before something is required. */
const REQUIRE = `
  export const createRequire = (from) => {
    let made;
    return (id) => (made ??= process.getBuiltinModule('node:module').createRequire(from))(id);
  };`;

/** yargs guesses a version before it is told one: from the package.json that stands above the folder where it is run. */
const noGuess = {
  name: 'no-guess',
  resolveId: (id) => (id === 'escalade/sync' ? '\0escalade/sync' : null),
  load: (id) => (id === '\0escalade/sync' ? 'export default () => undefined;' : null),
};

/** Whether a module of Node's is loaded later. */
export function isLater(id, importer) {
  return id === 'assert' || id === 'node:module' || (Object.hasOwn(LATER, id) && !RUNS_IN_THREAD.test(importer));
}

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
export const layout = {
  name: 'layout',
  resolveId: (id) => (id === 'layout' ? LAYOUT_FILE : null),
  load: (id) =>
    id.endsWith('/yargs/layout.js')
      ? LAYOUT.map((name) => `export { default as '${name}' } from '${name}';`).join('\n')
      : null,
};

export const later = [helpLaidOutLater, builtInLater, noGuess];
