/** A path as it can be pasted into a shell. */

/** @example shellWord('/srv/my site') === "'/srv/my site'" */
export function shellWord(text: string): string {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(text)) return text;
  if (text.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(text)) return `'${text.replaceAll("'", `'\\''`)}'`;
  return `$'${Array.from(text, ansiC).join('')}'`;
}

/** A character in `$'…'` (bash, zsh, ksh): bytes that are not UTF-8 and control characters as octal. */
function ansiC(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (char === '\\' || char === "'") return `\\${char}`;
  if (code >= 0xdc80 && code <= 0xdcff) return octal(code - 0xdc00);
  return code < 0x20 || code === 0x7f ? octal(code) : char;
}

function octal(byte: number): string {
  return `\\${byte.toString(8).padStart(3, '0')}`;
}
