/** What an ELF file asks of the dynamic linker: which libraries, and where to look for them. Pure. Source: gABI chapter 5, ld.so(8). */
import { sourceOf } from './byte-source.ts';
import { decodeBytes } from './byte-text.ts';
import { readDynamic, TAG, tagStrings } from './elf-dynamic.ts';
import { readElf } from './elf-headers.ts';
import { isElf } from './elf.ts';
import { nativeFacts } from './native-facts.ts';

export interface Linkage {
  /** As `process.arch` names it. */
  readonly arch: string;
  readonly needed: readonly string[];
  /** The entries of DT_RPATH and of DT_RUNPATH; null where there is none. */
  readonly rpath: readonly string[] | null;
  readonly runpath: readonly string[] | null;
}

/**
 * The linkage of a file held whole; null where it is no ELF file, or none that is linked dynamically.
 * @throws MalformedElf, RangeError where its headers can't be what they say
 */
export function readLinkage(bytes: Buffer): Linkage | null {
  if (!isElf(bytes)) return null;
  const elf = readElf(sourceOf(bytes));
  const dynamic = readDynamic(elf);
  if (dynamic === null) return null;
  const texts = (wanted: number): string[] =>
    [...tagStrings(elf, dynamic, new Set([wanted]))].map(({ bytes }) => decodeBytes(bytes));
  const path = (wanted: number): readonly string[] | null => {
    const values = texts(wanted);
    return values.length === 0 ? null : values.flatMap((value) => value.split(':')).filter((entry) => entry !== '');
  };
  return {
    arch: nativeFacts(sourceOf(bytes))?.arch ?? '',
    needed: texts(TAG.needed),
    rpath: path(TAG.rpath),
    runpath: path(TAG.runpath),
  };
}

const ORIGIN = /\$(?:ORIGIN|\{ORIGIN\})/g;

/** The folders of a search path; `$ORIGIN` is the folder of the file. Entries with other variables, or relative ones, are left out. */
export function foldersOfPath(path: readonly string[], origin: string): string[] {
  return path
    .map((entry) => entry.replace(ORIGIN, origin))
    .filter((entry) => entry.startsWith('/') && !entry.includes('$'));
}

/**
 * A search path of a file that moves with its libraries: entries that go by the file's own place stay, those that name a place go, and
 * `wanted` is among them.
 */
export function movingPath(path: readonly string[], wanted: string): string {
  const kept = path.filter((entry) => entry.search(ORIGIN) === 0 && !/\$(?!ORIGIN|\{ORIGIN\})/.test(entry));
  return (kept.includes(wanted) ? kept : [...kept, wanted]).join(':');
}
