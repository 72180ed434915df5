/** Finds the string values of a JSON text with their byte ranges and the keys that lead to them. Tolerant: it never fails. */
import { partitionPoint } from './partition-point.ts';

export interface JsonString {
  /** Offset of the first byte behind the opening quote. */
  readonly start: number;
  /** Offset of the closing quote. */
  readonly end: number;
  /** Keys (as written) and list positions from the root to the value. */
  readonly keys: readonly (string | number)[];
}

interface Level {
  readonly isList: boolean;
  position: number;
  key: string;
}

/** Deeper than any file that people write; what lies deeper is left out. */
const MAX_DEPTH = 200;

/** The string values in order; keys themselves are left out. `text` is latin1: index equals offset. Ends where the text is no JSON. */
export function jsonStrings(text: string): JsonString[] {
  const found: JsonString[] = [];
  const levels: Level[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    const level = levels.at(-1);
    if (char === '{' || char === '[') {
      if (levels.length >= MAX_DEPTH) return found;
      levels.push({ isList: char === '[', position: 0, key: '' });
    } else if (char === '}' || char === ']') levels.pop();
    else if (char === ',' && level !== undefined) level.position++;
    else if (char === '"') {
      const end = endOfString(text, at + 1);
      if (end < 0) return found;
      if (level !== undefined && !level.isList && isKey(text, end)) level.key = text.slice(at + 1, end);
      else
        found.push({ start: at + 1, end, keys: levels.map(({ isList, position, key }) => (isList ? position : key)) });
      at = end;
    }
  }
  return found;
}

/** The string that holds the bytes [start, end); undefined where none does. Logarithmic: a file may have as many hits as strings. */
export function jsonStringAt(strings: readonly JsonString[], start: number, end: number): JsonString | undefined {
  const begun = partitionPoint(strings.length, (index) => (strings[index]?.start ?? 0) <= start);
  const string = strings[begun - 1];
  return string !== undefined && end <= string.end ? string : undefined;
}

function endOfString(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at;
  }
  return -1;
}

/** Whether a colon follows the closing quote. */
function isKey(text: string, quote: number): boolean {
  let at = quote + 1;
  while (/[ \t\r\n]/.test(text[at] ?? '')) at++;
  return text[at] === ':';
}
