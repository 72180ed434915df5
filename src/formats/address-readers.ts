/**
 * Finds the addresses that the sections of a program hold or make: instructions, pointers in data, addends of relocations. What is read may be
 * something else that looks like an address: it is for those who ask for a few addresses, and rather once too often.
 * Source: Intel SDM (LEA, MOV), Arm ARM (ADRP, ADD), z/Architecture (LARL), RISC-V ISA (AUIPC, ADDI), gABI (Elf_Rela), psABI supplements.
 */
import { ELF_TYPE, SECTION, SECTION_FLAG, type Elf, type ElfSection } from './elf.ts';
import { isCode } from './native-place.ts';

type Note = (address: number) => void;
/** Tells each address in the bytes of a section. */
export type AddressReader = (bytes: Buffer, section: ElfSection, note: Note) => void;

/** e_machine. */
const MACHINE = { x86: 3, s390: 22, arm: 40, x64: 62, arm64: 183, riscv: 243 } as const;
/** sh_type of relocations with addends. */
const RELA = 4;

/** What reads each section of a program; a section of which nothing is known has no readers. */
export function addressReaders(elf: Elf): (section: ElfSection) => readonly AddressReader[] {
  const [pointers, addends, code] = [[pointersOf(elf)], [addendsOf(elf)], instructionsOf(elf)];
  // where a program may be loaded anywhere, the loader writes its pointers anew
  const mayHold = elf.type === ELF_TYPE.executable ? SECTION_FLAG.allocated : SECTION_FLAG.write;
  return (section) => {
    if (section.type === RELA) return addends;
    if (section.type === SECTION.noBits) return [];
    if (isCode(section)) return code;
    return (section.flags & mayHold) === 0 ? [] : pointers;
  };
}

/** Reads an address of the file's size and byte order. */
function wordOf({ is64, isLittleEndian }: Elf): (bytes: Buffer, at: number) => number {
  const half = (bytes: Buffer, at: number): number =>
    isLittleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  if (!is64) return half;
  const [high, low] = isLittleEndian ? [4, 0] : [0, 4];
  return (bytes, at) => half(bytes, at + high) * 2 ** 32 + half(bytes, at + low);
}

/** Pointers in data: those of programs at fixed places, and those whose relocations have no addends (REL, RELR). */
function pointersOf(elf: Elf): AddressReader {
  const word = wordOf(elf);
  const size = elf.is64 ? 8 : 4;
  return (bytes, { address }, note) => {
    for (let at = (size - (address % size)) % size; at + size <= bytes.length; at += size) note(word(bytes, at));
  };
}

/** r_addend of Elf32_Rela and Elf64_Rela, the last of three words: what a pointer in the data becomes where the program is loaded. */
function addendsOf(elf: Elf): AddressReader {
  const word = wordOf(elf);
  const size = elf.is64 ? 8 : 4;
  return (bytes, _, note) => {
    for (let at = 2 * size; at + size <= bytes.length; at += 3 * size) note(word(bytes, at));
  };
}

function instructionsOf(elf: Elf): readonly AddressReader[] {
  const isFixed = elf.type === ELF_TYPE.executable;
  switch (elf.machine) {
    case MACHINE.x64:
      return isFixed ? [readLea, readImmediates] : [readLea];
    case MACHINE.x86:
      return [...(isFixed ? [readImmediates] : []), ...gotRelativeOf(elf)];
    case MACHINE.arm64:
      return [readAdrp];
    case MACHINE.riscv:
      return [readAuipc];
    case MACHINE.s390:
      return [readLarl];
    case MACHINE.arm:
      // in the pools between its functions
      return isFixed ? [pointersOf(elf)] : [];
    default:
      return [];
  }
}

/** `lea disp32(%rip), r64`: REX.W, 8D, ModRM with mod 0 and r/m 5. */
function readLea(bytes: Buffer, { address }: ElfSection, note: Note): void {
  for (let at = 1; at + 6 <= bytes.length; at++) {
    if (bytes[at] !== 0x8d) continue;
    const isWide = ((bytes[at - 1] ?? 0) & 0xf8) === 0x48;
    if (isWide && ((bytes[at + 1] ?? 0) & 0xc7) === 0x05) note(address + at + 6 + bytes.readInt32LE(at + 2));
  }
}

/** `mov imm32, r32` (B8+r), `push imm32` (68) and `mov imm32, r/m32` (C7, whose operand may take some bytes) at fixed places. */
function readImmediates(bytes: Buffer, _: ElfSection, note: Note): void {
  for (let at = 1; at + 4 <= bytes.length; at++) {
    const before = bytes[at - 1] ?? 0;
    const isImmediate =
      (before & 0xf8) === 0xb8 || before === 0x68 || bytes.subarray(Math.max(0, at - 7), at).includes(0xc7);
    if (isImmediate) note(bytes.readUInt32LE(at));
  }
}

/** `lea disp32(r32), r32` of x86 at any place: 8D, ModRM with mod 2; the register holds the address of the global offset table. */
function gotRelativeOf({ sections }: Elf): AddressReader[] {
  const tables = sections.filter(({ name }) => name === '.got' || name === '.got.plt');
  return tables.map((table) => (bytes, _, note) => {
    for (let at = 0; at + 6 <= bytes.length; at++)
      if (bytes[at] === 0x8d && ((bytes[at + 1] ?? 0) & 0xc0) === 0x80) note(table.address + bytes.readInt32LE(at + 2));
  });
}

/** How many instructions behind the one that makes the upper part of an address that with the lower part is looked for. */
const NEAR = 8;

/** `adrp xd, page` and then `add xn, xd, #low12`. */
function readAdrp(bytes: Buffer, { address }: ElfSection, note: Note): void {
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const word = bytes.readUInt32LE(at);
    if ((word & 0x9f000000) >>> 0 !== 0x90000000) continue;
    const high = ((word >>> 5) & 0x7ffff) << 2;
    const pages = (((high | ((word >>> 29) & 3)) << 11) >> 11) * 4096;
    const page = Math.floor((address + at) / 4096) * 4096 + pages;
    const register = word & 31;
    for (let next = at + 4; next <= at + 4 * NEAR && next + 4 <= bytes.length; next += 4) {
      const add = bytes.readUInt32LE(next);
      if ((add & 0xffc00000) >>> 0 === 0x91000000 && ((add >>> 5) & 31) === register)
        note(page + ((add >>> 10) & 0xfff));
    }
  }
}

/** `auipc rd, high20` and then `addi rn, rd, low12`; instructions stand at even places. */
function readAuipc(bytes: Buffer, { address }: ElfSection, note: Note): void {
  for (let at = 0; at + 4 <= bytes.length; at += 2) {
    const word = bytes.readInt32LE(at);
    if ((word & 0x7f) !== 0x17) continue;
    const base = address + at + (word & ~0xfff);
    const register = (word >>> 7) & 31;
    for (let next = at + 4; next <= at + 4 * NEAR && next + 4 <= bytes.length; next += 2) {
      const add = bytes.readInt32LE(next);
      if ((add & 0x707f) === 0x13 && ((add >>> 15) & 31) === register) note(base + (add >> 20));
    }
  }
}

/** `larl r, disp`: C0, r and 0, how many halfwords it is away. */
function readLarl(bytes: Buffer, { address }: ElfSection, note: Note): void {
  for (let at = 0; at + 6 <= bytes.length; at += 2)
    if (bytes[at] === 0xc0 && ((bytes[at + 1] ?? 0) & 0x0f) === 0) note(address + at + 2 * bytes.readInt32BE(at + 2));
}
