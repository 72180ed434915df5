// Loads the files of bundle/. To parse and compile them takes longer than to scan a small tree, so the build keeps beside them what its own V8
// compiled (scripts/code-cache.js), and that is taken where the same version of Node runs for the same kind of processor. V8 takes nothing that was
// made with other flags, by another version of its own or of a source of another length, and what was edited since is not taken either: then the
// source is compiled, as without a cache.
'use strict';
const { existsSync, readFileSync, statSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

const BUNDLE = join(__dirname, '../bundle');
const CODE = join(BUNDLE, `code/${process.version}-${process.platform}-${process.arch}`);
const A_MINUTE = 60_000;
const hasCode = existsSync(CODE);

/** What was loaded: by path in the bundle, its exports. */
const modules = new Map();
/** For scripts/code-cache.js: by path in the bundle, what V8 compiled. */
const scripts = new Map();

/** The exports of a file, by its path in the bundle. */
function load(path) {
  const known = modules.get(path);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  modules.set(path, module);
  const file = join(BUNDLE, path);
  const nearby = (id) => (id.startsWith('.') ? load(join(dirname(path), id)) : require(id));
  // of a script of its own Node lets `import()` work only with a warning
  nearby.import = (id) => import(id);
  compile(path, file).runInThisContext()(module.exports, nearby, module, file, dirname(file));
  return module.exports;
}

function compile(path, filename) {
  // the build writes ASCII, which is read as it is
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(filename, 'latin1')}\n})`;
  const script = new Script(source, { filename, cachedData: hasCode ? codeOf(path, filename) : undefined });
  scripts.set(path, script);
  return script;
}

function codeOf(path, filename) {
  const file = join(CODE, codeName(path));
  try {
    // whoever unpacks a package may write its files in any order
    return statSync(filename).mtimeMs > statSync(file).mtimeMs + A_MINUTE ? undefined : readFileSync(file);
  } catch {
    return undefined;
  }
}

/** The name of the file with the compiled code of one of the bundle. */
function codeName(path) {
  return path.replaceAll('/', '-');
}

module.exports = { CODE, codeName, load, modules, scripts };
