/** What the fields of a code object are, by Python version, in the order in which marshal.c (`w_complex_object`) writes them. */

const NAME = 1;
export const CONSTANT = 2;
const FILENAME = 4;
/** Byte code and its tables. */
const CODE = 8;

/** `filename`: nothing but `co_filename` refers to it. `code`: byte code and its tables. `name`: attribute and variable names. */
export type StringRole = 'filename' | 'constant' | 'name' | 'code';

/** What a string is, by all its uses. */
export function roleOf(uses: number): StringRole {
  if (uses === FILENAME) return 'filename';
  if (uses & CONSTANT) return 'constant';
  return uses === CODE ? 'code' : 'name';
}

/** A code object: numbers of four bytes, objects, the number of its first line, objects. */
export interface CodeLayout {
  /** How many numbers. */
  readonly numbers: number;
  /** What the strings in each object are used for; or-ed where one string has several uses. */
  readonly before: readonly number[];
  readonly behind: readonly number[];
  /** Python 2: interned strings (`t`) are referred to by `R`, and there is no FLAG_REF. */
  readonly python2: boolean;
}

const TO_310 = { before: [CODE, CONSTANT, NAME, NAME, NAME, NAME, FILENAME, NAME], behind: [CODE] };

/** Layouts by the Python they began with. */
export const LAYOUTS: Readonly<Record<'2.7' | '3.0' | '3.8' | '3.11', CodeLayout>> = {
  '2.7': { numbers: 4, ...TO_310, python2: true },
  '3.0': { numbers: 5, ...TO_310, python2: false },
  '3.8': { numbers: 6, ...TO_310, python2: false },
  '3.11': {
    numbers: 5,
    before: [CODE, CONSTANT, NAME, NAME, CODE, FILENAME, NAME, NAME],
    behind: [CODE, CODE],
    python2: false,
  },
};
