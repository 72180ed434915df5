/** What the native code of a pack asks of its host: from the headers of its programs and libraries. */
import { nativeFacts } from '../formats/native-facts.ts';
import { nativeNeeds, type NativeFile, type NativeNeeds } from '../formats/native-needs.ts';
import { hostPath } from '../io/entries.ts';
import { readHeaders } from '../io/file-source.ts';
import { thisPlatform } from '../io/platform.ts';
import { rootOf } from '../model/bundle.ts';
import type { ManifestEntry } from '../model/manifest-entry.ts';
import { baseName, isInside } from '../model/path.ts';
import { PLACEHOLDER } from '../model/plan.ts';
import type { PackScan } from './pack-scan.ts';

/** An ELF header of 32 bit. */
const LEAST = 52;
/** File names of what is loaded though it may not be executed. */
const LIBRARY = /\.(?:so|dylib|node|bundle)(?:\.|$)/;

export class NativeCode {
  readonly #scan: PackScan;
  readonly #files: NativeFile[] = [];
  readonly #linkNames = new Set<string>();

  constructor(scan: PackScan) {
    this.#scan = scan;
  }

  /** Takes an entry of the pack: looks into programs, and into what is named like a library. */
  add(entry: ManifestEntry): void {
    const { path, type } = entry;
    if (type === 'symlink' || type === 'hard-link') this.#linkNames.add(baseName(path));
    if (type !== 'file' || entry.size < LEAST || ((entry.mode & 0o111) === 0 && !LIBRARY.test(path))) return;
    const facts = readHeaders(hostPath(rootOf(path, this.#scan), path), false, nativeFacts);
    if (facts !== null) this.#files.push({ path, facts });
  }

  needs(): NativeNeeds & { readonly native: boolean } {
    const { platform, arch } = thisPlatform();
    const { prefixes } = this.#scan;
    const needs = nativeNeeds(this.#files, {
      host: { platform, arch },
      linkNames: this.#linkNames,
      isInside: (path) => path.includes(PLACEHOLDER) || prefixes.some((prefix) => isInside(path, prefix.path)),
    });
    if (needs !== null) return { ...needs, native: true };
    return { platform, arch, libc: '', native: false, libraries: [], foreign: [], loaders: [] };
  }
}
