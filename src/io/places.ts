/** Places on this host: a path as given, made absolute in the shell's sense, and what is there. */
import { realpathSync, statSync } from 'node:fs';
import { decodeBytes, encodeBytes } from '../formats/byte-text.ts';
import type { EntryType } from '../model/entry.ts';
import { UsageError } from '../model/errors.ts';
import { asAbsolutePath, normalizeAbsolute, type AbsolutePath } from '../model/path.ts';
import { entryType } from './entries.ts';
import { reasonOf } from './reasons.ts';

export type Place =
  | { readonly logical: AbsolutePath; readonly type: EntryType; readonly real: AbsolutePath }
  | { readonly logical: AbsolutePath; readonly type: null; readonly why: string };

/**
 * Looks at a path as a user gave it. A relative path counts from the working directory as the shell names it (`PWD`, where it is
 * true), so that a tree entered through a symlink is known by the name its user knows.
 */
export function resolvePlace(path: string): Place {
  const logical = absolutePath(path);
  try {
    const type = entryType(statSync(encodeBytes(logical), { bigint: true }));
    return {
      logical,
      type,
      real: asAbsolutePath(decodeBytes(realpathSync.native(encodeBytes(logical), { encoding: 'buffer' }))),
    };
  } catch (error) {
    return { logical, type: null, why: reasonOf(error) };
  }
}

/**
 * A path as a user gave it, absolute and normalised, no link followed; but where `..` behind a link leads elsewhere than its text
 * says, the place that the system means.
 * @throws UsageError for an empty path: a variable that is not set, and not the working directory
 */
export function absolutePath(path: string): AbsolutePath {
  if (path === '') throw new UsageError("an empty path names no place; the working directory is '.'");
  const whole = path.startsWith('/') ? path : `${logicalWorkingDirectory()}/${path}`;
  const normal = normalizeAbsolute(whole) ?? asAbsolutePath('/');
  if (!/(?:^|\/)\.\.(?:\/|$)/.test(path)) return normal;
  const meant = realPath(whole);
  return meant === null || meant === realPath(normal) ? normal : meant;
}

function realPath(path: string): AbsolutePath | null {
  try {
    return asAbsolutePath(decodeBytes(realpathSync.native(encodeBytes(path), { encoding: 'buffer' })));
  } catch {
    return null;
  }
}

function logicalWorkingDirectory(): string {
  const real = process.cwd();
  const shell = process.env['PWD'];
  if (shell === undefined || !shell.startsWith('/')) return real;
  try {
    return realpathSync.native(shell) === real ? shell : real;
  } catch {
    return real;
  }
}
