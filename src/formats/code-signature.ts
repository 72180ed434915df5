/**
 * Reads the code signatures of Mach-O files: whether an edit can renew them, and how. Source: osfmk/kern/cs_blobs.h of Apple's XNU
 * (CS_SuperBlob, CS_BlobIndex, CS_CodeDirectory, CS_GenericBlob); all numbers are big-endian.
 */
import type { Seal, Sealed } from '../model/seal.ts';
import type { Splice } from '../model/reference.ts';
import { numberBytes, numbersOf, type ByteSource, type NumberReader } from './byte-source.ts';
import { decodeBytes } from './byte-text.ts';
import { readMachO, type MachOSlice } from './macho.ts';
import { MalformedMachO } from './macho-commands.ts';
import { LEAST_PAGE } from './seals.ts';

/** A range of bytes of the file. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * `none` no signature covers the file; `renewable` its hashes can be made anew. `signer` is empty for an ad hoc signature, which stays what
 * it is; else it is the signer's team, whose signature is lost: the edits in `sealed` make it an ad hoc one. `fixed` can't be renewed.
 */
export type FileSignature =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'renewable';
      readonly signer: string;
      readonly sealed: Sealed;
      /** Where the signatures of all slices stand. */
      readonly ranges: readonly Range[];
    }
  | { readonly kind: 'fixed'; readonly why: string };

const NONE: FileSignature = { kind: 'none' };

/** The signature of a Mach-O file, of all its slices together. Never throws: what can't be read can't be renewed. */
export function signatureOf(source: ByteSource): FileSignature {
  try {
    const slices = readMachO(source)
      .map(readSignature)
      .filter((signature) => signature !== null);
    if (slices.length === 0) return NONE;
    return {
      kind: 'renewable',
      signer: slices.find(({ signer }) => signer !== '')?.signer ?? '',
      sealed: { seals: slices.flatMap(({ seals }) => seals), edits: slices.flatMap(({ edits }) => edits) },
      ranges: slices.map(({ range }) => range),
    };
  } catch (error) {
    if (error instanceof MalformedMachO || error instanceof RangeError) return { kind: 'fixed', why: error.message };
    throw error;
  }
}

interface SliceSignature extends Sealed {
  readonly signer: string;
  readonly range: Range;
}

const MAGIC = { embedded: 0xfade0cc0, codeDirectory: 0xfade0c02, wrapper: 0xfade0b01 } as const;
/** Types of BlobIndex: the code directory and up to five others with other hashes, and the CMS signature. */
const SLOT = { codeDirectory: 0, alternate: 0x1000, alternateEnd: 0x1005, cms: 0x10000 } as const;
/** A CMS wrapper of an ad hoc signature is a bare header: magic and length. */
const EMPTY_WRAPPER = 8;
/** More than any signature has. */
const MOST_BLOBS = 64;

interface Blob extends Range {
  readonly type: number;
}

function readSignature(slice: MachOSlice): SliceSignature | null {
  if (slice.signature === null) return null;
  const { start, end } = slice.signature;
  const numbers = numbersOf(slice.source, false);
  const blobs = readBlobs(numbers, start, end);
  const directories = blobs
    .filter(({ type }) => type === SLOT.codeDirectory || (type >= SLOT.alternate && type < SLOT.alternateEnd))
    .map((blob) => readDirectory(slice, numbers, blob));
  if (directories.length === 0) throw new MalformedMachO('the code signature has no code directory');
  const cms = blobs.filter((blob) => blob.type === SLOT.cms && blob.end - blob.start > EMPTY_WRAPPER);
  const teams = directories.map(({ team }) => team).filter((team) => team !== '');
  const isAdHoc = cms.length === 0 && teams.length === 0;
  return {
    signer: isAdHoc ? '' : (teams[0] ?? 'a certificate'),
    range: { start, end },
    seals: directories.map(({ seal }) => seal),
    edits: isAdHoc ? [] : [...directories.flatMap(({ adHoc }) => adHoc), ...cms.map(emptied)],
  };
}

function readBlobs(numbers: NumberReader, start: number, limit: number): Blob[] {
  if (start + 12 > limit || numbers.u32(start) !== MAGIC.embedded)
    throw new MalformedMachO(`there is no embedded signature at ${start}`);
  const end = start + numbers.u32(start + 4);
  const count = numbers.u32(start + 8);
  if (end > limit || count > MOST_BLOBS || start + 12 + count * 8 > end)
    throw new MalformedMachO(`the code signature at ${start} does not fit its place`);
  return Array.from({ length: count }, (_, index) => {
    const at = start + 12 + index * 8;
    const from = start + numbers.u32(at + 4);
    const to = from + 8 > end ? from : from + numbers.u32(from + 4);
    if (to < from + 8 || to > end) throw new MalformedMachO(`a part of the code signature at ${from} does not fit`);
    return { type: numbers.u32(at), start: from, end: to };
  });
}

/** Versions from which a CodeDirectory has more fields. */
const SINCE = { scatter: 0x20100, team: 0x20200, wideLimit: 0x20300, preEncrypt: 0x20500, linkage: 0x20600 } as const;
/** Offsets in CS_CodeDirectory. */
const FIELD = {
  version: 8,
  flags: 12,
  hashes: 16,
  specialSlots: 24,
  codeSlots: 28,
  limit: 32,
  hashSize: 36,
  hashType: 37,
  pageSize: 39,
  scatter: 44,
  team: 48,
  wideLimit: 56,
  preEncrypt: 92,
  linkageSize: 104,
} as const;
/** The bytes of a CodeDirectory up to its first optional field. */
const LEAST_DIRECTORY = 44;
/** CS_ADHOC. */
const AD_HOC = 0x2;

/** CS_HASHTYPE_*: what is computed, and how many bytes of it are kept. */
const HASHES: Readonly<Record<number, Pick<Seal, 'hash' | 'width'>>> = {
  1: { hash: 'sha1', width: 20 },
  2: { hash: 'sha256', width: 32 },
  3: { hash: 'sha256', width: 20 },
  4: { hash: 'sha384', width: 48 },
};

interface Directory {
  readonly seal: Seal;
  /** Empty where there is none. */
  readonly team: string;
  /** What makes the directory that of an ad hoc signature: no team, and none of the flags that ask for one (hardened runtime). */
  readonly adHoc: readonly Splice[];
}

function readDirectory(slice: MachOSlice, numbers: NumberReader, blob: Blob): Directory {
  const { start, end } = blob;
  if (numbers.u32(start) !== MAGIC.codeDirectory || end - start < LEAST_DIRECTORY)
    throw new MalformedMachO(`there is no code directory at ${start}`);
  const version = numbers.u32(start + FIELD.version);
  const field = (offset: number, since: number): number =>
    version >= since && start + offset + 4 <= end ? numbers.u32(start + offset) : 0;
  const extras = [field(FIELD.scatter, SINCE.scatter), field(FIELD.preEncrypt, SINCE.preEncrypt)];
  if ([...extras, field(FIELD.linkageSize, SINCE.linkage)].some((value) => value !== 0))
    throw new MalformedMachO('the code signature is of a kind that relocate can not renew');
  const team = field(FIELD.team, SINCE.team);
  const wide =
    version >= SINCE.wideLimit && start + FIELD.wideLimit + 8 <= end ? numbers.u64(start + FIELD.wideLimit) : 0;
  const limit = wide === 0 ? numbers.u32(start + FIELD.limit) : wide;
  return {
    seal: sealOf(slice, numbers, blob, limit),
    team: team === 0 ? '' : textAt(slice.source, start + team, end),
    adHoc: [number(start + FIELD.flags, AD_HOC), ...(version >= SINCE.team ? [number(start + FIELD.team, 0)] : [])],
  };
}

function sealOf(slice: MachOSlice, numbers: NumberReader, { start, end }: Blob, limit: number): Seal {
  const known = HASHES[numbers.u8(start + FIELD.hashType)];
  const logarithm = numbers.u8(start + FIELD.pageSize);
  const count = numbers.u32(start + FIELD.codeSlots);
  const at = start + numbers.u32(start + FIELD.hashes);
  // pages of no size: the whole is one page
  const page = logarithm === 0 ? Math.max(LEAST_PAGE, limit) : 2 ** logarithm;
  const special = numbers.u32(start + FIELD.specialSlots);
  if (known === undefined || numbers.u8(start + FIELD.hashSize) !== known.width)
    throw new MalformedMachO('the code signature has hashes of an unknown kind');
  const isPlaced = at - special * known.width >= start + LEAST_DIRECTORY && at + count * known.width <= end;
  const signatureStart = slice.signature?.start ?? 0;
  if (
    page < LEAST_PAGE ||
    logarithm > 30 ||
    !isPlaced ||
    count !== Math.ceil(limit / page) ||
    slice.start + limit > signatureStart
  )
    throw new MalformedMachO(`the code directory at ${start} contradicts itself`);
  return { start: slice.start, end: slice.start + limit, page, at, ...known };
}

function number(at: number, value: number): Splice {
  return { start: at, end: at + 4, text: decodeBytes(numberBytes(value, 4, false)) };
}

/** A CMS wrapper with nothing in it. */
function emptied({ start, end }: Blob): Splice {
  const bytes = Buffer.alloc(end - start);
  bytes.writeUInt32BE(MAGIC.wrapper, 0);
  bytes.writeUInt32BE(EMPTY_WRAPPER, 4);
  return { start, end, text: decodeBytes(bytes) };
}

function textAt(source: ByteSource, start: number, end: number): string {
  const bytes = source.region(start, Math.min(end, start + 64));
  const stop = bytes.indexOf(0);
  return decodeBytes(bytes.subarray(0, stop < 0 ? bytes.length : stop));
}
