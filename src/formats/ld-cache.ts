/**
 * `/etc/ld.so.cache`: which library of what name the dynamic linker takes. Source: glibc, sysdeps/generic/dl-cache.h (struct
 * cache_file_new, file_entry_new). The older format, which may stand before it, says the same of fewer libraries.
 */
import { decodeBytes } from './byte-text.ts';

/** CACHEMAGIC_NEW and CACHE_VERSION. */
const MAGIC = 'glibc-ld.so.cache1.1';
/** magic, nlibs, len_strings, flags and padding, extension_offset, unused[3] (32 bit each). */
const HEADER = MAGIC.length + 7 * 4;
/** flags, key, value, osversion (32 bit each), hwcap (64 bit). */
const ENTRY = 24;
/** Bytes of a name. */
const LONGEST = 4096;

/** The files of each library, by its name, in the order in which the linker tries them. Empty where it can't be understood. */
export function parseLdCache(bytes: Buffer): Map<string, string[]> {
  const libraries = new Map<string, string[]>();
  // offsets of strings count from the header; the numbers are in the host's own byte order
  const start = bytes.indexOf(MAGIC, 0, 'latin1');
  if (start < 0 || start + HEADER > bytes.length) return libraries;
  const cache = bytes.subarray(start);
  const [little, big] = [cache.readUInt32LE(MAGIC.length), cache.readUInt32BE(MAGIC.length)];
  const isLittle = little <= big;
  const number = (at: number): number => (isLittle ? cache.readUInt32LE(at) : cache.readUInt32BE(at));
  const count = Math.min(isLittle ? little : big, Math.floor((cache.length - HEADER) / ENTRY));
  for (let index = 0; index < count; index++) {
    const at = HEADER + index * ENTRY;
    const [name, path] = [textAt(cache, number(at + 4)), textAt(cache, number(at + 8))];
    if (name === null || path === null || !path.startsWith('/')) continue;
    const paths = libraries.get(name);
    if (paths === undefined) libraries.set(name, [path]);
    else paths.push(path);
  }
  return libraries;
}

function textAt(cache: Buffer, offset: number): string | null {
  if (offset >= cache.length) return null;
  const end = cache.subarray(0, offset + LONGEST).indexOf(0, offset);
  return end <= offset ? null : decodeBytes(cache.subarray(offset, end));
}
