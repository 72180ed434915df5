/** A small installed wheel that names its place in ways that stay absolute: text, byte strings of a library, a RECORD with all digests. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeTree } from './folder.ts';

const ROWS = ['pkg/__init__.py', 'pkg/config.json', 'pkg/plain.txt'];

/** Writes the package below `tree/packages`. */
export function makePackage(tree: string, packages: string): void {
  writeTree(join(tree, packages), {
    'pkg/__init__.py': `ROOT = "${tree}/data"\n`,
    'pkg/config.json': `{"root": "${tree}/data"}\n`,
    'pkg/plain.txt': 'nothing of interest\n',
    'pkg-1.0.dist-info/METADATA': 'Name: pkg\nVersion: 1.0\n',
  });
  const rows = ROWS.map((path) => row(join(tree, packages), path));
  writeFileSync(
    join(tree, packages, 'pkg-1.0.dist-info/RECORD'),
    [...rows, 'pkg-1.0.dist-info/RECORD,,', ''].join('\n'),
  );
}

function row(packages: string, path: string): string {
  const bytes = readFileSync(join(packages, path));
  return `${path},sha256=${createHash('sha256').update(bytes).digest('base64url')},${bytes.length}`;
}

/** Rows of that RECORD which are not true. */
export function recordMismatches(tree: string, packages = 'lib/python3.11/site-packages'): string[] {
  const rows = readFileSync(join(tree, packages, 'pkg-1.0.dist-info/RECORD'), 'utf8')
    .trim()
    .split('\n');
  return rows.filter((line) => !line.endsWith(',,') && line !== row(join(tree, packages), line.split(',')[0] ?? ''));
}
