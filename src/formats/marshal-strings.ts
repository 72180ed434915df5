/** The string objects that a reader of marshal keeps, and what refers to each. */
import { roleOf, type StringRole } from './marshal-layouts.ts';
import { FLAG_REF } from './marshal-types.ts';

/** Type bytes of string objects. `z Z a A` hold ASCII; `u t` UTF-8; `s` bytes. In Python 2 `s` and `t` are both `str`. */
export type StringType = 'z' | 'Z' | 'a' | 'A' | 'u' | 't' | 's';

export interface MarshalString {
  /** Offset of the type byte. */
  readonly start: number;
  /** Offset of the first byte of the payload: the length field ends there. */
  readonly payload: number;
  /** Offset behind the payload. */
  readonly end: number;
  readonly type: StringType;
  /** FLAG_REF is set: later objects may refer to this one by its index. */
  readonly flagged: boolean;
  readonly role: StringRole;
}

/** `byte`: its type byte. `uses`: all of them, or-ed. */
export function keptString(start: number, payload: number, end: number, byte: number, uses: number): MarshalString {
  // only the types of strings get here
  const type = String.fromCharCode(byte & ~FLAG_REF) as StringType;
  return { start, payload, end, type, flagged: byte >= FLAG_REF, role: roleOf(uses) };
}

/** The strings that are wanted, and what refers to them. */
export class KeptStrings {
  readonly #strings: MarshalString[] = [];
  /** All uses of each, or-ed. */
  readonly #uses: number[] = [];
  /** The strings among the objects that may be referred to, by the index of these. */
  readonly #byReference = new Map<number, number>();
  /** Which indexes may be in the map, by their last five bits: it is asked for few of the many references. */
  #mayBe = 0;

  /** `reference`: its index, where later objects may refer to it. */
  add(start: number, payload: number, end: number, byte: number, use: number, reference: number | null): void {
    if (reference !== null) {
      this.#byReference.set(reference, this.#strings.length);
      this.#mayBe |= 1 << (reference & 31);
    }
    this.#uses.push(use);
    this.#strings.push(keptString(start, payload, end, byte, 0));
  }

  /** Not 0 where an object may be one of these strings. */
  mayHold(reference: number): number {
    return this.#mayBe & (1 << (reference & 31));
  }

  refer(reference: number, use: number): void {
    const index = this.#byReference.get(reference);
    if (index !== undefined) this.#uses[index] = (this.#uses[index] ?? 0) | use;
  }

  strings(): MarshalString[] {
    return this.#strings.map((string, index) => ({ ...string, role: roleOf(this.#uses[index] ?? 0) }));
  }
}
