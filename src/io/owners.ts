/** Names of users and groups, as the plain files of this host tell them. */
import { readFileSync } from 'node:fs';
import { decodeBytes } from '../formats/byte-text.ts';
import type { Ownership } from '../model/manifest-entry.ts';

/** Finds the numbers for an owner on this host. */
export interface OwnerIds {
  /** Null where the owner is not kept, or can't be set by who asks. */
  idsOf(entry: Ownership): { readonly uid: number; readonly gid: number } | null;
  /** What could not be kept. */
  warnings(): string[];
}

/** Names count before numbers, as for tar; only root can give a file away. */
export function ownerIds(): OwnerIds {
  const users = numbersIn('/etc/passwd');
  const groups = numbersIn('/etc/group');
  const isRoot = process.geteuid?.() === 0;
  let refused = 0;
  return {
    idsOf({ owner }) {
      if (owner === undefined) return null;
      if (!isRoot) refused++;
      return isRoot ? { uid: users.get(owner.user) ?? owner.uid, gid: groups.get(owner.group) ?? owner.gid } : null;
    },
    warnings: () => (refused === 0 ? [] : [`the owners of ${refused} paths were not kept: only root can do that`]),
  };
}

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

function numbersIn(file: string): Map<string, number> {
  return new Map([...namesIn(file)].map(([number, name]) => [name, number]));
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
