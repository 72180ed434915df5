/** Plans made by hand: what a scan and the rules would find is not the subject of the tests that use them. */
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { encodeBytes } from '../../src/formats/byte-text.ts';
import { parseRecord } from '../../src/formats/record.ts';
import { asAbsolutePath, asTreePath } from '../../src/model/path.ts';
import type { FileChange, Plan } from '../../src/model/plan.ts';
import type { Splice } from '../../src/model/reference.ts';

type Content = Extract<FileChange, { kind: 'content' }>;

export function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function read(tree: string, file: string): Buffer {
  return readFileSync(encodeBytes(`${tree}/${file}`));
}

/** Every `from` of a file becomes `to`. */
export function replaceIn(
  tree: string,
  file: string,
  from: string,
  to: string,
  aliases: readonly string[] = [],
): Content {
  const bytes = read(tree, file);
  const needle = Buffer.from(from);
  const splices: Splice[] = [];
  for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + needle.length))
    splices.push({ start: at, end: at + needle.length, text: to });
  return {
    file: asTreePath(file),
    aliases: aliases.map(asTreePath),
    before: sha256(bytes),
    edits: [],
    kind: 'content',
    splices,
    follows: [],
    renders: [],
    seals: [],
  };
}

/** The rows of a RECORD that name any of `of` (relative to the folder of the .dist-info folder, which is `base`). */
export function followIn(tree: string, file: string, base: string, of: readonly string[]): Content {
  const bytes = read(tree, file);
  const rows = parseRecord(bytes.toString('latin1')).filter(({ path }) => of.includes(path));
  const follows = rows.map(({ path, row, digest, size }) => ({
    kind: 'record-row' as const,
    file: asTreePath(file),
    of: asTreePath(`${base}/${path}`),
    row,
    digest,
    size,
  }));
  return { ...replaceIn(tree, file, '\0', ''), follows };
}

export function retarget(tree: string, file: string, target: string, aliases: readonly string[] = []): FileChange {
  const before = sha256(readlinkSync(encodeBytes(`${tree}/${file}`), { encoding: 'buffer' }));
  return { file: asTreePath(file), aliases: aliases.map(asTreePath), before, edits: [], kind: 'retarget', target };
}

export function remove(tree: string, file: string): FileChange {
  return {
    file: asTreePath(file),
    aliases: [],
    before: sha256(read(tree, file)),
    edits: [],
    kind: 'remove',
    reason: 'its source changes',
  };
}

export function planOf(tree: string, changes: readonly FileChange[], from = '/srv/build/site'): Plan {
  const root = asAbsolutePath(tree);
  return {
    version: 1,
    tree: root,
    relocations: [{ from: asAbsolutePath(from), base: asTreePath(''), to: root }],
    via: null,
    changes,
    refusals: [],
  };
}
