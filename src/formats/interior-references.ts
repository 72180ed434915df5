/**
 * Whether a program points into the middle of a string: linkers let a string share the end of a longer one, so `site` may be the last
 * four bytes of `/srv/build/site`. Found by what makes an address: instructions (x86-64, AArch64, x86 at fixed places) and relocations.
 * Source: Intel SDM (LEA, MOV), Arm ARM (ADRP, ADD), gABI (Elf_Rela), psABI supplements.
 */
import { ELF_TYPE, SEGMENT, type Elf, type ElfSection } from './elf.ts';
import { isCode, plausibleSections } from './native-place.ts';

/** A run of bytes of the file. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const MACHINE = { x86: 3, x64: 62, arm64: 183 } as const;
/** sh_type of relocations with addends. */
const RELA = 4;
/** Sections are looked at up to this size in all: more would take seconds. */
const MOST_BYTES = 128 * 1024 * 1024;

/**
 * Those of the spans (file offsets, sorted) into which something points, behind their second byte: who skips the first slash reads on
 * in the same path. Nothing is found where the machine is another one, or there are no section headers.
 */
export function pointedInto<S extends Span>(elf: Elf, spans: readonly S[]): ReadonlySet<S> {
  const found = new Set<S>();
  const ranges = spans.flatMap((span) => {
    const address = addressOf(elf, span.start);
    return address === null ? [] : [{ span, from: address + 2, to: address + (span.end - span.start) }];
  });
  if (ranges.length === 0) return found;
  const low = Math.min(...ranges.map(({ from }) => from));
  const high = Math.max(...ranges.map(({ to }) => to));
  const note = (address: number): void => {
    if (address < low || address >= high) return;
    for (const { span, from, to } of ranges) if (address >= from && address < to) found.add(span);
  };
  let left = MOST_BYTES;
  for (const section of plausibleSections(elf)) {
    const read = readerFor(elf, section);
    if (read === null || (left -= section.size) < 0) continue;
    read(elf.source.region(section.offset, section.offset + section.size), section, note);
  }
  return found;
}

type Note = (address: number) => void;
type Reader = (bytes: Buffer, section: ElfSection, note: Note) => void;

function readerFor({ machine, is64, isLittleEndian, type }: Elf, section: ElfSection): Reader | null {
  if (!isLittleEndian) return null;
  if (section.type === RELA && is64) return readAddends;
  if (!isCode(section)) return null;
  if (machine === MACHINE.arm64) return readPages;
  if (machine === MACHINE.x64) return type === ELF_TYPE.executable ? readBoth : readLea;
  return machine === MACHINE.x86 && type === ELF_TYPE.executable ? readImmediates : null;
}

/** The address of a byte of the file, by the segment that loads it. */
function addressOf({ segments }: Elf, offset: number): number | null {
  for (const segment of segments)
    if (segment.type === SEGMENT.load && offset >= segment.offset && offset < segment.offset + segment.fileSize)
      return segment.address + (offset - segment.offset);
  return null;
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

function readBoth(bytes: Buffer, section: ElfSection, note: Note): void {
  readLea(bytes, section, note);
  readImmediates(bytes, section, note);
}

/** How many instructions behind an ADRP its ADD is looked for. */
const NEAR = 8;

/** `adrp xd, page` and then `add xn, xd, #low12`. */
function readPages(bytes: Buffer, { address }: ElfSection, note: Note): void {
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

/** r_addend of Elf64_Rela: what a pointer in the data becomes where the program is loaded. */
function readAddends(bytes: Buffer, _: ElfSection, note: Note): void {
  for (let at = 16; at + 8 <= bytes.length; at += 24) {
    const high = bytes.readInt32LE(at + 4);
    if (high === 0) note(bytes.readUInt32LE(at));
  }
}
