/** The names of symbol versions: those that an ELF file needs of other libraries, and those that it defines. */
import { decodeBytes } from './byte-text.ts';
import { stringAt, type Dynamic } from './elf-dynamic.ts';
import { definitionRecords, needRecords } from './elf-version-tables.ts';
import { MalformedElf, type Elf } from './elf.ts';

/** The versions that a file needs of one library. */
export interface VersionNeed {
  /** The library, as DT_NEEDED names it. */
  readonly library: string;
  readonly versions: readonly NamedVersion[];
}

export interface NamedVersion {
  readonly name: string;
  /** Needed by weak symbols alone: the program starts without it. */
  readonly isWeak: boolean;
}

const WEAK = 2; // VER_FLG_WEAK
const BASE = 1; // VER_FLG_BASE: the name of the library itself

/**
 * What a file needs; nothing where its dynamic section does not say.
 * @throws MalformedElf where a list leads outside the file or does not end
 */
export function readVersionNeeds(elf: Elf, dynamic: Dynamic): VersionNeed[] {
  return needRecords(elf, dynamic).map(({ file, versions }) => ({
    library: nameAt(elf, dynamic, file),
    versions: versions.map(({ name, flags }) => ({ name: nameAt(elf, dynamic, name), isWeak: (flags & WEAK) !== 0 })),
  }));
}

/**
 * The versions that a library defines; empty where it has none: then it satisfies every need.
 * @throws MalformedElf where the list leads outside the file or does not end
 */
export function readVersionDefinitions(elf: Elf, dynamic: Dynamic): string[] {
  return definitionRecords(elf, dynamic).flatMap(({ flags, names: [name] }) =>
    (flags & BASE) !== 0 || name === undefined ? [] : [nameAt(elf, dynamic, name)],
  );
}

function nameAt(elf: Elf, dynamic: Dynamic, offset: number): string {
  const found = stringAt(elf, dynamic, offset);
  if (found === null) throw new MalformedElf(`the name of a version at ${offset} is behind its dynamic strings`);
  return decodeBytes(found.bytes);
}
