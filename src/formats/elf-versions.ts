/**
 * Symbol versions of an ELF file: those that it needs of other libraries (`.gnu.version_r`) and those that it defines
 * (`.gnu.version_d`). Source: LSB Core, "Symbol Versioning" (Elfxx_Verneed, Vernaux, Verdef, Verdaux), the same in 32 and 64 bit.
 */
import { decodeBytes } from './byte-text.ts';
import { stringAt, TAG, type Dynamic } from './elf-dynamic.ts';
import { MalformedElf, offsetOf, type Elf } from './elf.ts';

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
/** A symbol's version is a number of 15 bits (`.gnu.version`): more can't be told apart. */
const MOST = 0x7fff;

/**
 * What a file needs; nothing where its dynamic section does not say.
 * @throws MalformedElf where a list leads outside the file or does not end
 */
export function readVersionNeeds(elf: Elf, dynamic: Dynamic): VersionNeed[] {
  const count = countTo(MOST);
  // vn_version, vn_cnt (16 bit each), vn_file, vn_aux, vn_next
  return readList(elf, dynamic, TAG.versionNeeds, TAG.versionNeedCount, { size: 16, next: 12 }, (at) => {
    count();
    const versions: NamedVersion[] = [];
    // vna_hash, vna_flags and vna_other (16 bit each), vna_name, vna_next
    const shape = { size: 16, next: 12 };
    for (const aux of walk(elf, at + elf.numbers.u32(at + 8), elf.numbers.u16(at + 2), shape)) {
      count();
      const isWeak = (elf.numbers.u16(aux + 4) & WEAK) !== 0;
      versions.push({ name: nameAt(elf, dynamic, elf.numbers.u32(aux + 8)), isWeak });
    }
    return { library: nameAt(elf, dynamic, elf.numbers.u32(at + 4)), versions };
  });
}

/**
 * The versions that a library defines; empty where it has none: then it satisfies every need.
 * @throws MalformedElf where the list leads outside the file or does not end
 */
export function readVersionDefinitions(elf: Elf, dynamic: Dynamic): string[] {
  const count = countTo(MOST);
  // vd_version, vd_flags, vd_ndx, vd_cnt (16 bit each), vd_hash, vd_aux, vd_next
  const shape = { size: 20, next: 16 };
  return readList(elf, dynamic, TAG.versionDefinitions, TAG.versionDefinitionCount, shape, (at) => {
    count();
    // the first Verdaux (vda_name, vda_next) names the version, the others what it inherits from
    const name = nameAt(elf, dynamic, elf.numbers.u32(at + elf.numbers.u32(at + 12)));
    return { name, isBase: (elf.numbers.u16(at + 2) & BASE) !== 0 };
  }).flatMap(({ name, isBase }) => (isBase ? [] : [name]));
}

interface LinkedShape {
  /** Bytes of a record, and where in it stands how far it is to the next. */
  readonly size: number;
  readonly next: number;
}

function readList<T>(
  elf: Elf,
  { entries }: Dynamic,
  tag: number,
  countTag: number,
  shape: LinkedShape,
  read: (at: number) => T,
): T[] {
  const list = entries.find((entry) => entry.tag === tag);
  if (list === undefined) return [];
  const start = offsetOf(elf, list.value);
  const count = entries.find((entry) => entry.tag === countTag)?.value ?? 0;
  if (start === null) throw new MalformedElf('its list of versions is not in what is loaded of the file');
  try {
    return [...walk(elf, start, count, shape)].map(read);
  } catch (error) {
    if (error instanceof RangeError) throw new MalformedElf(error.message);
    throw error;
  }
}

/** The offsets of linked records. Each leads forward, so the walk ends with the file at the latest. */
function* walk({ numbers }: Elf, start: number, count: number, { size, next }: LinkedShape): Generator<number> {
  if (count > MOST) throw new MalformedElf(`it says that ${count} versions follow at ${start}`);
  let at = start;
  for (let index = 0; index < count; index++) {
    numbers.u32(at + size - 4); // lies in the file as a whole
    yield at;
    const step = numbers.u32(at + next);
    if (step === 0) return;
    at += step;
  }
}

/** Lists may overlap: the sum of what is read is bounded too. */
function countTo(limit: number): () => void {
  let left = limit;
  return () => {
    if (left-- === 0) throw new MalformedElf('its lists of versions do not end');
  };
}

function nameAt(elf: Elf, dynamic: Dynamic, offset: number): string {
  const found = stringAt(elf, dynamic, offset);
  if (found === null) throw new MalformedElf(`the name of a version at ${offset} is behind its dynamic strings`);
  return decodeBytes(found.bytes);
}
