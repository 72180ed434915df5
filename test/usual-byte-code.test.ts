/** The quick way for byte code says what the rules say, or leaves the file to them; what a walk saw of folders tells as much as looking. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readMarshal } from '../src/formats/marshal.ts';
import { compileNeedles, judgeHits, onlyPlace, plainPlaces } from '../src/formats/needles.ts';
import { pycHeader, rewriteString } from '../src/formats/pyc.ts';
import { applySplices } from '../src/formats/splices.ts';
import { BatchFiles, knowingFiles } from '../src/io/batch-files.ts';
import { FindingRows } from '../src/io/finding-rows.ts';
import { wholeView } from '../src/io/file-view.ts';
import { searchKernel } from '../src/io/search-kernel.ts';
import { probeTree } from '../src/io/tree-probe.ts';
import { asAbsolutePath, asTreePath, type TreePath } from '../src/model/path.ts';
import type { Prefix } from '../src/model/prefix.ts';
import type { Reference } from '../src/model/reference.ts';
import { debrisOfFile, MARKS } from '../src/rules/build-debris.ts';
import { claimFile } from '../src/rules/claiming.ts';
import { USUAL } from '../src/rules/rule.ts';
import { usualByteCode, usualReference } from '../src/rules/usual-byte-code.ts';
import { walk } from '../src/stages/walk.ts';
import { PYTHONS, runPython } from './support/pythons.ts';

const PREFIXES = [
  { path: '/srv/site', base: '' },
  { path: '/opt/other', base: 'lib/other' },
].map(({ path, base }): Prefix => ({
  path: asAbsolutePath(path),
  base: asTreePath(base),
  source: 'option',
  evidence: '',
}));
const NEEDLES = compileNeedles(PREFIXES);
const KERNEL = searchKernel(NEEDLES, 64 * 1024);

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'relocate-usual-'));
  mkdirSync(join(root, 'lib/__pycache__'), { recursive: true });
  mkdirSync(join(root, 'built/CMakeFiles'), { recursive: true });
  for (const name of ['lib/m.py', 'built/CMakeCache.txt']) writeFileSync(join(root, name), '');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface BothWays {
  /** Null where the quick way leaves the file to the rules. */
  readonly quick: Reference | null;
  /** Its records for a report. */
  readonly records: Buffer | null;
  readonly rules: readonly Reference[];
}

/** What is claimed in byte code. */
function bothWays(path: TreePath, bytes: Buffer): BothWays {
  const context = { ...probeTree(asAbsolutePath(root), PREFIXES, USUAL), marshalStrings: KERNEL.marshalStrings };
  const held = KERNEL.buffer.subarray(0, bytes.copy(KERNEL.buffer));
  const found = [...Array.from(KERNEL.find(held.length))];
  const place = onlyPlace(NEEDLES, found);
  const usual = place === null ? null : usualByteCode(path, held, place, context);
  const quick = usual === null ? null : usualReference(usual);
  const records = usual === null ? null : recordsOf((rows) => rows.addUsual(3, usual));
  const view = wholeView(
    { path, names: [path], links: [], size: held.length, mode: 0o644 },
    held,
    plainPlaces(NEEDLES, found),
  );
  return { quick, records, rules: claimFile(() => view, [path], judgeHits(held, NEEDLES, found), context) };
}

function recordsOf(add: (rows: FindingRows) => void): Buffer | null {
  const rows = new FindingRows();
  add(rows);
  return rows.take();
}

/** What a report keeps of a file that was found to have these references. */
function recordsOfFinding(path: TreePath, references: readonly Reference[]): Buffer | null {
  const finding = { path, aliases: [], mode: 0o644, size: 0, mtimeMs: 0, references, digest: null };
  return recordsOf((rows) => rows.add(3, finding));
}

const COMPILE = `
import sys, py_compile
for name in sys.argv[2:]: py_compile.compile(sys.argv[1], cfile=name, dfile='/srv/site/lib/m.py', doraise=True)
`;
const FLAT = '# text\nimport os\nLIMIT = 2 ** 70\n';
const NESTED = `${FLAT}def outer(a):\n    def inner(b): return [a, b, 'x']\n    return inner\n`;

/** Names of a source, as builds write them and as they do not. */
const NAMES = [
  '/srv/site/lib/m.py',
  '/opt/other/m.py',
  '/srv/site/lib/\u00fc.py',
  '/srv/site//lib/m.py',
  '/srv/site/lib/./m.py',
  '/srv/site/../m.py',
  '/srv/site/..',
  '/srv/site/',
  '/srv/site',
  '/srv/site2/m.py',
  '/srv/site.py',
  '/srv/site$/m.py',
  '/srv/site/a$b "c" \\ d.py',
  'x/srv/site/m.py',
  ' /srv/site/m.py',
  '/srv/site/m.py:/srv/site/n.py',
  '/srv/site/opt/other/m.py',
  `/srv/site/${'x'.repeat(110)}.py`,
  `/srv/site/${'x'.repeat(114)}.py`,
  `/srv/site/${'x'.repeat(115)}.py`,
  `/srv/site/${'x'.repeat(243)}.py`,
  `/srv/site/${'x'.repeat(300)}.py`,
];
const PATHS = ['lib/__pycache__/m.cpython-312.pyc', 'lib/m.pyc', 'lib/gone.pyo', 'built/m.pyc', 'lib/m.py'].map(
  asTreePath,
);

describe.each(PYTHONS)('byte code of Python $version', ({ version, program }) => {
  let bytes: Buffer;
  beforeAll(() => {
    // Python 2 writes the name anew for each function
    writeFileSync(join(root, 'source.py'), version === '2.7' ? FLAT : NESTED);
    const [compiled, again] = [join(root, 'one'), join(root, 'two')];
    runPython(program, COMPILE, [join(root, 'source.py'), compiled, again]);
    bytes = readFileSync(compiled);
  });

  /** With another name of the source. */
  function named(name: string): Buffer {
    const header = pycHeader(bytes);
    if (header === null) throw new Error('no header');
    const marshal = readMarshal(bytes, header.size, header.layout);
    if (!marshal.ok) throw new Error(marshal.why);
    const strings = marshal.strings.filter(({ role }) => role === 'filename');
    return applySplices(
      bytes,
      strings.map((string) => ({
        start: string.start,
        end: string.end,
        text: rewriteString(string, name, header.layout),
      })),
    );
  }

  test('what the quick way says is what the rules say', () => {
    let quickly = 0;
    for (const name of NAMES)
      for (const path of PATHS) {
        const { quick, records, rules } = bothWays(path, named(name));
        if (quick === null) continue;
        expect(rules, `${name} in ${path}`).toEqual([quick]);
        expect(records).toEqual(recordsOfFinding(path, rules));
        // key by key in the same order: it is printed
        expect(JSON.stringify(rules)).toBe(JSON.stringify([quick]));
        quickly++;
      }
    expect(quickly).toBeGreaterThan(30);
  });

  test.each([
    ['lib/__pycache__/m.cpython-312.pyc', ''],
    ['lib/m.pyc', ''],
    ['lib/gone.pyo', 'there is no source, so tracebacks show the relative path'],
  ])('%s goes the quick way', (path, note) => {
    expect(bothWays(asTreePath(path), named('/srv/site/lib/m.py')).quick).toMatchObject({
      code: 'RL507',
      path: '/srv/site/lib/m.py',
      note,
    });
  });

  test('what a build left behind does not', () => {
    const { quick, rules } = bothWays(asTreePath('built/m.pyc'), named('/srv/site/lib/m.py'));
    expect(quick).toBeNull();
    expect(rules.map(({ code }) => code)).toContain('RL212');
  });

  test('with some bytes changed, too', () => {
    const usual = named('/srv/site/lib/m.py');
    const change = fc.record({ at: fc.nat(usual.length - 1), byte: fc.constantFrom(0, 0x2f, 0x72, 0x7a, 0xda, 0xff) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const changed = Buffer.from(usual);
        for (const { at, byte } of changes) changed[at] = byte;
        const { quick, rules } = bothWays(asTreePath('lib/m.pyc'), changed);
        if (quick !== null) expect(rules).toEqual([quick]);
      }),
      { numRuns: 300 },
    );
  });
});

test('the names that a walk looks out for are in every folder that says something of builds', () => {
  const folder = join(root, 'all');
  const folders = [...MARKS].map((mark) => ({ mark, names: [mark] }));
  const pairs = [
    ['CMakeCache.txt', 'CMakeFiles'],
    ['meson-private', 'meson-info'],
    ['config.status', 'config.log'],
    ['configure', 'configure.log'],
    ['config.gypi', 'Makefile'],
    ['.rustc_info.json', 'deps'],
    ['extconf.rb', 'Makefile'],
    ['Makefile.PL', 'pm_to_blib'],
    ['plain', 'Makefile'],
  ].map((names) => ({ mark: names.join('+'), names }));
  const paths: TreePath[] = [];
  for (const { mark, names } of [...folders, ...pairs])
    for (const below of ['', 'a/', 'a/pyvenv.cfg/', 'CMakeFiles/', 'deps/']) {
      const at = `${mark}/in/${below}`;
      mkdirSync(join(folder, at), { recursive: true });
      for (const name of names) mkdirSync(join(folder, mark, 'in', name), { recursive: true });
      for (const name of ['x.o', 'x.pyc', 'config.log.x']) {
        writeFileSync(join(folder, at, name), '');
        paths.push(asTreePath(at + name));
      }
    }
  const context = probeTree(asAbsolutePath(folder), [], USUAL);
  const marked: TreePath[] = [];
  const onMarked = (seen: TreePath): void => void marked.push(seen);
  expect([...walk(asAbsolutePath(folder), { marks: { names: MARKS, onMarked } })].length).toBeGreaterThan(paths.length);
  const files = new BatchFiles();
  const knowing = knowingFiles(probeTree(asAbsolutePath(folder), [], USUAL), files);
  let debris = 0;
  for (const path of paths) {
    files.begin({ tasks: [path], marked });
    files.current = path;
    const expected = debrisOfFile(path, context);
    expect(debrisOfFile(path, knowing), path).toEqual(expected);
    if (expected !== null) debris++;
  }
  expect(debris).toBeGreaterThan(15);
});
