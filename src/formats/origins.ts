/** Where well-known files of a build say that they were built: pure readers, one for each kind of file. */
import { baseName, dirName, joinTree, normalizeAbsolute, type AbsolutePath, type TreePath } from '../model/path.ts';

/**
 * One statement of a file. `exact`: the folder `base` was once at `path`. `tail`: a path under the old prefix; which prefix, is
 * found by looking how much of its tail exists in the tree.
 */
export type Origin =
  | { readonly kind: 'exact'; readonly path: AbsolutePath; readonly base: TreePath; readonly evidence: string }
  | { readonly kind: 'tail'; readonly path: AbsolutePath; readonly file: TreePath; readonly evidence: string };

/** With which these names end: asked of every file that is not of a package. */
const LAST_LETTERS = 'cghkny';

/** Whether a file may say where it was built, by its name and the name of its folder. */
export function isOriginFile(folder: string, name: string): boolean {
  if (folder === 'bin') return true;
  if (!LAST_LETTERS.includes(name.at(-1) ?? '')) return false;
  return (
    (folder === 'conda-meta' && name.endsWith('.json')) ||
    /^(?:pyvenv\.cfg|\.installed\.cfg|direct_url\.json|_sysconfigdata.*\.py)$|\.(?:pc|egg-link|pth)$/.test(name)
  );
}

/** Reads what a file says of its origin. `text` is the file's start as latin1. Other files give nothing. */
export function originsIn(file: TreePath, text: string): Origin[] {
  const name = baseName(file);
  const folder = dirName(file);
  if (name === 'pyvenv.cfg') return venvCommand(file, folder, text);
  if (name.endsWith('.pc')) return pkgConfig(file, text);
  if (name.startsWith('_sysconfigdata')) return sysconfig(file, text);
  if (name === '.installed.cfg')
    return tails(
      file,
      text,
      /^(?:develop-eggs-directory|parts-directory|eggs-directory|bin-directory|location|path) = (\/.+)$/gm,
    );
  if (name.endsWith('.egg-link') || name.endsWith('.pth')) return tails(file, text, /^(\/.+)$/gm);
  if (name === 'direct_url.json') return tails(file, decodeUrl(text), /"url":\s*"file:\/\/(\/[^"]+)"/g);
  if (name.endsWith('.json')) return tails(file, text, /"extracted_package_dir":\s*"(\/[^"]+)"/g);
  if (baseName(folder) !== 'bin') return [];
  if (name.startsWith('activate')) return activate(file, folder, text);
  return shebang(file, text);
}

/** What the target of a symlink says. */
export function originOfLink(link: TreePath, target: string): Origin[] {
  const path = normalizeAbsolute(target);
  return path === null || path === '/' ? [] : [{ kind: 'tail', path, file: link, evidence: `${link}: link` }];
}

/** `command = /usr/bin/python3 -m venv /srv/site/env` (CPython 3.11 and later; virtualenv writes `-m virtualenv`). */
function venvCommand(file: TreePath, folder: TreePath, text: string): Origin[] {
  const command = /^command\s*=\s*.*?\s-m\s+(?:venv|virtualenv)\s+(.*)$/m.exec(text)?.[1]?.trim();
  const place = command === undefined ? undefined : /(?:^|\s)(\/.*)$/.exec(command)?.[1];
  return exact(place, folder, `${file}: command`);
}

/** The four spellings of `VIRTUAL_ENV` in the activate scripts of venv and virtualenv. */
function activate(file: TreePath, folder: TreePath, text: string): Origin[] {
  const value =
    /(?:^|\n)\s*(?:export |setenv |set -gx |\$Env:)?VIRTUAL_ENV[ =]+(?:\$\(cygpath (?:-u )?)?(["']?)(\/.*?)\1\)?\s*(?:\n|$)/.exec(
      text,
    )?.[2];
  return exact(value, dirName(folder), `${file}: VIRTUAL_ENV`);
}

function pkgConfig(file: TreePath, text: string): Origin[] {
  const value = /^prefix\s*=\s*(\/.*?)\s*$/m.exec(text)?.[1];
  const root = /^(.*?)\/?(?:lib|lib64|share|lib\/[^/]+)\/pkgconfig\/[^/]+$/.exec(file);
  return root === null ? [] : exact(value, joinTree(root[1] ?? ''), `${file}: prefix`);
}

/** The variables that CPython's build wrote; the file stands in `lib/pythonX.Y` under the prefix. */
function sysconfig(file: TreePath, text: string): Origin[] {
  const value = /'prefix': '(\/[^']*)'/.exec(text)?.[1];
  const root = /^(.*?)\/?lib\/python[\d.]+t?\/[^/]+$/.exec(file);
  return root === null ? [] : exact(value, joinTree(root[1] ?? ''), `${file}: prefix`);
}

function shebang(file: TreePath, text: string): Origin[] {
  const line = text.startsWith('#!') ? text.slice(2, 1024) : '';
  const direct = /^[ \t]*(\/[^\s]+)/.exec(line)?.[1] ?? '';
  const split = /^[ \t]*\S*\/env\s+-S\s+(\/\S+)/.exec(line)?.[1];
  const trampoline = /^#!\/bin\/sh\n'''exec' (["']?)(\/.*?)\1 /.exec(text)?.[2];
  const path = normalizeAbsolute(trampoline ?? split ?? direct);
  return path === null || path === '/' ? [] : [{ kind: 'tail', path, file, evidence: `${file}: shebang` }];
}

function tails(file: TreePath, text: string, pattern: RegExp): Origin[] {
  return [...text.matchAll(pattern)].flatMap((match) => {
    const path = normalizeAbsolute((match[1] ?? '').trim());
    return path === null ? [] : [{ kind: 'tail' as const, path, file, evidence: file }];
  });
}

function exact(value: string | undefined, base: TreePath, evidence: string): Origin[] {
  const path = value === undefined ? null : normalizeAbsolute(value);
  return path === null || path === '/' ? [] : [{ kind: 'exact', path, base, evidence }];
}

function decodeUrl(text: string): string {
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
