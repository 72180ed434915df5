/** The dump of `getfattr -d -e base64`, which `setfattr --restore` reads: `# file: path`, then `name=0s<base64>`, an empty line. */
import type { Attribute } from '../model/manifest-entry.ts';
import { asTreePath, type TreePath } from '../model/path.ts';
import { decodeBytes, encodeBytes } from './byte-text.ts';

/** Attributes that belong to the file and mean the same on another host; the rest are labels of this one (selinux, ima). */
const PORTABLE = /^(?:user\..+|trusted\..+|security\.capability|system\.posix_acl_access|system\.posix_acl_default)$/s;

/** Whether an attribute may stand in an archive. */
export function isPortableAttribute(name: string): boolean {
  return PORTABLE.test(name);
}

/** Reads a dump, its bytes as latin1. The root of the tree is `.` there and `''` here. */
export function parseDump(dump: string): Map<TreePath, readonly Attribute[]> {
  const found = new Map<TreePath, readonly Attribute[]>();
  for (const block of dump.split('\n\n')) {
    const [head = '', ...lines] = block.split('\n').filter((line) => line !== '');
    if (!head.startsWith('# file: ')) continue;
    const path = unescapeOctal(head.slice('# file: '.length));
    const attributes = lines.flatMap(parseLine).filter(({ name }) => isPortableAttribute(name));
    if (attributes.length > 0)
      found.set(
        asTreePath(path === '.' ? '' : path),
        attributes.sort((a, b) => (a.name < b.name ? -1 : 1)),
      );
  }
  return found;
}

function parseLine(line: string): Attribute[] {
  const at = line.indexOf('=');
  const value = at < 0 ? '' : line.slice(at + 1);
  return [
    { name: unescapeOctal(at < 0 ? line : line.slice(0, at)), value: value.startsWith('0s') ? value.slice(2) : '' },
  ];
}

/** Writes a dump; its bytes. */
export function writeDump(attributes: ReadonlyMap<TreePath, readonly Attribute[]>): Buffer {
  const blocks = [...attributes].map(([path, list]) => {
    const lines = list.map(({ name, value }) => `${escapeOctal(name)}=0s${value}\n`);
    return `# file: ${escapeOctal(path === '' ? '.' : path)}\n${lines.join('')}\n`;
  });
  return Buffer.from(blocks.join(''), 'latin1');
}

function unescapeOctal(text: string): string {
  const bytes = text.replace(/\\([0-3][0-7]{2})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return decodeBytes(Buffer.from(bytes, 'latin1'));
}

/** What would end a line or a name, or begin an escape. Bytes as latin1. */
function escapeOctal(text: string): string {
  return encodeBytes(text)
    .toString('latin1')
    .replace(/[\n\r\\=]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
}
