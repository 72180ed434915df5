/**
 * `.relocate/rendered.list` of an installed tree: the sha256 of every file that was filled in, one line each, `HEX WORD`. A word is bytes
 * with all but letters, digits and `_ . / + , : = @ % -` as `\0ooo`. install.sh writes the same.
 */
import type { TreePath } from '../model/path.ts';
import { asTreePath } from '../model/path.ts';
import { decodeBytes } from './byte-text.ts';
import { listWord } from './install-lists.ts';

export const RENDERED_LIST: TreePath = asTreePath('.relocate/rendered.list');

export function renderedListText(digests: Iterable<readonly [TreePath, string]>): string {
  return [...digests].map(([path, digest]) => `${digest} ${listWord(path)}\n`).join('');
}

/** Reads the list; lines that are none are passed over. */
export function parseRenderedList(text: string): Map<TreePath, string> {
  const digests = new Map<TreePath, string>();
  for (const line of text.split('\n')) {
    const [, digest, word] = /^([0-9a-f]{64}) (\S+)$/.exec(line) ?? [];
    if (digest !== undefined && word !== undefined) digests.set(asTreePath(unescapeWord(word)), digest);
  }
  return digests;
}

function unescapeWord(word: string): string {
  return decodeBytes(
    Buffer.from(
      word.replace(/\\0([0-3][0-7]{2})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
      'latin1',
    ),
  );
}
