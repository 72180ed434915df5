/**
 * Reads CPython's marshal format far enough to find every string object with its bytes and what it is used for. The source of the
 * layout is CPython's Python/marshal.c (`r_object`); byte-code versions differ only in the fields of a code object.
 * Iterative, bounded by the buffer: broken input gives a `MarshalFailure`, never an exception.
 */
import { KIND, KINDS, SIZES } from './marshal-types.ts';
import { CONSTANT, NUMBER, roleOf, type CodeLayout, type StringRole } from './marshal-layouts.ts';

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

export interface MarshalFailure {
  readonly ok: false;
  readonly why: 'cut-short' | 'unknown-type' | 'bad-reference' | 'too-deep';
  /** Offset of the object that could not be read. */
  readonly at: number;
}

export type Marshal =
  { readonly ok: true; readonly strings: readonly MarshalString[]; readonly end: number } | MarshalFailure;

/** CPython's MAX_MARSHAL_STACK_DEPTH. */
const MAX_DEPTH = 2000;
const FLAG_REF = 0x80;
const NO_STRING = -1;
/** `remaining` of a frame that ends with a NULL object. */
const UNTIL_NULL = -1;

/**
 * Reads the object at `start`. `keep` says which payloads [from, to) the caller wants; others are walked over.
 * @example readMarshal(pyc, 16, LAYOUTS['3.11'])
 */
export function readMarshal(
  bytes: Uint8Array,
  start: number,
  layout: CodeLayout,
  keep: (from: number, to: number) => boolean = () => true,
): Marshal {
  const reader = new Reader(bytes, start, layout, keep);
  return reader.read();
}

interface KeptString {
  readonly start: number;
  readonly payload: number;
  readonly end: number;
  readonly type: StringType;
  readonly flagged: boolean;
  /** Roles of everything that refers to it, or-ed. */
  roles: number;
}

const INTERNED_2 = 't'.charCodeAt(0);
const REFERENCE_2 = 'R'.charCodeAt(0);
const REFERENCE_3 = 'r'.charCodeAt(0);

/**
 * Objects whose parts are still to come, innermost last. Two numbers for each: the use of its parts (IS_CODE for a code object, whose fields
 * have uses of their own), and how many parts are to come, or which field. One reader uses them at a time.
 */
const FRAME = 2;
const IS_CODE = -1;
const frames = new Int32Array(MAX_DEPTH * FRAME);

class Reader {
  private readonly bytes: Uint8Array;
  private readonly length: number;
  private readonly layout: CodeLayout;
  private readonly reference: number;
  private readonly keep: (from: number, to: number) => boolean;
  private at: number;
  private objectAt: number;
  private depth = 0;
  private failure: MarshalFailure['why'] | null = null;
  private readonly kept: KeptString[] = [];
  /** For each referable object the index of its string in `kept`, else NO_STRING. */
  private readonly references: number[] = [];

  constructor(bytes: Uint8Array, start: number, layout: CodeLayout, keep: (from: number, to: number) => boolean) {
    this.bytes = bytes;
    this.length = bytes.length;
    this.at = start;
    this.objectAt = start;
    this.layout = layout;
    this.reference = layout.python2 ? REFERENCE_2 : REFERENCE_3;
    this.keep = keep;
  }

  read(): Marshal {
    this.readObject(CONSTANT);
    while (this.depth > 0 && this.failure === null) this.readPart();
    if (this.failure !== null) return { ok: false, why: this.failure, at: this.objectAt };
    const strings = this.kept.map(({ roles, ...string }) => ({ ...string, role: roleOf(roles) }));
    return { ok: true, strings, end: this.at };
  }

  private readPart(): void {
    const top = (this.depth - 1) * FRAME;
    const use = frames[top] ?? 0;
    const count = frames[top + 1] ?? 0;
    if (use === IS_CODE) {
      frames[top + 1] = count + 1;
      const role = this.layout.fields[count];
      if (role === undefined) this.depth--;
      else if (role === NUMBER) this.skip(4);
      else this.readObject(role);
    } else if (count === 0) this.depth--;
    else {
      if (count !== UNTIL_NULL) frames[top + 1] = count - 1;
      this.readObject(use);
    }
  }

  private readObject(role: number): void {
    this.objectAt = this.at;
    const byte = this.byte();
    if (this.failure !== null) return;
    const flagged = byte >= FLAG_REF;
    const type = byte & ~FLAG_REF;
    if (flagged && this.layout.python2) return this.fail('unknown-type');
    if (type === this.reference) return this.readReference(role);
    const kind = KINDS[type] ?? KIND.unknown;
    if (kind === KIND.shortString) this.readString(type, this.byte(), flagged, role);
    else if (kind === KIND.string) this.readString(type, this.number(), flagged, role);
    else if (kind <= KIND.bigNumber) this.readPlain(kind, type, flagged);
    else this.readCompound(kind, flagged, role);
  }

  private readPlain(kind: number, type: number, flagged: boolean): void {
    switch (kind) {
      case KIND.nothing:
        return;
      case KIND.fixed:
        this.skip(SIZES[type] ?? 0);
        break;
      case KIND.twoDigits:
        this.skip(this.byte());
        this.skip(this.byte());
        break;
      case KIND.digits:
        this.skip(this.byte());
        break;
      case KIND.bigNumber:
        this.skip(2 * Math.abs(this.number()));
        break;
      default:
        return this.fail('unknown-type');
    }
    if (flagged) this.references.push(NO_STRING);
  }

  /** Objects that have parts. One that may be referred to takes its index before its parts do. */
  private readCompound(kind: number, flagged: boolean, role: number): void {
    switch (kind) {
      case KIND.shortList:
        return this.open(role, this.byte(), flagged);
      case KIND.list:
        return this.openCounted(this.number(), flagged, role);
      case KIND.slice:
        return this.open(role, 3, flagged);
      case KIND.dict:
        return this.open(role, UNTIL_NULL, flagged);
      case KIND.code:
        return this.open(IS_CODE, 0, flagged);
      default:
        return this.endFrame();
    }
  }

  private readString(type: number, length: number, flagged: boolean, roles: number): void {
    const payload = this.at;
    this.skip(length);
    if (this.failure !== null) return;
    const wanted = this.keep(payload, this.at);
    if (wanted) this.kept.push(keptString(this.objectAt, payload, this.at, type, flagged, roles));
    const isReferable = flagged || (this.layout.python2 && type === INTERNED_2);
    if (isReferable) this.references.push(wanted ? this.kept.length - 1 : NO_STRING);
  }

  private readReference(role: number): void {
    const index = this.references[this.number()];
    if (this.failure !== null) return;
    if (index === undefined) return this.fail('bad-reference');
    const string = index === NO_STRING ? undefined : this.kept[index];
    if (string !== undefined) string.roles |= role;
  }

  /** Each part takes at least a byte, so a false count ends with the buffer. */
  private openCounted(count: number, flagged: boolean, role: number): void {
    if (count < 0) this.fail('cut-short');
    else this.open(role, count, flagged);
  }

  private open(use: number, count: number, flagged: boolean): void {
    if (this.depth >= MAX_DEPTH) return this.fail('too-deep');
    if (flagged) this.references.push(NO_STRING);
    frames[this.depth * FRAME] = use;
    frames[this.depth * FRAME + 1] = count;
    this.depth++;
  }

  private endFrame(): void {
    const top = (this.depth - 1) * FRAME;
    if (this.depth > 0 && frames[top] !== IS_CODE && frames[top + 1] === UNTIL_NULL) this.depth--;
    else this.fail('unknown-type');
  }

  private byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) this.fail('cut-short');
    else this.at++;
    return byte ?? 0;
  }

  /** A signed little-endian 32-bit number (`r_long`). */
  private number(): number {
    const { at, bytes } = this;
    if (at + 4 > this.length) {
      this.fail('cut-short');
      return 0;
    }
    this.at = at + 4;
    return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
  }

  private skip(length: number): void {
    if (length < 0 || this.at + length > this.length) this.fail('cut-short');
    else this.at += length;
  }

  private fail(why: MarshalFailure['why']): void {
    this.failure ??= why;
  }
}

function keptString(
  start: number,
  payload: number,
  end: number,
  type: number,
  flagged: boolean,
  roles: number,
): KeptString {
  // only the types of strings get here
  return { start, payload, end, type: String.fromCharCode(type) as StringType, flagged, roles };
}
