/** The rules about byte code (RL507, RL508): what they claim, proven by the Pythons that run the result. */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compileNeedles, findHits } from '../src/formats/needles.ts';
import { asAbsolutePath, asTreePath } from '../src/model/path.ts';
import { rule as constantRule } from '../src/rules/pyc-constant.ts';
import { rule as fileNameRule } from '../src/rules/pyc-filename.ts';
import { claimsOf, fixTree } from './support/one-rule.ts';
import { PYTHONS, runPython } from './support/pythons.ts';

const RULES = [fileNameRule, constantRule];
const COMPILE = `
import sys, py_compile
source, target, mode = sys.argv[1:4]
options = {} if mode == 'timestamp' else {'invalidation_mode': getattr(py_compile.PycInvalidationMode, mode)}
py_compile.compile(source, cfile=target or None, doraise=True, **options)
`;
const IMPORT = `
import sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import m
print(m.outer().__code__.co_filename)
print(m.__file__)
print(m.MARK)
`;

let root: string;
let tree: string;
let moved: string;
beforeEach(() => {
  root = mkdtempSync(join(realpathSync(tmpdir()), 'relocate-pyc-'));
  tree = join(root, 'build/site');
  moved = join(root, 'another place');
  mkdirSync(join(tree, 'lib'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function compileModule(program: string, source: string, { target = '', mode = 'timestamp' } = {}): void {
  writeFileSync(join(tree, 'lib/m.py'), source);
  runPython(program, COMPILE, [join(tree, 'lib/m.py'), target, mode]);
}

/** Changes a source behind Python's back, with its size and time: what then runs is the byte code. */
function editUnseen(source: string): void {
  const { atime, mtime } = statSync(source);
  writeFileSync(source, readFileSync(source, 'utf8').replace('compiled', 'from src'));
  utimesSync(source, atime, mtime);
}

function holdsOldPlace(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((file) => readFileSync(file).includes(tree));
}

const NESTED = "MARK = 'compiled'\ndef outer():\n    def inner(): pass\n    return inner\n";
const python3s = PYTHONS.filter(({ version }) => version !== '2.7');
const since37 = python3s.filter(({ version }) => version !== '3.6');

describe.each(PYTHONS)('Python $version', ({ program }) => {
  test('byte code of a moved source is still used, and its file name is the new one', () => {
    compileModule(program, NESTED);
    const claims = fixTree(RULES, tree, [tree], moved);
    expect(new Set(claims.map(({ code, fix, path }) => `${code} ${fix} ${path}`))).toEqual(
      new Set([`RL507 relative ${tree}/lib/m.py`]),
    );
    renameSync(tree, moved);
    expect(holdsOldPlace(moved)).toEqual([]);
    editUnseen(join(moved, 'lib/m.py'));
    const source = join(moved, 'lib/m.py');
    expect(
      runPython(program, IMPORT, [join(moved, 'lib')])
        .split('\n')
        .slice(0, 3),
    ).toEqual([source, expect.stringContaining(source), 'compiled']);
  });

  test('byte code without a source runs, with a relative file name', () => {
    compileModule(program, NESTED, { target: join(tree, 'lib/m.pyc') });
    rmSync(join(tree, 'lib/m.py'));
    const [claim] = fixTree(RULES, tree, [tree], moved);
    expect(claim?.note).toMatch(/no source/);
    renameSync(tree, moved);
    expect(
      runPython(program, IMPORT, [join(moved, 'lib')])
        .split('\n')
        .slice(0, 2),
    ).toEqual(['lib/m.py', join(moved, 'lib/m.pyc')]);
  });

  test('constants of byte code without a source are written anew, with their lengths', () => {
    const long = 'x'.repeat(300);
    const source = `
ROOT = '${tree}'
LIST = ('/usr/lib', '${tree}/lib', b'${tree}/raw')
TWO = '${tree}/bin:${tree}/lib'
LONG = '${tree}/${long}'
WIDE = u'${tree}/\\u00fc'
`;
    compileModule(program, source, { target: join(tree, 'lib/m.pyc') });
    rmSync(join(tree, 'lib/m.py'));
    fixTree(RULES, tree, [tree], moved);
    renameSync(tree, moved);
    expect(holdsOldPlace(moved)).toEqual([]);
    const show = `
import sys
sys.path.insert(0, sys.argv[1]); import m, json
raw = m.LIST[2]; raw = raw if isinstance(raw, str) else raw.decode('ascii')
print(json.dumps([m.ROOT, m.LIST[0], m.LIST[1], raw, m.TWO, m.LONG, m.WIDE]))`;
    const values = JSON.parse(runPython(program, show, [join(moved, 'lib')])) as string[];
    expect(values).toEqual([
      moved,
      '/usr/lib',
      `${moved}/lib`,
      `${moved}/raw`,
      `${moved}/bin:${moved}/lib`,
      `${moved}/${long}`,
      `${moved}/ü`,
    ]);
  });
});

test.each(since37)(
  'byte code that is never checked against its source gets the new file name too: Python $version',
  ({ program }) => {
    compileModule(program, NESTED, { mode: 'UNCHECKED_HASH' });
    fixTree(RULES, tree, [tree], moved);
    renameSync(tree, moved);
    expect(runPython(program, IMPORT, [join(moved, 'lib')]).split('\n')[0]).toBe(join(moved, 'lib/m.py'));
  },
);

describe('what the search can not see', () => {
  const [python] = python3s.slice(-1);
  const program = python?.program ?? 'python3';

  test('a constant that is the prefix itself, before an object whose type looks like a letter', () => {
    compileModule(program, `ROOT = ('${tree}', 'abc', '${tree}', 1)\n`);
    const claims = claimsOf(RULES, tree, [tree]).filter(({ code }) => code === 'RL508');
    expect(claims.length).toBeGreaterThan(0);
    expect(claims.map(({ path }) => path)).toEqual(claims.map(() => tree));
  });

  test('a constant behind one that ends like a folder, whose length looks like a letter', () => {
    const path = `${tree}/${'y'.repeat(Math.max(1, 97 - tree.length - 1))}`;
    compileModule(program, `LIST = ['/a/b', '${path}']\nPAIR = ('/a/b', '${path}')\n`);
    expect(
      claimsOf(RULES, tree, [tree])
        .filter(({ code }) => code === 'RL508')
        .map((claim) => claim.path),
    ).toContain(path);
  });

  test('a neighbour is no constant of the tree', () => {
    compileModule(program, `LIST = ('${tree}2', '${tree}-old/x', '/mnt${tree}', '.${tree}')\n`);
    expect(claimsOf(RULES, tree, [tree]).map(({ code }) => code)).toEqual(['RL507']);
  });
});

test('a short string refuses a prefix that makes it longer than 255 bytes', () => {
  const [python] = python3s;
  compileModule(python?.program ?? 'python3', `X = '${tree}/${'z'.repeat(240 - tree.length)}'\n`);
  expect(() => fixTree([constantRule], tree, [tree], `/${'long/'.repeat(20)}`)).toThrow(/cannot-grow/);
});

test('a string of ASCII refuses a prefix that is not', () => {
  const [python] = python3s;
  compileModule(python?.program ?? 'python3', `X = '${tree}/x'\n`);
  expect(() => fixTree([constantRule], tree, [tree], '/srv/süd')).toThrow(/unwritable/);
});

test('paths of two prefixes in one string are blocked', () => {
  const [python] = python3s;
  compileModule(python?.program ?? 'python3', `X = '${tree}/x:/srv/build/other/y'\n`);
  const claims = claimsOf(RULES, tree, [tree, '/srv/build/other']).filter(({ code }) => code === 'RL508');
  expect(claims.map(({ fix, absolute }) => [fix, absolute])).toEqual([
    ['blocked', undefined],
    ['blocked', undefined],
  ]);
});

test('every hit of real byte code is claimed once, whatever Python compiled it', () => {
  for (const { version, program } of PYTHONS) {
    compileModule(program, `${NESTED}ROOT = '${tree}/etc'\n`, { target: join(tree, `lib/m${version}.pyc`) });
    copyFileSync(join(tree, 'lib/m.py'), join(tree, `lib/m${version}.py`));
  }
  const needles = compileNeedles([{ path: asAbsolutePath(tree), base: asTreePath(''), source: 'tree', evidence: '' }]);
  const claims = claimsOf(RULES, tree, [tree]);
  for (const { version } of PYTHONS) {
    const file = `lib/m${version}.pyc`;
    const hits = findHits(readFileSync(join(tree, file)), needles);
    expect(claims.filter((claim) => claim.file === file && claim.hit !== null)).toHaveLength(hits.length);
  }
});

test('bytes that only begin like byte code are left to other rules', () => {
  writeFileSync(
    join(tree, 'lib/m.pyc'),
    Buffer.concat([
      Buffer.from('a70d0d0a', 'hex'),
      Buffer.alloc(12),
      Buffer.from(`\xe3 not marshal ${tree}/lib/m.py`, 'latin1'),
    ]),
  );
  expect(claimsOf(RULES, tree, [tree])).toEqual([]);
});
