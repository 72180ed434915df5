/** Strings behind a mark and their length: how pickle, marshal, binary property lists and Java's serialization write them. */
import type { DataFormat } from './structured.ts';

/** One way to write a string: any of the marks, then the length in so many bytes. */
interface Marked {
  readonly marks: readonly number[];
  readonly width: 1 | 2 | 4 | 8;
  readonly order: 'little' | 'big';
}

/** Lib/pickletools.py: SHORT_BINSTRING, SHORT_BINBYTES, SHORT_BINUNICODE; BINUNICODE, BINSTRING, BINBYTES; the three of 8 bytes. */
const PICKLE: readonly Marked[] = [
  { marks: [0x55, 0x43, 0x8c], width: 1, order: 'little' },
  { marks: [0x58, 0x54, 0x42], width: 4, order: 'little' },
  { marks: [0x8d, 0x8e, 0x96], width: 8, order: 'little' },
];

const FORMATS: Readonly<Partial<Record<DataFormat, readonly Marked[]>>> = {
  pickle: PICKLE,
  zodb: PICKLE,
  // Python/marshal.c: z Z, and a A u t s, each with FLAG_REF or without
  marshal: [
    { marks: [0x7a, 0x5a, 0xfa, 0xda], width: 1, order: 'little' },
    {
      marks: [...'aAuts'].flatMap((mark) => [mark.charCodeAt(0), mark.charCodeAt(0) | 0x80]),
      width: 4,
      order: 'little',
    },
  ],
  // CFBinaryPList.c: data and ASCII strings of 15 bytes and more, whose length is an integer object of 1, 2 or 4 bytes
  plist: [
    { marks: [0x10], width: 1, order: 'big' },
    { marks: [0x11], width: 2, order: 'big' },
    { marks: [0x12], width: 4, order: 'big' },
  ],
  // Java Object Serialization Specification, 6.4.2: TC_STRING
  java: [{ marks: [0x74], width: 2, order: 'big' }],
};

/** The longest string that is believed. */
const LONGEST = 1024 * 1024;

/** Where the string ends that begins at `start`, by what stands before it; null where nothing tells that one begins there. */
export function markedStringEnd(bytes: Buffer, start: number, format: DataFormat): number | null {
  for (const { marks, width, order } of FORMATS[format] ?? []) {
    const at = start - width;
    if (at < 1 || !marks.includes(bytes[at - 1] ?? 0)) continue;
    const digits = [...bytes.subarray(at, start)];
    const length = (order === 'little' ? digits.reverse() : digits).reduce((sum, digit) => sum * 256 + digit, 0);
    if (length > 0 && length <= LONGEST) return start + length;
  }
  // the same of less than 15 bytes: the length in the mark itself
  const mark = bytes[start - 1] ?? 0;
  const length = mark & 0x0f;
  return format === 'plist' && (mark & 0xf0) === 0x50 && length > 0 && length < 0x0f ? start + length : null;
}
