/** How objects of each type of CPython's marshal format are read; one entry for each TYPE_ of Python/marshal.c. */

/** Set in a type byte where later objects may refer to the object (not in Python 2). */
export const FLAG_REF = 0x80;

/** What is to be done with an object, as plain numbers. Those of the first two are most: nothing but a number of bytes. */
export const KIND = {
  plain: 0,
  string: 1,
  unknown: 2,
  /** A complex number: two texts, each behind its length. */
  twoDigits: 3,
  /** Digits of 15 bits, behind their signed number. */
  bigNumber: 4,
  list: 5,
  slice: 6,
  dict: 7,
  code: 8,
  /** The end of a dict. */
  null: 9,
} as const;

/** All by the type byte. One table for each question, so that the reader asks them of every object alike and does not branch. */
export interface TypeTables {
  readonly kind: Uint8Array;
  /** Bytes that always follow: numbers, lengths. */
  readonly size: Uint8Array;
  /** Which bits of the next four bytes, little-endian, are the object's count: none, a byte, or all. */
  readonly count: Int32Array;
  /** 1 where so many bytes follow as the count says. */
  readonly counted: Uint8Array;
  /** 1 where later objects may refer to it. */
  readonly referable: Uint8Array;
  /** All bits where the count is the index of an object that it refers to. */
  readonly refers: Int32Array;
}

const NO_COUNT = 0;
const BYTE = 0xff;
const NUMBER = -1;

interface Type {
  readonly types: string;
  readonly kind?: number;
  readonly count?: number;
  readonly counted?: true;
  /** Bytes that follow, besides the count. */
  readonly size?: number;
  readonly refers?: true;
  /** `always` in Python 2, which has no flag. */
  readonly referable?: 'flagged' | 'always' | 'never';
}

const OF_BOTH: readonly Type[] = [
  { types: 'NFTS.', referable: 'never' },
  { types: 'i', size: 4 },
  { types: 'Ig', size: 8 },
  { types: 'y', size: 16 },
  { types: 'f', count: BYTE, counted: true },
  { types: 'x', kind: KIND.twoDigits, count: BYTE },
  { types: 'l', kind: KIND.bigNumber, count: NUMBER },
  { types: 'zZ', kind: KIND.string, count: BYTE, counted: true },
  { types: 'aAuts', kind: KIND.string, count: NUMBER, counted: true },
  { types: ')', kind: KIND.list, count: BYTE },
  { types: '([<>', kind: KIND.list, count: NUMBER },
  { types: ':', kind: KIND.slice },
  { types: '{', kind: KIND.dict },
  { types: 'c', kind: KIND.code },
  { types: '0', kind: KIND.null, referable: 'never' },
];

export const PYTHON_2: TypeTables = tables(0, [
  ...OF_BOTH,
  { types: 't', kind: KIND.string, count: NUMBER, counted: true, referable: 'always' },
  { types: 'R', count: NUMBER, refers: true, referable: 'never' },
]);

export const PYTHON_3: TypeTables = tables(FLAG_REF, [
  ...OF_BOTH,
  { types: 'r', count: NUMBER, refers: true, referable: 'never' },
]);

/** `flag`: the bit that a type byte may have besides its type. */
function tables(flag: number, types: readonly Type[]): TypeTables {
  const made = {
    kind: new Uint8Array(256).fill(KIND.unknown),
    size: new Uint8Array(256),
    count: new Int32Array(256),
    counted: new Uint8Array(256),
    referable: new Uint8Array(256),
    refers: new Int32Array(256),
  };
  for (const { types: characters, kind = KIND.plain, count = NO_COUNT, size = 0, ...type } of types)
    for (const character of characters)
      for (const byte of new Set([character.charCodeAt(0), character.charCodeAt(0) | flag])) {
        const { referable = 'flagged' } = type;
        made.kind[byte] = kind;
        made.size[byte] = size + (count === NUMBER ? 4 : count === BYTE ? 1 : 0);
        made.count[byte] = count;
        made.counted[byte] = type.counted === true ? 1 : 0;
        made.referable[byte] = referable === 'always' || (referable === 'flagged' && byte >= FLAG_REF) ? 1 : 0;
        made.refers[byte] = type.refers === true ? -1 : 0;
      }
  return made;
}
