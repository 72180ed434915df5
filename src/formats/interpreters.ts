/** What a virtualenv says of the Python outside it that it runs on. Pure: pyvenv.cfg and the links in, a requirement out. */
import { dirName, normalizeAbsolute, type TreePath } from '../model/path.ts';
import type { Interpreter, InterpreterValue } from '../model/requirements.ts';
import { decodeBytes } from './byte-text.ts';
import { parsePyvenvCfg, type ConfigLine } from './pyvenv-cfg.ts';

/** A symlink of the environment's `bin`, with its absolute target. */
export interface OutsideLink {
  readonly path: TreePath;
  readonly target: string;
}

/** Keys of pyvenv.cfg by what their value is: venv and virtualenv write them. `home` is what Python reads. */
const VALUES: Readonly<Record<string, InterpreterValue['is']>> = {
  home: 'home',
  executable: 'program',
  'base-executable': 'program',
  'base-prefix': 'prefix',
  'base-exec-prefix': 'prefix',
};

/**
 * The Python outside of the tree that an environment needs; null where `home` does not name one. `isInside` says of an absolute path
 * whether it belongs to the tree (or holds the placeholder).
 */
export function readInterpreter(
  file: TreePath,
  bytes: Buffer,
  links: readonly OutsideLink[],
  isInside: (path: string) => boolean,
): Interpreter | null {
  const lines = parsePyvenvCfg(bytes.toString('latin1'));
  const home = lines.findLast(({ key }) => key === 'home');
  const folder = home === undefined ? '' : text(home.value);
  const version = versionIn(lines);
  if (!folder.startsWith('/') || isInside(folder) || version === null) return null;
  const own = links.filter(({ target }) => isProgramIn(target, folder));
  const named = lines.find(({ key, value }) => VALUES[key] === 'program' && isProgramIn(text(value), folder));
  return {
    environment: dirName(file),
    home: folder,
    program:
      own[0]?.target ??
      (named === undefined ? `${folder}/python${/^\d+\.\d+/.exec(version)?.[0] ?? ''}` : text(named.value)),
    version,
    implementation: valueOf(lines, 'implementation'),
    links: own.map(({ path }) => path),
    values: lines.flatMap(({ key, value, start, end }) => {
      const is = VALUES[key];
      return is === undefined || !value.startsWith('/') || isInside(text(value)) ? [] : [{ start, end, is }];
    }),
  };
}

/** By their normalised text: a link may lead to `/usr/bin/../bin/python3`. */
function isProgramIn(path: string, folder: string): boolean {
  const normal = normalizeAbsolute(path);
  return normal !== null && normal.slice(0, normal.lastIndexOf('/')) === normalizeAbsolute(folder);
}

/** `version` (venv) or `version_info` (virtualenv: `3.11.7.final.0`). */
function versionIn(lines: readonly ConfigLine[]): string | null {
  const value = valueOf(lines, 'version') || valueOf(lines, 'version_info');
  return /^\d+\.\d+(?:\.\d+)?/.exec(value)?.[0] ?? null;
}

function valueOf(lines: readonly ConfigLine[], key: string): string {
  return text(lines.findLast((line) => line.key === key)?.value ?? '');
}

function text(latin1: string): string {
  return decodeBytes(Buffer.from(latin1, 'latin1'));
}
