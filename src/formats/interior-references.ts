/**
 * Whether a program points into the middle of a string: linkers let a string share the end of a longer one, so `site` may be the last
 * four bytes of `/srv/build/site`.
 */
import { addressReaders } from './address-readers.ts';
import { SEGMENT, type Elf } from './elf.ts';
import { plausibleSections } from './native-place.ts';

/** A run of bytes of the file. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Sections are looked at up to this size in all: more would take seconds. */
const MOST_BYTES = 128 * 1024 * 1024;

/**
 * Those of the spans (file offsets, sorted) into which something points, behind their second byte: who skips the first slash reads on
 * in the same path. Nothing is found in instructions of machines that are not known here, or where there are no section headers.
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
  const readersOf = addressReaders(elf);
  for (const section of plausibleSections(elf)) {
    const readers = readersOf(section);
    if (readers.length === 0 || (left -= section.size) < 0) continue;
    const bytes = elf.source.region(section.offset, section.offset + section.size);
    for (const read of readers) read(bytes, section, note);
  }
  return found;
}

/** The address of a byte of the file, by the segment that loads it. */
function addressOf({ segments }: Elf, offset: number): number | null {
  for (const segment of segments)
    if (segment.type === SEGMENT.load && offset >= segment.offset && offset < segment.offset + segment.fileSize)
      return segment.address + (offset - segment.offset);
  return null;
}
