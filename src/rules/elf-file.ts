/** An ELF file under scan: its headers and dynamic section, read once for all rules that ask. */
import { readDynamic, TAG, tagStrings, type Dynamic, type DynamicEntry } from '../formats/elf-dynamic.ts';
import { readElf } from '../formats/elf-headers.ts';
import { ELF_TYPE, isElf, MalformedElf, SEGMENT, type Elf } from '../formats/elf.ts';
import type { Hit } from '../formats/needles.ts';
import { baseName } from '../model/path.ts';
import type { FileView } from './rule.ts';

export interface DynamicElf {
  readonly elf: Elf;
  readonly dynamic: Dynamic;
}

/** A string of the dynamic section: offsets in the file, `end` that of its NUL, with the tags that read it from its start. */
export interface DynamicString {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly tags: readonly DynamicEntry[];
}

const known = new WeakMap<FileView, Elf | null>();

/** The headers of the file; null where it is no ELF file, or one whose headers can't be what they say. */
export function elfOf(view: FileView): Elf | null {
  const before = known.get(view);
  if (before !== undefined) return before;
  const elf = isElf(view.head) ? soundOr(() => readElf(view), null) : null;
  known.set(view, elf);
  return elf;
}

/** A program or library with a dynamic section; null for anything else. */
export function dynamicElfOf(view: FileView): DynamicElf | null {
  const elf = elfOf(view);
  if (elf !== null && elf.type !== ELF_TYPE.executable && elf.type !== ELF_TYPE.shared) return null;
  const dynamic = elf === null ? null : soundOr(() => readDynamic(elf), null);
  return elf === null || dynamic === null ? null : { elf, dynamic };
}

/** The strings that tags of these kinds read, in the order of the tags; none where the tags can't be what they say. */
export function dynamicStrings(file: DynamicElf, tags: ReadonlySet<number>): DynamicString[] {
  return soundOr(() => readStrings(file, tags), []);
}

function readStrings({ elf, dynamic }: DynamicElf, tags: ReadonlySet<number>): DynamicString[] {
  const strings = new Map<number, DynamicString & { readonly tags: DynamicEntry[] }>();
  for (const { start, end, bytes, entry } of tagStrings(elf, dynamic, tags)) {
    const known = strings.get(start);
    if (known === undefined) strings.set(start, { start, end, text: bytes.toString('latin1'), tags: [entry] });
    else known.tags.push(entry);
  }
  return [...strings.values()];
}

/** The hits within a string. */
export function hitsIn(hits: readonly Hit[], { start, end }: Pick<DynamicString, 'start' | 'end'>): Hit[] {
  return hits.filter((hit) => hit.escaping === 'plain' && hit.start >= start && hit.end <= end);
}

/** What `look` gives, or `otherwise` where the file's tables can't be what they say. */
export function soundOr<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch (error) {
    if (error instanceof MalformedElf || error instanceof RangeError) return otherwise;
    throw error;
  }
}

/** Whether the program or library is linked against musl. */
export function isMusl(view: FileView, file: DynamicElf): boolean {
  const interpreter = file.elf.segments.find(({ type }) => type === SEGMENT.interpreter);
  const { offset = 0 } = interpreter ?? {};
  const loader = interpreter === undefined ? '' : view.region(offset, offset + 256).toString('latin1');
  return (
    loader.includes('ld-musl') ||
    dynamicStrings(file, new Set([TAG.needed])).some(({ text }) => text.startsWith('libc.musl') || text === 'libc.so')
  );
}

/** The dynamic linker and the C library: what all else starts with. Their own headers are never edited. */
export function isLoader(view: Pick<FileView, 'path'>): boolean {
  return /^(?:ld-(?:linux|musl|elf|\d)[^/]*|ld(?:64)?\.so[^/]*|libc\.so\.[^/]*|libc\.musl[^/]*|libc-\d[^/]*\.so)$/.test(
    baseName(view.path),
  );
}
