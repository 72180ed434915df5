/**
 * Whether bytes are a Python pickle, told by walking its opcodes (Lib/pickletools.py, `opcodes`). Protocols 2 and later begin with a mark;
 * the earlier ones can be told by nothing else. Nothing is built, and no count is believed further than the bytes go.
 */

/** Argument of each opcode: bytes that follow; `line` up to a newline; `length1/4/8` a little-endian length and so many bytes. */
type Argument = number | 'line' | 'two-lines' | 'length1' | 'length4' | 'length8';

const ARGUMENTS: ReadonlyMap<string, Argument> = new Map<string, Argument>([
  ...[...'(.012]})adelstubR\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x93\x94\x97\x98NoQ'].map((code) => [code, 0] as const),
  ...[...'Khqr\x80\x82'].map((code) => [code, code === 'r' ? 4 : 1] as const),
  ['M', 2],
  ['\x83', 2],
  ['J', 4],
  ['j', 4],
  ['\x84', 4],
  ['G', 8],
  ['\x95', 8],
  ...[...'ILFSVgpP'].map((code) => [code, 'line'] as const),
  ['c', 'two-lines'],
  ['i', 'two-lines'],
  ...[...'UC\x8a\x8c'].map((code) => [code, 'length1'] as const),
  ...[...'TBX\x8b'].map((code) => [code, 'length4'] as const),
  ...[...'\x8d\x8e\x96'].map((code) => [code, 'length8'] as const),
]);

/** Opcodes that put text or bytes of a stated length on the stack. */
const COUNTED = 'UTXBC\x8c\x8d\x8e\x96';

/** Whether a pickle that holds counted strings fills the bytes to their end; several in a row count too. */
export function isPickle(bytes: Buffer): boolean {
  let hasCounted = false;
  let opcode = '';
  for (let at = 0; at < bytes.length;) {
    opcode = String.fromCharCode(bytes[at] ?? 0);
    const argument = ARGUMENTS.get(opcode);
    const end = argument === undefined ? -1 : endOfArgument(bytes, at + 1, argument);
    if (end < 0 || end > bytes.length) return false;
    hasCounted ||= COUNTED.includes(opcode);
    at = end;
  }
  return hasCounted && opcode === '.';
}

/** -1 where it is cut short. */
function endOfArgument(bytes: Buffer, at: number, argument: Argument): number {
  switch (argument) {
    case 'line':
      return endOfLine(bytes, at);
    case 'two-lines': {
      const middle = endOfLine(bytes, at);
      return middle < 0 ? -1 : endOfLine(bytes, middle);
    }
    case 'length1':
      return at + 1 > bytes.length ? -1 : at + 1 + bytes.readUInt8(at);
    case 'length4':
      return at + 4 > bytes.length ? -1 : at + 4 + bytes.readUInt32LE(at);
    case 'length8':
      return at + 8 > bytes.length ? -1 : at + 8 + Number(bytes.readBigUInt64LE(at));
    default:
      return at + argument;
  }
}

function endOfLine(bytes: Buffer, at: number): number {
  const newline = bytes.indexOf(0x0a, at);
  return newline < 0 ? -1 : newline + 1;
}
