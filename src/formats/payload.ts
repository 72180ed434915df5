/**
 * What was put behind or into a program that is no program: the archive of a single-file application. It is found by offsets from the
 * end of the file or by its own counts, so a program that has one must never grow.
 */
import type { ByteSource } from './byte-source.ts';
import { imageEnd, SECTION, type Elf, type ElfSection } from './elf.ts';

export interface Payload {
  /** For people: `the files of a PyInstaller program`. */
  readonly name: string;
  /** File offsets. */
  readonly start: number;
  readonly end: number;
}

/** Bytes at the end of the file in which a trailer is looked for; PyInstaller's cookie has 88 bytes and what signs may follow it. */
const TRAILER_BYTES = 4096;

/** Trailers, and whose they are. */
const TRAILERS: readonly { readonly magic: Buffer; readonly name: string }[] = [
  // PyInstaller, bootloader/src/pyi_archive.c: MAGIC_BASE
  { magic: Buffer.from('MEI\x0c\x0b\x0a\x0b\x0e', 'latin1'), name: 'the files of a PyInstaller program' },
  // Bun, StandaloneModuleGraph: trailer
  { magic: Buffer.from('\n---- Bun! ----\n'), name: 'the modules of a Bun program' },
  // Deno, cli/standalone/binary.rs: MAGIC_TRAILER and, since 1.46, MAGIC_BYTES
  { magic: Buffer.from('d3n0l4nd'), name: 'the modules of a Deno program' },
  // zip, APPNOTE 4.3.16: end of central directory
  { magic: Buffer.from('PK\x05\x06', 'latin1'), name: 'a zip' },
];

/** First bytes of what follows a program. */
const LEADERS: readonly { readonly magic: Buffer; readonly name: string }[] = [
  { magic: Buffer.from('hsqs'), name: 'the file system of an AppImage' },
  // Nuitka, OnefileBootstrap.c: `KA`, and X or Y for plain or compressed
  { magic: Buffer.from('KAX'), name: 'the files of a Nuitka program' },
  { magic: Buffer.from('KAY'), name: 'the files of a Nuitka program' },
];

/** Sections that hold a payload, or are found by tools that do not read the headers. */
const SECTIONS: Readonly<Record<string, string>> = {
  '.bun': 'the modules of a Bun program',
  pydata: 'the files of a PyInstaller program',
  // protobuf's compiler places descriptors there, and expects them where they were linked
  protodesc_cold: 'descriptors of protobuf',
  '.note.NODE_SEA_BLOB': 'the script of a Node program',
  // libsui, by which Deno embeds
  '.d3n0l4nd': 'the modules of a Deno program',
};

/** The payloads of an ELF file in the order of their places: what follows its image, and sections that hold one. */
export function payloadsOf(elf: Elf): Payload[] {
  const inside = elf.sections.flatMap((section) => {
    const name = payloadName(elf.source, section);
    return name === null ? [] : [{ name, start: section.offset, end: section.offset + section.size }];
  });
  const behind = payloadBehind(elf);
  return behind === null ? inside : [...inside, behind];
}

/** Whether a program must not grow because of what it carries. */
export function hasPayload(elf: Elf): boolean {
  return payloadsOf(elf).length > 0;
}

function payloadName(source: ByteSource, { name, type, offset, size }: ElfSection): string | null {
  if (type === SECTION.noBits || size === 0) return null;
  const known = Object.hasOwn(SECTIONS, name) ? SECTIONS[name] : undefined;
  if (known !== undefined) return known;
  // postject writes a note whose owner is NODE_SEA_BLOB (Elf_Nhdr: 12 bytes, then the name)
  if (type !== SECTION.note || size < 25) return null;
  const owner = source.region(offset + 12, offset + 25).toString('latin1');
  return owner === 'NODE_SEA_BLOB' ? 'the script of a Node program' : null;
}

function payloadBehind(elf: Elf): Payload | null {
  const { source, segments, sections } = elf;
  if (segments.length === 0 && sections.length === 0) return null;
  const start = imageEnd(elf);
  const end = source.size;
  if (start >= end || isPadding(source, start)) return null;
  return { name: nameBehind(source, start), start, end };
}

/** Zeros up to a boundary are no payload: strip and some signers leave them. */
function isPadding(source: ByteSource, start: number): boolean {
  return source.size - start < TRAILER_BYTES && source.region(start, source.size).every((byte) => byte === 0);
}

function nameBehind(source: ByteSource, start: number): string {
  // AppImage type 2: `AI\2` in the padding of e_ident; type 1 is an ISO image over the whole file
  if (source.region(8, 10).toString('latin1') === 'AI') return 'the file system of an AppImage';
  const first = Buffer.from(source.region(start, start + 16));
  const leader = LEADERS.find(({ magic }) => first.subarray(0, magic.length).equals(magic));
  if (leader !== undefined) return leader.name;
  const last = source.region(Math.max(start, source.size - TRAILER_BYTES), source.size);
  return TRAILERS.find(({ magic }) => last.includes(magic))?.name ?? 'what was appended to a program';
}
