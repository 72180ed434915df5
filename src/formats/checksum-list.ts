/**
 * Reads lists of checksums: `digest  path` and `digest *path` (coreutils; a leading `\` escapes newlines and backslashes in the path),
 * `SHA256 (path) = digest` (BSD), and a digest that stands alone in a file named after what it is of (`x.tar.gz.sha256`).
 */
import { baseName, type TreePath } from '../model/path.ts';

export interface ChecksumLine {
  /** From 1. */
  readonly line: number;
  /** As written, unescaped; relative to the list's folder as a rule. Bytes as latin1. */
  readonly path: string;
}

const LIST_NAMES = [
  /^(?:md5|sha(?:1|224|256|384|512)|b2|blake2|blake3|ck)sums?(?:\.txt|\.asc)?$/i,
  /^checksums?(?:\.(?:txt|md5|sha1|sha256|sha512))?$/i,
  /^(?:tag)?manifest-(?:md5|sha1|sha256|sha512)\.txt$/,
  /\.(?:md5|sha1|sha224|sha256|sha384|sha512|b2|b3)(?:sums?)?$/i,
];

/** What each of these names has: asked of every file. */
const PARTS = /sum|manifest|\.(?:md|sha|b[23])/i;

/** Whether a file's name says that it lists checksums. */
export function isChecksumList(file: TreePath): boolean {
  const name = baseName(file);
  return PARTS.test(name) && LIST_NAMES.some((pattern) => pattern.test(name));
}

const COREUTILS = /^(\\?)[0-9a-fA-F]{32,128} [ *](.+)$/;
const BSD = /^(\\?)[A-Z0-9-]{2,12} \((.+)\) = [0-9a-fA-F]{32,128}$/;
const ALONE = /^[0-9a-fA-F]{32,128}$/;

/** The lines that name a file. `text` is the list as latin1; other lines are passed over. */
export function parseChecksums(file: TreePath, text: string): ChecksumLine[] {
  return text.split('\n').flatMap((full, i) => {
    const line = full.endsWith('\r') ? full.slice(0, -1) : full;
    const found = COREUTILS.exec(line) ?? BSD.exec(line);
    if (found !== null) return [{ line: i + 1, path: unescaped(found[1] !== '', found[2] ?? '') }];
    return ALONE.test(line.trim()) ? [{ line: i + 1, path: baseName(file).replace(/\.[^.]*$/, '') }] : [];
  });
}

function unescaped(isEscaped: boolean, path: string): string {
  if (!isEscaped) return path;
  return path.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char === 'r' ? '\r' : char));
}
