/** How objects of each type of CPython's marshal format are read; one entry for each TYPE_ of Python/marshal.c. */

/** Plain numbers, because a file has hundreds of objects and a tree thousands of files. The simple ones come first. */
export const KIND = {
  unknown: 0,
  /** Nothing but its type; it can't be referred to. */
  nothing: 1,
  /** A certain number of bytes. */
  fixed: 2,
  /** Text of a number, behind its length in a byte; a complex one has two. */
  digits: 3,
  twoDigits: 4,
  /** Digits of 15 bits, behind their signed number. */
  bigNumber: 5,
  shortString: 6,
  string: 7,
  shortList: 8,
  list: 9,
  slice: 10,
  dict: 11,
  code: 12,
  /** The end of a dict. */
  null: 13,
} as const;

/** By the type byte without FLAG_REF. References are not among them: Python 2 has another byte for them. */
export const KINDS: Uint8Array = new Uint8Array(128);
for (const [types, kind] of [
  ['NFTS.', KIND.nothing],
  ['iIgy', KIND.fixed],
  ['f', KIND.digits],
  ['x', KIND.twoDigits],
  ['l', KIND.bigNumber],
  ['zZ', KIND.shortString],
  ['aAuts', KIND.string],
  [')', KIND.shortList],
  ['([<>', KIND.list],
  [':', KIND.slice],
  ['{', KIND.dict],
  ['c', KIND.code],
  ['0', KIND.null],
] as const)
  for (const type of types) KINDS[type.charCodeAt(0)] = kind;

/** Bytes behind the type byte, of those that are `fixed`. */
export const SIZES: Uint8Array = new Uint8Array(128);
for (const [type, size] of [
  ['i', 4],
  ['I', 8],
  ['g', 8],
  ['y', 16],
] as const)
  SIZES[type.charCodeAt(0)] = size;
