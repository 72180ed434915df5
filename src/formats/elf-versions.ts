/** The names of symbol versions: those that an ELF file needs of other libraries, and those that it defines. */
import { decodeBytes } from './byte-text.ts';
import { stringReader, type Dynamic } from './elf-dynamic.ts';
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
  const nameAt = nameReader(elf, dynamic);
  return needRecords(elf, dynamic).map(({ file, versions }) => ({
    library: nameAt(file),
    versions: versions.map(({ name, flags }) => ({ name: nameAt(name), isWeak: (flags & WEAK) !== 0 })),
  }));
}

/**
 * The versions that a library defines; empty where it has none: then it satisfies every need.
 * @throws MalformedElf where the list leads outside the file or does not end
 */
export function readVersionDefinitions(elf: Elf, dynamic: Dynamic): string[] {
  const nameAt = nameReader(elf, dynamic);
  return definitionRecords(elf, dynamic).flatMap(({ flags, names: [name] }) =>
    (flags & BASE) !== 0 || name === undefined ? [] : [nameAt(name)],
  );
}

function nameReader(elf: Elf, dynamic: Dynamic): (offset: number) => string {
  const read = stringReader(elf, dynamic);
  return (offset) => {
    const found = read(offset);
    if (found === null) throw new MalformedElf(`the name of a version at ${offset} is behind its dynamic strings`);
    return decodeBytes(found.bytes);
  };
}
