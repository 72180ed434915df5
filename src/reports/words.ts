/** Numbers and lists as people write them. */

/** `1204` as `1,204`, for whole numbers. `Intl` would do it too, and take 15 ms and 8 MB to begin with. */
export function count(number: number): string {
  return String(number).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `plural(1, 'file')` is `1 file`; `plural(3, 'entry', 'entries')` is `3 entries`. */
export function plural(number: number, one: string, many: string = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** Bytes in powers of 1000, as disks are sold: `812 B`, `1.2 GB`. */
export function bytes(number: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = number;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit] ?? ''}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function list(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;
}

const PAINTED = /\u001b\[[0-9;]*m/g;

/** How many columns a text takes on a terminal, as far as that can be told from its characters. Colours take none. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const char of text.replace(PAINTED, '')) {
    const code = char.codePointAt(0) ?? 0;
    columns += code < 0x300 ? 1 : isCombining(code) ? 0 : isWide(code) ? 2 : 1;
  }
  return columns;
}

function isCombining(code: number): boolean {
  return code <= 0x36f || (code >= 0x200b && code <= 0x200f) || (code >= 0xfe00 && code <= 0xfe0f);
}

/** East Asian wide and emoji blocks (UAX #11, the large ones). */
function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    code >= 0x20000
  );
}

/** The columns of the widest text, at least `least`. */
export function widest(texts: Iterable<string>, least = 0): number {
  let columns = least;
  for (const text of texts) columns = Math.max(columns, columnsOf(text));
  return columns;
}

export function padRight(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
}

export function padLeft(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - columnsOf(text))) + text;
}

/** Cuts out the middle of a text that takes more columns: both ends of a path say something. */
export function shorten(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  const chars = Array.from(text);
  const room = Math.max(2, columns - 1);
  const head = Math.floor(room / 2);
  return `${chars.slice(0, head).join('')}…${chars.slice(chars.length - (room - head)).join('')}`;
}

/** Cuts off the beginning of a path that takes more columns, as where it leads to stands at its end; of other texts the middle. */
export function shortenPath(text: string, columns: number): string {
  if (columnsOf(text) <= columns || !text.startsWith('/')) return shorten(text, columns);
  const chars = Array.from(text);
  return `…${chars.slice(chars.length - Math.max(1, columns - 1)).join('')}`;
}

/** Breaks a text into lines of at most so many columns, at spaces. A longer word stands alone. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && columnsOf(line) + 1 + columnsOf(word) > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
