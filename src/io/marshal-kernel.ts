/** Reads marshal where it lies in the memory of the kernel (assembly/marshal.ts); formats/marshal.ts is its twin, and does what this can't. */
import { LAYOUTS, type CodeLayout } from '../formats/marshal-layouts.ts';
import { keptString, type MarshalString } from '../formats/marshal-strings.ts';
import { PYTHON_2, PYTHON_3, type TypeTables } from '../formats/marshal-types.ts';
import { marshalStrings, type MarshalStrings } from '../formats/marshal.ts';

/** What assembly/marshal.ts exports. */
export interface MarshalProgram {
  readonly memory: { readonly buffer: ArrayBuffer };
  strings(
    types: number,
    layout: number,
    bytes: number,
    from: number,
    size: number,
    places: number,
    placed: number,
    out: number,
  ): number;
}

/** A file with more places than this is for the twin: finding what a reference means takes time for each. */
const MOST_PLACES = 64;
/** Numbers in a row of the answer. */
const ROW = 6;
const TYPES = 256 * 16;
/** Three numbers, and the fields. */
const LAYOUT = 128;

/** Bytes of the kernel's memory that are taken, beginning at a multiple of 4. */
export const MARSHAL_ROOM: number = 2 * TYPES + Object.keys(LAYOUTS).length * LAYOUT + MOST_PLACES * 4 * (1 + ROW);

/** A reader of what is in the memory of a program, of which the room at `base` is its own. Made when the memory has its size. */
export function marshalKernel(program: MarshalProgram, base: number): MarshalStrings {
  const { buffer } = program.memory;
  writeTypes(buffer, base, PYTHON_2);
  writeTypes(buffer, base + TYPES, PYTHON_3);
  const layouts = new Map<CodeLayout, number>();
  let room = base + 2 * TYPES;
  for (const layout of Object.values(LAYOUTS)) {
    const { numbers, before, behind } = layout;
    new Int32Array(buffer, room, LAYOUT / 4).set([numbers, before.length, behind.length, ...before, ...behind]);
    layouts.set(layout, room);
    room += LAYOUT;
  }
  const placesAt = new Int32Array(buffer, room, MOST_PLACES);
  const rows = new Int32Array(buffer, room + MOST_PLACES * 4, MOST_PLACES * ROW);
  const [placed, written] = [placesAt.byteOffset, rows.byteOffset];
  return (bytes, start, layout, places) => {
    const layoutAt = layouts.get(layout);
    if (bytes.buffer !== buffer || layoutAt === undefined || places.length > MOST_PLACES)
      return marshalStrings(bytes, start, layout, places);
    if (places.length === 1) placesAt[0] = places[0] ?? 0;
    else placesAt.set(places);
    const types = layout.python2 ? base : base + TYPES;
    const { byteOffset, length } = bytes;
    const count = program.strings(types, layoutAt, byteOffset, start, length, placed, places.length, written);
    return count < 0 ? null : stringsIn(rows, count);
  };
}

function writeTypes(buffer: ArrayBuffer, at: number, tables: TypeTables): void {
  const view = new DataView(buffer, at, TYPES);
  for (let byte = 0; byte < 256; byte++) {
    const bytes = [tables.kind[byte], tables.size[byte], tables.counted[byte], tables.referable[byte]];
    for (const [index, value] of bytes.entries()) view.setUint8(byte * 16 + index, value ?? 0);
    view.setInt32(byte * 16 + 4, tables.count[byte] ?? 0, true);
    view.setInt32(byte * 16 + 8, tables.refers[byte] ?? 0, true);
  }
}

function stringsIn(rows: Int32Array, count: number): MarshalString[] {
  const strings: MarshalString[] = [];
  for (let at = 0; at < count * ROW; at += ROW)
    strings.push(keptString(rows[at] ?? 0, rows[at + 1] ?? 0, rows[at + 2] ?? 0, rows[at + 3] ?? 0, rows[at + 4] ?? 0));
  return strings;
}
