/** The words of the command line as bytes: Node replaces what is not UTF-8 in them, and a path may hold any byte. */
import { readFileSync } from 'node:fs';
import { decodeBytes } from '../formats/byte-text.ts';

const REPLACED = '\ufffd';

/** The same words with the bytes that were given; as they are where the system does not tell (proc(5), /proc/pid/cmdline). */
export function rawArguments(words: readonly string[]): readonly string[] {
  try {
    const given = readFileSync('/proc/self/cmdline');
    const raw = splitAtNul(given).slice(-words.length).map(decodeBytes);
    const isSame = raw.length === words.length && raw.every((word, i) => isReplaced(word, words[i] ?? ''));
    return isSame ? raw : words;
  } catch {
    return words;
  }
}

function splitAtNul(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let from = 0;
  for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, from)) {
    parts.push(bytes.subarray(from, end));
    from = end + 1;
  }
  return parts;
}

/** Whether Node made `word` of these bytes. */
function isReplaced(raw: string, word: string): boolean {
  return raw === word || (word.includes(REPLACED) && !raw.isWellFormed());
}
