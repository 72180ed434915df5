/** Every fixture, scanned and fixed for real: `expected.txt` holds what was found and how the files changed. */
import { cpSync, existsSync, lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import glob from 'fast-glob';
import { createTwoFilesPatch } from 'diff';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { showBytes } from '../src/formats/byte-text.ts';
import { RULE_NAMES } from '../src/model/codes.ts';
import type { Reference } from '../src/model/reference.ts';
import { apply } from '../src/stages/apply.ts';
import { plan } from '../src/stages/plan.ts';
import { scan } from '../src/stages/scan.ts';

const FIXTURES = new URL('../fixtures/', import.meta.url).pathname;
/** Where the trees of the fixtures were built. */
const PREFIX = '/srv/build/site';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'relocate-fixture-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

for (const rule of Object.values(RULE_NAMES)) {
  const cases = glob.sync(`${rule}/*`, { cwd: FIXTURES, onlyDirectories: true }).sort();
  if (cases.length === 0) continue;
  describe(rule, () => {
    test.each(cases)('%s', async (name) => {
      const tree = join(folder, 'tree');
      cpSync(join(FIXTURES, name, 'tree'), tree, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
      const before = contentOf(tree);
      const options = optionsOf(name);
      const found = await scan(tree, { prefixes: [PREFIX], jobs: 1, ...options.scan });
      await apply(plan(found, options.strategy));
      const lines = found.references.map(listing);
      const report = [...lines, '', ...changes(before, contentOf(tree))].join('\n').replaceAll(tree, '<tree>');
      await expect(report).toMatchFileSnapshot(join(FIXTURES, name, 'expected.txt'));
      const codes = found.references.map((reference) => reference.rule);
      if (name.includes('/not-')) expect(codes).not.toContain(rule);
      // rows of RECORD follow the files they name: they show in what changes, not as references of their own
      else if (rule !== RULE_NAMES.RL506) expect(codes).toContain(rule);
    });
  });
}

/** A case may hold `options.json`: `{ "scan": {...}, "strategy": {...} }`. */
function optionsOf(name: string): { scan?: object; strategy?: object } {
  const file = join(FIXTURES, name, 'options.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

function listing({ code, file, site, path, scope, fix, note }: Reference): string {
  const where =
    site.kind === 'member'
      ? `${file}!/${site.member}@${site.start}`
      : 'line' in site
        ? `${file}:${site.line}:${site.column}`
        : 'start' in site
          ? `${file}@${site.start}`
          : file;
  return showBytes(`${code} ${where} ${path} (${scope}, ${fix}${note === '' ? '' : `: ${note}`})`);
}

/** Every file and link of a tree with its bytes as latin1. */
function contentOf(tree: string): Map<string, string> {
  const paths = glob
    .sync('**', {
      cwd: tree,
      dot: true,
      onlyFiles: false,
      ignore: ['.relocate/**', '.relocate'],
      followSymbolicLinks: false,
    })
    .sort();
  return new Map(
    paths.flatMap((path) => {
      const stat = lstatSync(join(tree, path));
      if (stat.isSymbolicLink()) return [[path, `-> ${readlinkSync(join(tree, path))}\n`] as const];
      return stat.isFile() ? [[path, readFileSync(join(tree, path), 'latin1')] as const] : [];
    }),
  );
}

function changes(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((path) => {
    const [old, now] = [before.get(path), after.get(path)];
    if (old === now) return [];
    if (now === undefined) return [`removed ${path}`];
    return [createTwoFilesPatch(path, path, printable(old ?? ''), printable(now), '', '', { context: 1 })];
  });
}

/** Line by line, with control bytes and what is not ASCII escaped. */
function printable(content: string): string {
  return content.replace(/[^\n\t\x20-\x7e]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
