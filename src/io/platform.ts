/** What this host is: the platform that native programs of a tree need. */
import { closeSync, constants, openSync, readdirSync, readSync } from 'node:fs';
import type { Entry } from '../model/entry.ts';
import type { AbsolutePath } from '../model/path.ts';
import { hostPath } from './entries.ts';

export interface Platform {
  readonly platform: string;
  readonly arch: string;
  /** `glibc 2.36`, `musl`, or empty. */
  readonly libc: string;
}

export function thisPlatform(): Platform {
  return { platform: process.platform, arch: process.arch, libc: process.platform === 'linux' ? libc() : '' };
}

/** Node's own report names the glibc that it runs on; a musl host has its loader in /lib. */
function libc(): string {
  const report = process.report.getReport();
  // the report is an object, whatever its type says
  const { header } = report as { readonly header?: { readonly glibcVersionRuntime?: string } };
  if (header?.glibcVersionRuntime !== undefined) return `glibc ${header.glibcVersionRuntime}`;
  try {
    return readdirSync('/lib').some((name) => name.startsWith('ld-musl-')) ? 'musl' : '';
  } catch {
    return '';
  }
}

/** First bytes of native programs: ELF (elf.h, ELFMAG) and Mach-O (mach-o/loader.h, fat.h), either byte order. */
const MAGICS: ReadonlySet<number> = new Set([0x7f454c46, 0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe, 0xcafebabe]);

/** Whether a tree holds a native program or library. Looks at programs and at what is named like a library, until one is found. */
export function hasNativeCode(root: AbsolutePath, entries: Iterable<Entry>): boolean {
  for (const { path, type, mode, size } of entries) {
    if (type !== 'file' || size < 52 || ((mode & 0o111) === 0 && !/\.(?:so|dylib)(?:\.|$)/.test(path))) continue;
    const magic = firstWord(hostPath(root, path));
    // a Java class begins like a fat Mach-O file
    if (magic !== null && MAGICS.has(magic) && !path.endsWith('.class')) return true;
  }
  return false;
}

function firstWord(place: Buffer): number | null {
  try {
    const descriptor = openSync(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const word = Buffer.alloc(4);
      return readSync(descriptor, word, 0, 4, 0) === 4 ? word.readUInt32BE(0) : null;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return null;
  }
}
