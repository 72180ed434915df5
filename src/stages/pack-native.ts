/** What the native code of a pack asks of its host: from the headers of its programs and libraries. */
import { nativeFacts } from '../formats/native-facts.ts';
import { nativeNeeds, type NativeNeeds } from '../formats/native-needs.ts';
import { hostPath } from '../io/entries.ts';
import { readHeaders } from '../io/file-source.ts';
import { thisPlatform } from '../io/platform.ts';
import { rootOf } from '../model/bundle.ts';
import { baseName, isInside } from '../model/path.ts';
import { PLACEHOLDER } from '../model/plan.ts';
import type { Scan } from '../model/scan.ts';
import type { PackedEntry } from './pack-entries.ts';

/** An ELF header of 32 bit. */
const LEAST = 52;
/** File names of what is loaded though it may not be executed. */
const LIBRARY = /\.(?:so|dylib|node|bundle)(?:\.|$)/;

/** Looks into programs, and into what is named like a library. */
export function needsOfNativeCode(
  scan: Scan,
  packed: readonly PackedEntry[],
): NativeNeeds & { readonly native: boolean } {
  const files = packed.flatMap(({ entry }) => {
    if (entry.type !== 'file' || entry.size < LEAST || ((entry.mode & 0o111) === 0 && !LIBRARY.test(entry.path)))
      return [];
    const facts = readHeaders(hostPath(rootOf(entry.path, scan), entry.path), false, nativeFacts);
    return facts === null ? [] : [{ path: entry.path, facts }];
  });
  const links = packed.filter(({ entry }) => entry.type === 'symlink' || entry.type === 'hard-link');
  const { platform, arch } = thisPlatform();
  const needs = nativeNeeds(files, {
    host: { platform, arch },
    linkNames: new Set(links.map(({ entry }) => baseName(entry.path))),
    isInside: (path) => path.includes(PLACEHOLDER) || scan.prefixes.some((prefix) => isInside(path, prefix.path)),
  });
  if (needs !== null) return { ...needs, native: true };
  return { platform, arch, libc: '', native: false, libraries: [], foreign: [], loaders: [] };
}
