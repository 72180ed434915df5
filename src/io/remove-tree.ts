/** Removes a whole folder, whatever names, modes and depth are in it. Follows no link. */
import { chmodSync, lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { encodeBytes } from '../formats/byte-text.ts';
import type { AbsolutePath } from '../model/path.ts';
import { errorCode } from './entries.ts';
import { withShortPaths } from './short-paths.ts';

const SLASH: Buffer = Buffer.from('/');

/** What is not there any more is no error. */
export function removeTree(root: AbsolutePath): void {
  const place = encodeBytes(root);
  try {
    if (lstatSync(place).isDirectory()) removeFolder(place);
    else unlinkSync(place);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

function removeFolder(folder: Buffer): void {
  // a folder that its owner may not write to can't be emptied either
  if ((lstatSync(folder).mode & 0o700) !== 0o700) chmodSync(folder, 0o700);
  withShortPaths(folder, (short) => {
    for (const { name, isFolder } of entriesOf(short)) {
      const place = Buffer.concat([short, SLASH, name]);
      if (isFolder) removeFolder(place);
      else unlinkSync(place);
    }
  });
  rmdirSync(folder);
}

function entriesOf(folder: Buffer): { readonly name: Buffer; readonly isFolder: boolean }[] {
  return readdirSync(folder, { encoding: 'buffer', withFileTypes: true }).map((entry) => ({
    name: entry.name,
    isFolder: entry.isDirectory(),
  }));
}
