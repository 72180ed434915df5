/**
 * Reads pyvenv.cfg: lines `key = value`, split at the first `=`, both sides stripped, keys without regard to case (CPython's
 * Modules/getpath.py and Lib/site.py). Later lines of the same key win there; here every line is kept.
 */

export interface ConfigLine {
  /** Lower case. */
  readonly key: string;
  /** Bytes as latin1. */
  readonly value: string;
  /** Offset of the value's first byte. */
  readonly start: number;
  /** Offset behind its last byte. */
  readonly end: number;
}

// ASCII white space alone: a byte like 0xA0 may be a part of a character
const LEADING = /^[ \t\r\f\v]+/;
const TRAILING = /[ \t\r\f\v]+$/;

/** The lines that have a key. `text` is the file as latin1: index equals offset. */
export function parsePyvenvCfg(text: string): ConfigLine[] {
  const lines: ConfigLine[] = [];
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(at, end);
    const equals = line.indexOf('=');
    if (equals >= 0) {
      const value = line.slice(equals + 1).replace(TRAILING, '');
      const stripped = value.replace(LEADING, '');
      const start = at + equals + 1 + (value.length - stripped.length);
      lines.push({
        key: line.slice(0, equals).trim().toLowerCase(),
        value: stripped,
        start,
        end: start + stripped.length,
      });
    }
    at = end + 1;
  }
  return lines;
}
