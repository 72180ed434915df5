/**
 * Whether a program points into the middle of a string: linkers let a string share the end of a longer one, so `site` may be the last
 * four bytes of `/srv/build/site`.
 */
import { addressReaders } from './address-readers.ts';
import { SEGMENT, type Elf } from './elf.ts';
import { plausibleSections } from './native-place.ts';
import { partitionPoint } from './partition-point.ts';

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
  const rangesAt = rangeFinder(ranges);
  const note = (address: number): void => {
    for (const { span } of rangesAt(address)) found.add(span);
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

interface AddressRange<S> {
  readonly span: S;
  readonly from: number;
  readonly to: number;
}

/** Says of an address which ranges hold it. There may be as many as a program has strings, and as many questions as it has words. */
function rangeFinder<S>(ranges: readonly AddressRange<S>[]): (address: number) => readonly AddressRange<S>[] {
  const sorted = ranges.toSorted((left, right) => left.from - right.from);
  // how far a range and those in front of it reach: segments that were made to lie over one another let ranges overlap
  const reach = new Float64Array(sorted.length);
  let end = 0;
  for (const [index, { to }] of sorted.entries()) reach[index] = end = Math.max(end, to);
  return (address) => {
    const held: AddressRange<S>[] = [];
    const behind = partitionPoint(sorted.length, (index) => (sorted[index]?.from ?? 0) <= address);
    for (let index = behind - 1; index >= 0 && (reach[index] ?? 0) > address; index--) {
      const range = sorted[index];
      if (range !== undefined && address < range.to) held.push(range);
    }
    return held;
  };
}

/** The address of a byte of the file, by the segment that loads it. */
function addressOf({ segments }: Elf, offset: number): number | null {
  for (const segment of segments)
    if (segment.type === SEGMENT.load && offset >= segment.offset && offset < segment.offset + segment.fileSize)
      return segment.address + (offset - segment.offset);
  return null;
}
