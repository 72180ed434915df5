/** Names of users and groups, as the plain files of this host tell them. */
import { readFileSync } from 'node:fs';
import { decodeBytes } from '../formats/byte-text.ts';

export interface OwnerNames {
  user(uid: number): string;
  group(gid: number): string;
}

/** Reads passwd(5) and group(5); a number that is not there has no name. */
export function ownerNames(): OwnerNames {
  const users = namesIn('/etc/passwd');
  const groups = namesIn('/etc/group');
  return { user: (uid) => users.get(uid) ?? '', group: (gid) => groups.get(gid) ?? '' };
}

/** `name:password:number:...`; the first line of a number counts. */
function namesIn(file: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of readText(file).split('\n')) {
    const [name = '', , number = ''] = line.split(':');
    if (/^[0-9]+$/.test(number) && !names.has(Number(number))) names.set(Number(number), name);
  }
  return names;
}

function readText(file: string): string {
  try {
    return decodeBytes(readFileSync(file));
  } catch {
    return '';
  }
}
