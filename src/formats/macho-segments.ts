/** The segments and sections of a Mach-O file. Source: mach-o/loader.h (segment_command, section, and their 64-bit twins). */
import type { ByteSource, NumberReader } from './byte-source.ts';
import { COMMAND, MalformedMachO, type LoadCommand } from './macho-commands.ts';

/** Offsets count from the start of the file; `end` is `start` where no byte is in the file. */
export interface MachOSection {
  /** Of its segment and its own: `__TEXT,__cstring`. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly flags: number;
}

export interface MachOSegment {
  readonly start: number;
  readonly end: number;
  readonly sections: readonly MachOSection[];
}

/** Where the fields of a segment and its sections stand. */
interface Layout {
  readonly header: number;
  readonly fileOffset: number;
  readonly fileSize: number;
  readonly sectionCount: number;
  readonly section: number;
  readonly sectionSize: number;
  readonly sectionOffset: number;
  readonly sectionFlags: number;
  readonly isWide: boolean;
}

const SEGMENT_32: Layout = {
  header: 56,
  fileOffset: 32,
  fileSize: 36,
  sectionCount: 48,
  section: 68,
  sectionSize: 36,
  sectionOffset: 40,
  sectionFlags: 56,
  isWide: false,
};
const SEGMENT_64: Layout = {
  header: 72,
  fileOffset: 40,
  fileSize: 48,
  sectionCount: 64,
  section: 80,
  sectionSize: 40,
  sectionOffset: 48,
  sectionFlags: 64,
  isWide: true,
};

/** S_ZEROFILL, S_GB_ZEROFILL, S_THREAD_LOCAL_ZEROFILL: no byte of them is in the file. */
const ZERO_FILL: ReadonlySet<number> = new Set([0x1, 0xc, 0x12]);

/**
 * The segments of the slice that begins at `slice`, in the order of its commands.
 * @throws MalformedMachO where a command is too small for its sections
 * @throws RangeError where a number is too large
 */
export function readSegments(
  source: ByteSource,
  numbers: NumberReader,
  slice: number,
  commands: readonly LoadCommand[],
): MachOSegment[] {
  const read = (command: LoadCommand, layout: Layout): MachOSegment =>
    readSegment(source, numbers, slice, command, layout);
  return commands.flatMap((command) => {
    if (command.type === COMMAND.segment) return [read(command, SEGMENT_32)];
    return command.type === COMMAND.segment64 ? [read(command, SEGMENT_64)] : [];
  });
}

function readSegment(
  source: ByteSource,
  numbers: NumberReader,
  slice: number,
  { at, size }: LoadCommand,
  layout: Layout,
): MachOSegment {
  const count = size < layout.header ? 0 : numbers.u32(at + layout.sectionCount);
  if (layout.header + count * layout.section > size)
    throw new MalformedMachO(`the segment at ${at} can't have ${count} sections`);
  const long = (offset: number): number => (layout.isWide ? numbers.u64(offset) : numbers.u32(offset));
  const start = slice + long(at + layout.fileOffset);
  const sections = Array.from({ length: count }, (_, index): MachOSection => {
    const section = at + layout.header + index * layout.section;
    const flags = numbers.u32(section + layout.sectionFlags);
    const offset = slice + numbers.u32(section + layout.sectionOffset);
    const length = ZERO_FILL.has(flags & 0xff) ? 0 : long(section + layout.sectionSize);
    const name = `${nameAt(source, section + 16)},${nameAt(source, section)}`;
    return { name, start: offset, end: offset + length, flags };
  });
  return { start, end: start + long(at + layout.fileSize), sections };
}

/** A name of up to 16 bytes. */
function nameAt(source: ByteSource, at: number): string {
  const bytes = source.region(at, at + 16);
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}
