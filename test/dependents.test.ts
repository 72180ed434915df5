/** Files that store something of others: RECORD, byte code, checksum lists. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseChecksums } from '../src/formats/checksum-list.ts';
import { contentSplices, type ContentChange } from '../src/formats/follows.ts';
import { jsonStrings } from '../src/formats/json-strings.ts';
import { literalAround } from '../src/formats/python-literal.ts';
import { parsePyvenvCfg } from '../src/formats/pyvenv-cfg.ts';
import { parseRecord } from '../src/formats/record.ts';
import { applySplices } from '../src/formats/splices.ts';
import { asTreePath, type TreePath } from '../src/model/path.ts';
import type { Dependent } from '../src/model/scan.ts';
import { byteCodeOf, storedDigests, storesDigests } from '../src/rules/dependents.ts';
import { scan } from '../src/stages/scan.ts';
import { relocateOk } from './support/cli.ts';
import { PYTHONS, runPython } from './support/pythons.ts';

let tree: string;
beforeEach(() => (tree = mkdtempSync(join(tmpdir(), 'relocate-dependents-'))));
afterEach(() => rmSync(tree, { recursive: true, force: true }));

function write(path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), content);
}

function dependentsOf(
  file: string,
  changed: readonly string[],
  realFolder = (folder: TreePath): TreePath | null => folder,
): Dependent[] {
  const places = { changed: new Set(changed.map(asTreePath)), realFolder };
  return storedDigests(asTreePath(file), readFileSync(join(tree, file), 'latin1'), places);
}

type Row = Extract<Dependent, { kind: 'record-row' }>;
const isRow = (dependent: Dependent): dependent is Row => dependent.kind === 'record-row';

const RECORD = 'lib/site-packages/pkg-1.0.dist-info/RECORD';
/** Writes a RECORD as pip does, with Python's csv module. */
const WRITE_RECORD = `
import csv, sys, os, hashlib, base64
record, end = sys.argv[1], sys.argv[2].replace('n', '\\n').replace('r', '\\r')
site = os.path.dirname(os.path.dirname(record))
with open(record, 'w', newline='', encoding='utf-8', errors='surrogateescape') as f:
    w = csv.writer(f, lineterminator=end)
    for path in sys.argv[3:]:
        data = open(os.path.join(site, path), 'rb').read()
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()
        w.writerow([path, '', ''] if path.endswith('.pyc') else [path, 'sha256=' + digest, str(len(data))])
    w.writerow(['pkg-1.0.dist-info/RECORD', '', ''])
`;
/** Rows of a RECORD whose file is missing or has another digest or size; and how many rows there are. */
const CHECK_RECORD = `
import csv, sys, os, hashlib, base64, json
record = sys.argv[1]
site = os.path.dirname(os.path.dirname(record))
rows = list(csv.reader(open(record, newline='', encoding='utf-8', errors='surrogateescape')))
wrong = []
for path, digest, size in rows:
    full = os.path.join(site, path)
    if not os.path.exists(full): wrong.append(path); continue
    if not digest: continue
    data = open(full, 'rb').read()
    if digest != 'sha256=' + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode() or size != str(len(data)): wrong.append(path)
print(json.dumps([len(rows), wrong]))
`;

describe('RECORD', () => {
  const FILES = [
    'pkg/__init__.py',
    'pkg/a, "b".py',
    'pkg/ü.py',
    '../../bin/tool',
    'pkg/__pycache__/x.cpython-311.pyc',
    'pkg/new\nline.py',
  ];

  test.each(['n', 'rn'])(
    'rows of changed files become right, those of removed files go, others stay: line end %s',
    (end) => {
      for (const file of FILES) write(join('lib/site-packages', file), `content of ${file}`);
      mkdirSync(join(tree, dirname(RECORD)), { recursive: true });
      runPython('python3', WRITE_RECORD, [join(tree, RECORD), end, ...FILES]);
      const before = readFileSync(join(tree, RECORD));
      const removed = 'lib/site-packages/pkg/__pycache__/x.cpython-311.pyc';
      const changed = [
        'lib/site-packages/pkg/a, "b".py',
        'lib/site-packages/pkg/ü.py',
        'bin/tool',
        'lib/site-packages/pkg/new\nline.py',
      ];
      const rows = dependentsOf(RECORD, [...changed, removed, RECORD]).filter(isRow);
      expect(rows.map((row) => row.of).sort()).toEqual([...changed, removed].sort());
      for (const file of changed) write(file, `something else, longer, in ${file}`);
      rmSync(join(tree, removed));
      const change: ContentChange = {
        kind: 'content',
        file: asTreePath(RECORD),
        aliases: [],
        before: '',
        edits: [],
        splices: [],
        renders: [],
        seals: [],
        follows: rows,
      };
      const splices = contentSplices(change, (file) => {
        if (!existsSync(join(tree, file))) return null;
        const content = readFileSync(join(tree, file));
        return { digest: createHash('sha256').update(content).digest('hex'), size: content.length };
      });
      write(RECORD, applySplices(before, splices));
      expect(JSON.parse(runPython('python3', CHECK_RECORD, [join(tree, RECORD)]))).toEqual([FILES.length, []]);
      const kept = before.toString().split(end === 'n' ? '\n' : '\r\n')[0];
      expect(readFileSync(join(tree, RECORD), 'utf8').startsWith(`${kept}${end === 'n' ? '\n' : '\r\n'}`)).toBe(true);
    },
  );

  test('rows with an empty digest keep it', () => {
    write(RECORD, 'pkg/x.pyc,,\r\n');
    const [row] = dependentsOf(RECORD, ['lib/site-packages/pkg/x.pyc']).filter(isRow);
    const change: ContentChange = {
      kind: 'content',
      file: asTreePath(RECORD),
      aliases: [],
      before: '',
      edits: [],
      splices: [],
      renders: [],
      seals: [],
      follows: row === undefined ? [] : [row],
    };
    expect(contentSplices(change, () => ({ digest: '00'.repeat(32), size: 1 }))).toEqual([]);
    expect(contentSplices(change, () => null)).toEqual([{ start: 0, end: 13, text: '' }]);
  });

  test('a row that names a file through a linked folder', () => {
    write(RECORD, '../../lib64/x.py,sha256=abc,1\n');
    const real = (folder: TreePath): TreePath => asTreePath(folder === 'lib64' ? 'lib' : folder);
    expect(dependentsOf(RECORD, ['lib/x.py'], real).map(({ of }) => of)).toEqual(['lib/x.py']);
  });

  test('a RECORD of something else is none', () => {
    expect([RECORD, 'lib/RECORD', 'x.dist-info/RECORDS'].map((file) => storesDigests(asTreePath(file)))).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('any text is read without losing a byte: rows are in order and adjoin', () => {
    const text = fc.array(fc.constantFrom('a', ',', '"', '\r', '\n', 'sha256=x', '1')).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (record) => {
        let last = 0;
        for (const { row, digest, size } of parseRecord(record)) {
          expect(row[0]).toBeGreaterThanOrEqual(last);
          expect(row[0] <= digest[0] && digest[1] < size[0] && size[1] <= row[1]).toBe(true);
          last = row[1];
        }
        expect(last).toBeLessThanOrEqual(record.length);
      }),
    );
  });
});

describe('byte code of a source', () => {
  const namesIn = (folder: TreePath): string[] =>
    existsSync(join(tree, folder)) ? readdirSync(join(tree, folder)).sort() : [];

  test('all that the Pythons of this machine write for it, and nothing of its neighbours', () => {
    for (const name of ['x.py', 'x2.py', 'x_cpython.py', 'y.py']) write(`pkg/${name}`, 'pass\n');
    for (const { program } of PYTHONS)
      for (const flags of ['', '-O', '-OO'])
        execFileSync(program, [...(flags === '' ? [] : [flags]), '-m', 'compileall', '-q', join(tree, 'pkg')]);
    write('pkg/__pycache__/x.cpython-311-pytest-7.4.0.pyc', '');
    const found = byteCodeOf(asTreePath('pkg/x.py'), namesIn).map(({ file }) => file);
    const all = [
      ...namesIn(asTreePath('pkg')).map((name) => `pkg/${name}`),
      ...namesIn(asTreePath('pkg/__pycache__')).map((name) => `pkg/__pycache__/${name}`),
    ];
    expect(found.sort()).toEqual(all.filter((file) => /\/x\.[^/]*py[co]$/.test(file)).sort());
    expect(found.length).toBeGreaterThan(3);
  });

  test('what is no source has none', () => {
    write('pkg/__pycache__/x.cpython-311.pyc', '');
    expect(byteCodeOf(asTreePath('pkg/x'), namesIn)).toEqual([]);
  });
});

describe('checksum lists', () => {
  test('lines of coreutils, in their folder and escaped', () => {
    write('dist/back\\slash', 'a');
    write('dist/plain', 'b');
    write('dist/other', 'c');
    const sums = execFileSync('sha256sum', ['plain', 'back\\slash', '-b', 'other'], { cwd: join(tree, 'dist') });
    write('dist/SHA256SUMS', sums);
    expect(dependentsOf('dist/SHA256SUMS', ['dist/plain', 'dist/back\\slash'])).toEqual([
      { kind: 'stored-digest', file: 'dist/SHA256SUMS', of: 'dist/plain', line: 1 },
      { kind: 'stored-digest', file: 'dist/SHA256SUMS', of: 'dist/back\\slash', line: 2 },
    ]);
  });

  test('other spellings', () => {
    const md5 = '0'.repeat(32);
    const lines = (file: string, text: string): string[] =>
      parseChecksums(asTreePath(file), text).map(({ line, path }) => `${line} ${path}`);
    expect(lines('x.md5sums', `${md5}  usr/bin/x\n`)).toEqual(['1 usr/bin/x']);
    expect(lines('CHECKSUM', `# c\nMD5 (a b) = ${md5}\r\n`)).toEqual(['2 a b']);
    expect(lines('x.tar.gz.md5', `${md5}\n`)).toEqual(['1 x.tar.gz']);
    expect(lines('SHA256SUMS', 'not a line\n')).toEqual([]);
  });

  test('names that say so, and names that do not', () => {
    const lists = [
      'SHA256SUMS',
      'sha512sums.txt',
      'md5sums',
      'a/checksums.txt',
      'manifest-sha256.txt',
      'x.tar.gz.sha256',
      'pkg.md5sums',
    ];
    for (const name of lists) expect([name, storesDigests(asTreePath(name))]).toEqual([name, true]);
    for (const name of ['md5.py', 'sha256', 'x.md', 'sums', 'lib/sha1.js'])
      expect([name, storesDigests(asTreePath(name))]).toEqual([name, false]);
  });
});

describe('small readers never fail, and give ranges that hold what they say', () => {
  test('JSON strings are those that JSON.parse finds', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(0, 2), (json, indent) => {
        const text = Buffer.from(JSON.stringify(JSON.parse(json), null, indent)).toString('latin1');
        const found = jsonStrings(text).map(({ start, end, keys }) => ({
          value: parsed(text.slice(start, end)),
          keys,
        }));
        expect(found.map(({ value }) => value)).toEqual(stringsIn(JSON.parse(json)));
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => void jsonStrings(text)));
  });

  test('pyvenv.cfg values', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const { start, end, value } of parsePyvenvCfg(text)) expect(text.slice(start, end)).toBe(value);
      }),
    );
  });

  test('Python literals begin and end with their quote', () => {
    const text = fc.array(fc.constantFrom("'", '"', '\\', 'a', ' ', '\n', ',', '#')).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, fc.nat(30), (source, offset) => {
        const literal = literalAround(source, offset);
        if (literal === null) return;
        expect(source[literal.start]).toBe(source[literal.end - 1]);
        expect(literal.content.start).toBeLessThanOrEqual(literal.content.end);
      }),
    );
  });
});

function parsed(content: string): string {
  return JSON.parse(`"${Buffer.from(content, 'latin1').toString('utf8')}"`) as string;
}

/** All string values, in the order of the text. */
function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(stringsIn) : [];
}

describe('lines of checksum lists in a report', () => {
  /** Files that an edit may change: more than are remembered by name. */
  const MANY = 1100;
  const ZEROS = '0'.repeat(64);

  interface Found {
    readonly references: readonly { readonly code: string; readonly file: string; readonly path: string }[];
  }

  /** What the command says of lists, and what a plan is made of. */
  async function listed(): Promise<[string[], string[]]> {
    const told = JSON.parse(relocateOk(['scan', tree, '--format', 'json'], [1])) as Found;
    const of = ({ references }: Found): string[] =>
      references.flatMap(({ code, file, path }) => (code === 'RL907' ? [`${file}: ${path}`] : []));
    return [of(told), of(await scan(tree, { jobs: 1 }))];
  }

  test.each([
    ['few', 1],
    ['many', MANY],
  ])('that name text, its other names and byte code, where %s files may change', async (_, count) => {
    const python = PYTHONS.at(-1);
    if (python === undefined) throw new Error('no Python was found');
    for (let i = 0; i < count; i++) write(`etc/${i}.sh`, `#!${tree}/bin/sh\n`);
    linkSync(join(tree, 'etc/0.sh'), join(tree, 'other.sh'));
    write('lib/m.py', 'A = 1\n');
    write('lib/quiet.sh', 'exit\n');
    runPython(python.program, 'import py_compile, sys; py_compile.compile(sys.argv[1])', [join(tree, 'lib/m.py')]);
    const [code = ''] = readdirSync(join(tree, 'lib/__pycache__'));
    const names = ['etc/0.sh', 'other.sh', `lib/__pycache__/${code}`, 'lib/quiet.sh', 'lib/m.py', 'gone.sh'];
    write('SHA256SUMS', names.map((name) => `${ZEROS}  ${name}\n`).join(''));
    const [told, planned] = await listed();
    expect(told).toEqual(names.slice(0, 3).map((name) => `SHA256SUMS: ${name}`));
    expect(planned).toEqual(told);
  });
});
