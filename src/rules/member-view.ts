/** A member of an archive as a file that rules can look at. */
import { asTreePath } from '../model/path.ts';
import { HEAD_BYTES, type FileView } from './rule.ts';

/** `name`: within the archive; its ending tells the language. */
export function memberView(name: string, bytes: Buffer): FileView {
  const path = asTreePath(name);
  let latin1: string | null = null;
  return {
    path,
    names: [path],
    links: [],
    size: bytes.length,
    mode: 0,
    bytes,
    head: bytes.subarray(0, HEAD_BYTES),
    isText: !bytes.includes(0),
    places: null,
    region: (start, end) => bytes.subarray(Math.max(0, start), Math.max(0, end)),
    latin1: () => (latin1 ??= bytes.toString('latin1')),
    position: () => ({ line: null, column: null }),
  };
}
