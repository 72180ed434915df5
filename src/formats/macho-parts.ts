/** What a byte of a Mach-O file is for. Source: mach-o/loader.h (section types and attributes, symtab_command). */
import { type MachOSlice } from './macho.ts';
import { COMMAND } from './macho-commands.ts';

/** A section, or the names of symbols. Offsets count from the start of the file. */
export interface MachOPart {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** `strings` strings alone, each ended by a NUL; `debug` what only debuggers read. */
  readonly use: 'code' | 'strings' | 'debug' | 'other';
}

/** S_CSTRING_LITERALS. */
const STRINGS = 0x2;
/** S_ATTR_PURE_INSTRUCTIONS and S_ATTR_SOME_INSTRUCTIONS. */
const INSTRUCTIONS = 0x80000400;

/** The parts of a slice that have bytes in the file. */
export function partsOf({ segments, commands, numbers, start }: MachOSlice): MachOPart[] {
  const sections = segments.flatMap((segment) =>
    segment.sections.map(({ flags, ...section }): MachOPart => ({ ...section, use: useOf(section.name, flags) })),
  );
  const names = commands.flatMap(({ type, at, size }): MachOPart[] => {
    if (type !== COMMAND.symbolTable || size < 24) return [];
    const from = start + numbers.u32(at + 16);
    return [{ name: 'the names of symbols', start: from, end: from + numbers.u32(at + 20), use: 'debug' }];
  });
  return [...sections, ...names].filter((part) => part.end > part.start);
}

/** What is linked finds its symbols by the export trie; the names stand for debuggers, with the paths of sources and object files (N_SO, N_OSO). */
function useOf(name: string, flags: number): MachOPart['use'] {
  if (name.startsWith('__DWARF,')) return 'debug';
  if ((flags & 0xff) === STRINGS) return 'strings';
  return (flags & INSTRUCTIONS) === 0 ? 'other' : 'code';
}
