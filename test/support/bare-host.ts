/** A host with nothing on it but a POSIX shell and the usual small tools: no node, no python on PATH. */
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const TOOLS = (
  'sh tar gzip gunzip sed awk dd od sha256sum cat cp mv rm rmdir mkdir mktemp chmod chown ln ls cut tr sort head tail wc printf ' +
  'touch find dirname basename readlink realpath test expr env id uname df stat cmp xargs date sync true false [ grep tee'
).split(' ');

/** Makes a folder with links to the tools alone, for use as PATH. */
export function barePath(folder: string): string {
  const bin = join(folder, 'bare-bin');
  mkdirSync(bin);
  for (const tool of TOOLS) {
    const program = ['/usr/bin', '/bin', '/usr/sbin', '/sbin']
      .map((place) => join(place, tool))
      .find((place) => existsSync(place));
    if (program !== undefined) symlinkSync(program, join(bin, tool));
  }
  return bin;
}
