/**
 * The version tables of an ELF file as records: which versions it needs of which libraries (`.gnu.version_r`) and which it defines
 * (`.gnu.version_d`). Names are offsets in `.dynstr`. Source: LSB Core, "Symbol Versioning" (Elfxx_Verneed, Vernaux, Verdef, Verdaux), the
 * same in 32 and 64 bit.
 */
import { TAG, type Dynamic } from './elf-dynamic.ts';
import { MalformedElf, offsetOf, type Elf } from './elf.ts';

export interface NeedRecord {
  /** The library (vn_file). */
  readonly file: number;
  readonly versions: readonly { readonly name: number; readonly flags: number }[];
}

export interface DefinitionRecord {
  readonly flags: number;
  /** The version (vda_name of the first Verdaux), then those that it inherits from. */
  readonly names: readonly number[];
}

/** A symbol's version is a number of 15 bits (`.gnu.version`): more can't be told apart. */
const MOST = 0x7fff;

/**
 * What a file needs; nothing where its dynamic section does not say.
 * @throws MalformedElf where a list leads outside the file or does not end
 */
export function needRecords(elf: Elf, dynamic: Dynamic): NeedRecord[] {
  const count = countTo(MOST);
  const { u16, u32 } = elf.numbers;
  // vn_version, vn_cnt (16 bit each), vn_file, vn_aux, vn_next
  return readList(elf, dynamic, TAG.versionNeeds, TAG.versionNeedCount, { size: 16, next: 12 }, (at) => {
    count();
    // vna_hash, vna_flags and vna_other (16 bit each), vna_name, vna_next
    const versions = [...walk(elf, at + u32(at + 8), u16(at + 2), { size: 16, next: 12 })].map((aux) => {
      count();
      return { name: u32(aux + 8), flags: u16(aux + 4) };
    });
    return { file: u32(at + 4), versions };
  });
}

/**
 * The versions that a library defines; none where it has no such table.
 * @throws MalformedElf where a list leads outside the file or does not end
 */
export function definitionRecords(elf: Elf, dynamic: Dynamic): DefinitionRecord[] {
  const count = countTo(MOST);
  const { u16, u32 } = elf.numbers;
  // vd_version, vd_flags, vd_ndx, vd_cnt (16 bit each), vd_hash, vd_aux, vd_next
  const shape = { size: 20, next: 16 };
  return readList(elf, dynamic, TAG.versionDefinitions, TAG.versionDefinitionCount, shape, (at) => {
    count();
    // vda_name, vda_next
    const names = [...walk(elf, at + u32(at + 12), u16(at + 6), { size: 8, next: 4 })].map((aux) => {
      count();
      return u32(aux);
    });
    return { flags: u16(at + 2), names };
  });
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
