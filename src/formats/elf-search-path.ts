/** Gives an ELF file a search path for the libraries that move with it. Pure: bytes in, bytes out. Source: gABI chapter 5, ld.so(8). */
import type { Splice } from '../model/reference.ts';
import { numberBytes, sourceOf } from './byte-source.ts';
import { decodeBytes } from './byte-text.ts';
import { readDynamic, SEARCH_PATHS, stringReader, TAG, type Dynamic, type DynamicEntry } from './elf-dynamic.ts';
import { addRunpath } from './elf-grow.ts';
import { readElf } from './elf-headers.ts';
import { movingPath } from './elf-linkage.ts';
import { planStrings, type WantedString } from './elf-string-plan.ts';
import type { Elf } from './elf.ts';
import { applySplices } from './splices.ts';

export type SearchPathSet =
  { readonly ok: true; readonly bytes: Buffer } | { readonly ok: false; readonly why: string };

/**
 * A library or a module: the search path that it has leads to `wanted` (`$ORIGIN/../lib`), in its own room where that is enough. One
 * without a search path stays as it is: it is searched for by that of the program.
 * @throws MalformedElf, RangeError where the file's tables can't be what they say
 */
export function withMovingPath(bytes: Buffer, wanted: string): SearchPathSet {
  const elf = readElf(sourceOf(bytes));
  const dynamic = readDynamic(elf);
  if (dynamic === null) return { ok: true, bytes };
  const strings: WantedString[] = [];
  const read = stringReader(elf, dynamic);
  for (const start of new Set(pathEntries(dynamic).map(({ value }) => value))) {
    const string = read(start);
    if (string === null) return { ok: false, why: 'its search path is not in its string table' };
    const path = decodeBytes(string.bytes);
    const entries = path.split(':').filter((entry) => entry !== '');
    const value = movingPath(entries, wanted);
    const end = start + string.bytes.length;
    if (value !== path) strings.push({ start, end, tags: SEARCH_PATHS, value: Buffer.from(value), mayGrow: true });
  }
  const edits: Splice[] = [];
  for (const { planned } of planStrings(elf, dynamic, strings)) {
    if (!planned.ok) return { ok: false, why: planned.grown ?? planned.why };
    edits.push(...planned.splices);
  }
  return { ok: true, bytes: applySplices(bytes, edits) };
}

/**
 * A program: its search path leads to `wanted`, and holds for every library that is loaded into it. That is DT_RPATH; DT_RUNPATH holds
 * for the program's own libraries alone, so one that there is changes its kind. A program without a path grows.
 * @throws MalformedElf, RangeError where the file's tables can't be what they say
 */
export function withProgramPath(bytes: Buffer, wanted: string): SearchPathSet {
  const elf = readElf(sourceOf(bytes));
  const dynamic = readDynamic(elf);
  if (dynamic === null) return { ok: true, bytes };
  const set = pathEntries(dynamic).length === 0 ? added(elf, dynamic, bytes, wanted) : withMovingPath(bytes, wanted);
  return set.ok ? { ok: true, bytes: asRpath(set.bytes) } : set;
}

function pathEntries({ entries }: Dynamic): DynamicEntry[] {
  return entries.filter(({ tag }) => SEARCH_PATHS.has(tag));
}

function added(elf: Elf, dynamic: Dynamic, bytes: Buffer, wanted: string): SearchPathSet {
  const grown = addRunpath(elf, dynamic, Buffer.from(wanted));
  return grown.ok ? { ok: true, bytes: applySplices(bytes, grown.splices) } : grown;
}

/** DT_RUNPATH made DT_RPATH: d_tag is the word before d_val. */
function asRpath(bytes: Buffer): Buffer {
  const elf = readElf(sourceOf(bytes));
  const width = elf.is64 ? 8 : 4;
  const entries = readDynamic(elf)?.entries ?? [];
  if (entries.some(({ tag }) => tag === TAG.rpath)) return bytes;
  return applySplices(
    bytes,
    entries
      .filter(({ tag }) => tag === TAG.runpath)
      .map(({ valueAt }) => ({
        start: valueAt - width,
        end: valueAt,
        text: decodeBytes(numberBytes(TAG.rpath, width, elf.isLittleEndian)),
      })),
  );
}
