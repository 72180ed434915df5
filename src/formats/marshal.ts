/**
 * Reads CPython's marshal format far enough to find every string object with its bytes and what it is used for. The source of the
 * layout is CPython's Python/marshal.c (`r_object`); byte-code versions differ only in the fields of a code object.
 * Iterative, bounded by the buffer: broken input gives a `MarshalFailure`, never an exception.
 */
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

/** An object whose parts are still to come: `field` counts up in a code object, `remaining` down in the others. */
interface Frame {
  readonly isCode: boolean;
  readonly role: number;
  remaining: number;
  field: number;
}

class Reader {
  private readonly bytes: Uint8Array;
  private readonly layout: CodeLayout;
  private readonly keep: (from: number, to: number) => boolean;
  private at: number;
  private objectAt: number;
  private failure: MarshalFailure['why'] | null = null;
  private readonly frames: Frame[] = [];
  private readonly kept: KeptString[] = [];
  /** For each referable object the index of its string in `kept`, else NO_STRING. */
  private readonly references: number[] = [];

  constructor(bytes: Uint8Array, start: number, layout: CodeLayout, keep: (from: number, to: number) => boolean) {
    this.bytes = bytes;
    this.at = start;
    this.objectAt = start;
    this.layout = layout;
    this.keep = keep;
  }

  read(): Marshal {
    this.readObject(CONSTANT);
    while (this.failure === null) {
      const frame = this.frames.at(-1);
      if (frame === undefined)
        return {
          ok: true,
          strings: this.kept.map(({ roles, ...string }) => ({ ...string, role: roleOf(roles) })),
          end: this.at,
        };
      if (frame.isCode) this.readField(frame);
      else if (frame.remaining === 0) this.frames.pop();
      else {
        if (frame.remaining > 0) frame.remaining--;
        this.readObject(frame.role);
      }
    }
    return { ok: false, why: this.failure, at: this.objectAt };
  }

  private readField(frame: Frame): void {
    const role = this.layout.fields[frame.field];
    frame.field++;
    if (role === undefined) this.frames.pop();
    else if (role === NUMBER) this.skip(4);
    else this.readObject(role);
  }

  private readObject(role: number): void {
    this.objectAt = this.at;
    const byte = this.bytes[this.at];
    if (byte === undefined) return this.fail('cut-short');
    this.at++;
    const flagged = byte >= FLAG_REF;
    if (flagged && this.layout.python2) return this.fail('unknown-type');
    this.readTyped(String.fromCharCode(byte & ~FLAG_REF), flagged, role);
  }

  /** One case for each TYPE_ of marshal.c. An object that may be referred to takes its index before its parts do. */
  private readTyped(type: string, flagged: boolean, role: number): void {
    switch (type) {
      case 'N':
      case 'F':
      case 'T':
      case 'S':
      case '.':
        return;
      case '0':
        return this.endFrame();
      case 'i':
        return this.readPlain(4, flagged);
      case 'I':
      case 'g':
        return this.readPlain(8, flagged);
      case 'y':
        return this.readPlain(16, flagged);
      case 'f':
        return this.readPlain(this.byte(), flagged);
      case 'x':
        this.skip(this.byte());
        return this.readPlain(this.byte(), flagged);
      case 'l':
        return this.readPlain(2 * Math.abs(this.number()), flagged);
      default:
        return this.readCompound(type, flagged, role);
    }
  }

  /** Strings, objects that have parts, and references. */
  private readCompound(type: string, flagged: boolean, role: number): void {
    switch (type) {
      case 'z':
      case 'Z':
        return this.readString(type, this.byte(), flagged, role);
      case 'a':
      case 'A':
      case 'u':
      case 't':
      case 's':
        return this.readString(type, this.number(), flagged, role);
      case ')':
        return this.openCounted(this.byte(), flagged, role);
      case '(':
      case '[':
      case '<':
      case '>':
        return this.openCounted(this.number(), flagged, role);
      case ':':
        return this.openCounted(3, flagged, role);
      case '{':
        return this.open({ isCode: false, role, remaining: UNTIL_NULL, field: 0 }, flagged);
      case 'c':
        return this.open({ isCode: true, role, remaining: 0, field: 0 }, flagged);
      case this.layout.python2 ? 'R' : 'r':
        return this.readReference(role);
      default:
        return this.fail('unknown-type');
    }
  }

  private readPlain(length: number, flagged: boolean): void {
    this.skip(length);
    if (flagged) this.references.push(NO_STRING);
  }

  private readString(type: StringType, length: number, flagged: boolean, roles: number): void {
    const payload = this.at;
    this.skip(length);
    if (this.failure !== null) return;
    const wanted = this.keep(payload, this.at);
    if (wanted) this.kept.push({ start: this.objectAt, payload, end: this.at, type, flagged, roles });
    const isReferable = this.layout.python2 ? type === 't' : flagged;
    if (isReferable) this.references.push(wanted ? this.kept.length - 1 : NO_STRING);
  }

  private readReference(role: number): void {
    const index = this.references[this.number()];
    if (this.failure !== null) return;
    if (index === undefined) return this.fail('bad-reference');
    const string = this.kept[index];
    if (string !== undefined) string.roles |= role;
  }

  /** Each part takes at least a byte, so a false count ends with the buffer. */
  private openCounted(count: number, flagged: boolean, role: number): void {
    if (count < 0) this.fail('cut-short');
    else this.open({ isCode: false, role, remaining: count, field: 0 }, flagged);
  }

  private open(frame: Frame, flagged: boolean): void {
    if (this.frames.length >= MAX_DEPTH) return this.fail('too-deep');
    if (flagged) this.references.push(NO_STRING);
    this.frames.push(frame);
  }

  private endFrame(): void {
    if (this.frames.at(-1)?.remaining === UNTIL_NULL) this.frames.pop();
    else this.fail('unknown-type');
  }

  private byte(): number {
    const byte = this.bytes[this.at] ?? 0;
    this.skip(1);
    return byte;
  }

  /** A signed little-endian 32-bit number (`r_long`). */
  private number(): number {
    const at = this.at;
    this.skip(4);
    const byte = (i: number): number => this.bytes[at + i] ?? 0;
    return byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24);
  }

  private skip(length: number): void {
    if (length < 0 || this.at + length > this.bytes.length) this.fail('cut-short');
    else this.at += length;
  }

  private fail(why: MarshalFailure['why']): void {
    this.failure ??= why;
  }
}
