/** What a native file asks of the host: read from its headers alone. ELF, and of Mach-O the processor. */
import type { ByteSource } from './byte-source.ts';
import { decodeBytes } from './byte-text.ts';
import { readDynamic, TAG, tagStrings, type Dynamic } from './elf-dynamic.ts';
import { readVersionNeeds } from './elf-versions.ts';
import { readElf } from './elf-headers.ts';
import { ELF_TYPE, isElf, MalformedElf, SEGMENT, type Elf } from './elf.ts';

/** The C library that a file is made for; empty where it needs none. */
export type LibcFamily = 'glibc' | 'musl' | '';

export interface NativeFacts {
  /** As `process.platform` and `process.arch` name them; the platform is empty where any may run it (most ELF files don't say). */
  readonly platform: string;
  readonly arch: string;
  readonly kind: 'program' | 'library';
  readonly libc: LibcFamily;
  /** PT_INTERP: the program that loads it. */
  readonly loader: string | null;
  readonly soname: string | null;
  /** DT_NEEDED, as they stand there. */
  readonly needed: readonly string[];
  /** DT_RPATH and DT_RUNPATH, taken apart. */
  readonly searchPath: readonly string[];
  readonly versions: readonly NeededSymbols[];
}

/** Symbol versions without which the file is not loaded. */
export interface NeededSymbols {
  readonly library: string;
  readonly versions: readonly string[];
}

/** EI_OSABI; 0 is what nearly all say, and 3 (GNU) what Linux alone says. */
const PLATFORMS: ReadonlyMap<number, string> = new Map([
  [2, 'netbsd'],
  [3, 'linux'],
  [6, 'sunos'],
  [9, 'freebsd'],
  [12, 'openbsd'],
]);

const PIE = 0x08000000; // DF_1_PIE

/** The facts of a file; null where it is neither program nor library, or its headers can't be believed. */
export function nativeFacts(source: ByteSource): NativeFacts | null {
  try {
    return isElf(source.region(0, 4)) ? elfFacts(readElf(source)) : machOFacts(source);
  } catch (error) {
    if (error instanceof MalformedElf || error instanceof RangeError) return null;
    throw error;
  }
}

function elfFacts(elf: Elf): NativeFacts | null {
  if (elf.type !== ELF_TYPE.executable && elf.type !== ELF_TYPE.shared) return null;
  const loader = loaderOf(elf);
  const dynamic = readDynamic(elf);
  const texts = (tag: number): string[] => (dynamic === null ? [] : stringsOf(elf, dynamic, tag));
  const needed = texts(TAG.needed);
  const [soname = null] = texts(TAG.soname);
  const flags = dynamic?.entries.find(({ tag }) => tag === TAG.flags1)?.value ?? 0;
  const isProgram = loader !== null || elf.type === ELF_TYPE.executable || (flags & PIE) !== 0;
  const versions = (dynamic === null ? [] : readVersionNeeds(elf, dynamic)).map(({ library, versions }) => ({
    library,
    versions: versions.filter(({ isWeak }) => !isWeak).map(({ name }) => name),
  }));
  return {
    platform: PLATFORMS.get(elf.osAbi) ?? '',
    arch: archOf(elf),
    // glibc's own libraries can be run, and say their version
    kind: soname === null && isProgram ? 'program' : 'library',
    libc: familyOf(loader, needed),
    loader,
    soname,
    needed,
    searchPath: [...texts(TAG.rpath), ...texts(TAG.runpath)].flatMap((text) => text.split(':')),
    versions,
  };
}

const LONGEST_PATH = 4096;

function loaderOf({ segments, source }: Elf): string | null {
  const segment = segments.find(({ type }) => type === SEGMENT.interpreter);
  if (segment === undefined) return null;
  const bytes = source.region(segment.offset, segment.offset + Math.min(segment.fileSize, LONGEST_PATH));
  const end = bytes.indexOf(0);
  return end <= 0 ? null : decodeBytes(Buffer.from(bytes.subarray(0, end)));
}

function stringsOf(elf: Elf, dynamic: Dynamic, tag: number): string[] {
  return [...tagStrings(elf, dynamic, new Set([tag]))].flatMap(({ bytes }) =>
    bytes.length === 0 ? [] : [decodeBytes(bytes)],
  );
}

function familyOf(loader: string | null, needed: readonly string[]): LibcFamily {
  const names = [...(loader === null ? [] : [loader.slice(loader.lastIndexOf('/') + 1)]), ...needed];
  if (names.some((name) => /^(?:ld-musl-|libc\.musl-)|^libc\.so$/.test(name))) return 'musl';
  return names.some((name) => /^(?:ld-linux|ld64\.so|ld\.so)|^libc\.so\.6/.test(name)) ? 'glibc' : '';
}

/** e_machine (gABI registry) with the names that Node gives; x86-64, MIPS, POWER and RISC-V differ by class or byte order. */
function archOf({ machine, is64, isLittleEndian }: Elf): string {
  switch (machine) {
    case 3:
      return 'ia32';
    case 62:
      return is64 ? 'x64' : 'x32';
    case 40:
      return 'arm';
    case 183:
      return 'arm64';
    case 8:
      return `mips${is64 ? '64' : ''}${isLittleEndian ? 'el' : ''}`;
    case 20:
      return 'ppc';
    case 21:
      return isLittleEndian ? 'ppc64' : 'ppc64be';
    case 22:
      return is64 ? 's390x' : 's390';
    case 243:
      return is64 ? 'riscv64' : 'riscv32';
    case 258:
      return 'loong64';
    default:
      return `ELF machine ${machine}`;
  }
}

/** cputype (mach/machine.h). */
const MACH_ARCHS: ReadonlyMap<number, string> = new Map([
  [7, 'ia32'],
  [0x01000007, 'x64'],
  [0x0100000c, 'arm64'],
]);

/** mach_header (mach-o/loader.h) and fat_header (mach-o/fat.h): magic, cputype or number of images. A fat file runs on several. */
function machOFacts(source: ByteSource): NativeFacts | null {
  const head = source.region(0, 16);
  if (head.length < 16) return null;
  const magic = head.readUInt32BE(0);
  const isThin = magic === 0xfeedface || magic === 0xfeedfacf;
  const isSwapped = magic === 0xcefaedfe || magic === 0xcffaedfe;
  // a Java class begins like a fat file, and has a version of 45 or more where that has its number of images
  const isFat = magic === 0xcafebabe && head.readUInt32BE(4) < 40;
  if (!isThin && !isSwapped && !isFat) return null;
  const kind = !isFat && (isThin ? head.readUInt32BE(12) : head.readUInt32LE(12)) === 2 ? 'program' : 'library'; // MH_EXECUTE
  const cpu = isThin ? head.readUInt32BE(4) : head.readUInt32LE(4);
  const arch = isFat ? '' : (MACH_ARCHS.get(cpu) ?? `Mach-O processor ${cpu}`);
  const nothing = { libc: '', loader: null, soname: null, needed: [], searchPath: [], versions: [] } as const;
  return { platform: 'darwin', arch, kind, ...nothing };
}
