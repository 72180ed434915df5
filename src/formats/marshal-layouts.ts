/** What the fields of a code object are, by Python version, in the order in which marshal.c (`w_complex_object`) writes them. */

/** A 4-byte integer. */
export const NUMBER = 0;
/** What strings in a field are used for; or-ed where one string has several uses. */
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

/** The fields of a code object in order. Numbers are NUMBER or the use of the strings in the field. */
export interface CodeLayout {
  readonly fields: readonly number[];
  /** Python 2: interned strings (`t`) are referred to by `R`, and there is no FLAG_REF. */
  readonly python2: boolean;
}

const TABLES_TO_310 = [CODE, CONSTANT, NAME, NAME, NAME, NAME, FILENAME, NAME, NUMBER, CODE];
const numbers = (count: number): number[] => Array.from({ length: count }, () => NUMBER);

/** Layouts by the Python they began with. */
export const LAYOUTS: Readonly<Record<'2.7' | '3.0' | '3.8' | '3.11', CodeLayout>> = {
  '2.7': { fields: [...numbers(4), ...TABLES_TO_310], python2: true },
  '3.0': { fields: [...numbers(5), ...TABLES_TO_310], python2: false },
  '3.8': { fields: [...numbers(6), ...TABLES_TO_310], python2: false },
  '3.11': {
    fields: [...numbers(5), CODE, CONSTANT, NAME, NAME, CODE, FILENAME, NAME, NAME, NUMBER, CODE, CODE],
    python2: false,
  },
};
