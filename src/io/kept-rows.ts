/** Reads the records of a section of a cache, one after another, with memory for the largest of them. */
import { recordAt, recordLength, RECORD_HEAD, type RowRecord } from '../formats/row-records.ts';
import type { PlacedSection } from '../formats/sections.ts';
import { fill } from './fill.ts';

const FIRST_ROOM = 1024 * 1024;

/** A record is valid until the next is asked for. */
export function* keptRows(descriptor: number, { start, length }: PlacedSection): Generator<RowRecord> {
  let buffer = Buffer.allocUnsafeSlow(FIRST_ROOM);
  let held = buffer.subarray(0, 0);
  let next = start;
  const end = start + length;
  for (;;) {
    const needed = held.length < RECORD_HEAD ? RECORD_HEAD : recordLength(held);
    if (held.length >= needed) {
      yield recordAt(held, 0);
      held = held.subarray(needed);
      continue;
    }
    if (next === end) return;
    if (needed > buffer.length) {
      const larger = Buffer.allocUnsafeSlow(needed);
      held.copy(larger);
      buffer = larger;
    } else held.copy(buffer);
    const room = buffer.subarray(held.length, Math.min(buffer.length, held.length + end - next));
    if (fill(descriptor, room, next) < room.length) throw new Error('a scan cache was cut off while it was read');
    next += room.length;
    held = buffer.subarray(0, held.length + room.length);
  }
}
