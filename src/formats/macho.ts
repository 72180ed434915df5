/**
 * Reads the headers of Mach-O files, thin and fat, 32 and 64 bit, both byte orders. Source: mach-o/loader.h (mach_header, load_command,
 * segment_command, section, dylib_command, rpath_command, dylinker_command) and mach-o/fat.h of Apple's XNU and cctools.
 */
import { numbersOf, type ByteSource, type NumberReader } from './byte-source.ts';
import { COMMAND, COMMAND_SIZE_AT, MalformedMachO, type LoadCommand } from './macho-commands.ts';
import { readSegments, type MachOSegment } from './macho-segments.ts';

/** One architecture of a file. All offsets count from the start of the file, not of the slice. */
export interface MachOSlice {
  readonly source: ByteSource;
  readonly numbers: NumberReader;
  /** Where the slice begins and ends. */
  readonly start: number;
  readonly end: number;
  readonly is64: boolean;
  readonly commands: readonly LoadCommand[];
  readonly segments: readonly MachOSegment[];
  /** Where the load commands end, and where the first byte of a section or segment stands behind them. */
  readonly commandsEnd: number;
  readonly contentStart: number;
  /** The range of LC_CODE_SIGNATURE; null where the slice is not signed. */
  readonly signature: { readonly start: number; readonly end: number } | null;
}

/** The offset of sizeofcmds in mach_header. */
export const SIZE_OF_COMMANDS_AT = 20;

/** A Java class has its version, 45 and up, where a fat file counts its slices. */
const MOST_SLICES = 44;

const THIN: Readonly<Record<string, { readonly is64: boolean; readonly isLittleEndian: boolean }>> = {
  feedface: { is64: false, isLittleEndian: false },
  feedfacf: { is64: true, isLittleEndian: false },
  cefaedfe: { is64: false, isLittleEndian: true },
  cffaedfe: { is64: true, isLittleEndian: true },
};

const FAT: typeof THIN = {
  cafebabe: { is64: false, isLittleEndian: false },
  cafebabf: { is64: true, isLittleEndian: false },
  bebafeca: { is64: false, isLittleEndian: true },
  bfbafeca: { is64: true, isLittleEndian: true },
};

/** The first bytes that a Mach-O file may have. */
export const MACH_O_STARTS: readonly number[] = [
  ...new Set([...Object.keys(THIN), ...Object.keys(FAT)].map((magic) => Number.parseInt(magic.slice(0, 2), 16))),
];

/** Whether a file that begins so is Mach-O. */
export function isMachO(head: Buffer): boolean {
  // asked of many files, so it looks at one byte of most
  if (!MACH_O_STARTS.includes(head[0] ?? 0)) return false;
  const magic = head.toString('hex', 0, 4);
  if (THIN[magic] !== undefined) return true;
  const fat = FAT[magic];
  if (fat === undefined || head.length < 8) return false;
  return (fat.isLittleEndian ? head.readUInt32LE(4) : head.readUInt32BE(4)) <= MOST_SLICES;
}

/**
 * The architectures of a Mach-O file; a slice that is something else (an archive of objects) is passed over.
 * @throws MalformedMachO where the headers contradict themselves or the file
 */
export function readMachO(source: ByteSource): MachOSlice[] {
  try {
    const fat = FAT[magicAt(source, 0)];
    if (fat === undefined) return readSlice(source, 0, source.size);
    const ranges = fatRanges(source, fat.is64, fat.isLittleEndian);
    return ranges.flatMap(({ start, end }) => readSlice(source, start, end));
  } catch (error) {
    if (error instanceof RangeError) throw new MalformedMachO(error.message);
    throw error;
  }
}

function magicAt(source: ByteSource, at: number): string {
  return source.region(at, at + 4).toString('hex');
}

/** fat_arch and fat_arch_64: cputype, cpusubtype, offset, size, align. */
function fatRanges(
  source: ByteSource,
  is64: boolean,
  isLittleEndian: boolean,
): { readonly start: number; readonly end: number }[] {
  const numbers = numbersOf(source, isLittleEndian);
  const count = numbers.u32(4);
  if (count > MOST_SLICES) throw new MalformedMachO(`${count} architectures are too many`);
  const ranges = Array.from({ length: count }, (_, index) => {
    const at = 8 + index * (is64 ? 32 : 20);
    const start = is64 ? numbers.u64(at + 8) : numbers.u32(at + 8);
    const end = start + (is64 ? numbers.u64(at + 16) : numbers.u32(at + 12));
    if (end > source.size) throw new MalformedMachO(`architecture ${index} ends at ${end}, behind the file`);
    return { start, end };
  }).sort((a, b) => a.start - b.start);
  for (const [index, { start }] of ranges.entries())
    if (start < (ranges[index - 1]?.end ?? 8)) throw new MalformedMachO(`two architectures overlap at ${start}`);
  return ranges;
}

function readSlice(source: ByteSource, start: number, end: number): MachOSlice[] {
  const kind = THIN[magicAt(source, start)];
  if (kind === undefined) return [];
  const { is64, isLittleEndian } = kind;
  const numbers = numbersOf(source, isLittleEndian);
  const first = start + (is64 ? 32 : 28);
  const commandsEnd = first + numbers.u32(start + SIZE_OF_COMMANDS_AT);
  if (commandsEnd > end) throw new MalformedMachO(`the load commands end at ${commandsEnd}, behind ${end}`);
  const commands = readCommands(numbers, first, commandsEnd, numbers.u32(start + 16));
  const segments = readSegments(source, numbers, start, commands);
  const slice = { source, numbers, start, end, is64, commands, segments, commandsEnd };
  return [{ ...slice, contentStart: contentStart(slice), signature: signatureRange(slice) }];
}

function readCommands(numbers: NumberReader, first: number, end: number, count: number): LoadCommand[] {
  if (count * 8 > end - first) throw new MalformedMachO(`${count} load commands do not fit into ${end - first} bytes`);
  const commands: LoadCommand[] = [];
  let at = first;
  for (let index = 0; index < count; index++) {
    const size = at + 8 > end ? 0 : numbers.u32(at + COMMAND_SIZE_AT);
    if (size < 8 || at + size > end)
      throw new MalformedMachO(`load command ${index} at ${at} can't have ${size} bytes: the commands end at ${end}`);
    commands.push({ at, size, type: numbers.u32(at) });
    at += size;
  }
  return commands;
}

type BareSlice = Omit<MachOSlice, 'contentStart' | 'signature'>;

/** Where the padding behind the load commands ends: at the first section or segment that has bytes there; where nothing tells, there is none. */
function contentStart({ segments, start, commandsEnd }: BareSlice): number {
  const parts = segments.flatMap((segment) => [segment, ...segment.sections]);
  // the segment that begins with the headers begins with its sections
  const starts = parts.flatMap((part) => (part.start > start && part.end > part.start ? [part.start] : []));
  return starts.length === 0
    ? commandsEnd
    : Math.max(
        commandsEnd,
        starts.reduce((least, at) => Math.min(least, at)),
      );
}

/** linkedit_data_command: dataoff, datasize. */
function signatureRange({ commands, numbers, start, end }: BareSlice): MachOSlice['signature'] {
  const found = commands.filter(({ type }) => type === COMMAND.codeSignature);
  const [command] = found;
  if (command === undefined) return null;
  if (found.length > 1 || command.size < 16) throw new MalformedMachO(`the code signature is not one at ${command.at}`);
  const from = start + numbers.u32(command.at + 8);
  const to = from + numbers.u32(command.at + 12);
  if (to > end) throw new MalformedMachO(`the code signature ends at ${to}, behind ${end}`);
  return { start: from, end: to };
}
