/** Which build of relocate runs: a cache of another one is not used, though both may have the same version. */
import { lstatSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { VERSION } from '../model/version.ts';

/** The version, Node's, and of each file of the program what changes when it is built or installed anew. */
export function programIdentity(): readonly unknown[] {
  const folder = fileURLToPath(new URL('..', import.meta.url));
  const files = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? readdirSync(`${folder}${entry.name}`).map((name) => `${folder}${entry.name}/${name}`)
      : [`${folder}${entry.name}`],
  );
  const known = files.sort().map((file) => {
    const { ino, size, mtimeMs, ctimeMs } = lstatSync(file);
    return [file, ino, size, mtimeMs, ctimeMs];
  });
  return [VERSION, process.version, process.platform, process.arch, known];
}
