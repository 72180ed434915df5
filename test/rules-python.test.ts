/** The rules about Python's and its tools' own files, proven by moving a tree and running what reads them. */
import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rule as absolutePth } from '../src/rules/absolute-pth.ts';
import { rule as buildoutMetadata } from '../src/rules/buildout-metadata.ts';
import { rule as condaMeta } from '../src/rules/conda-meta.ts';
import { rule as directUrl } from '../src/rules/direct-url.ts';
import { rule as editableFinder } from '../src/rules/editable-finder.ts';
import { rule as eggLink } from '../src/rules/egg-link.ts';
import { rule as kernelJson } from '../src/rules/kernel-json.ts';
import { rule as outsideInterpreter } from '../src/rules/outside-interpreter.ts';
import { rule as pyvenvCfg } from '../src/rules/pyvenv-cfg.ts';
import { rule as sysconfigdata } from '../src/rules/sysconfigdata.ts';
import { claimsOf, fixTree, type Claimed } from './support/one-rule.ts';
import { PYTHONS, runPython } from './support/pythons.ts';

let root: string;
let tree: string;
let moved: string;
beforeEach(() => {
  root = mkdtempSync(join(realpathSync(tmpdir()), 'relocate-python-'));
  tree = join(root, 'build/site');
  moved = join(root, 'another place');
  mkdirSync(tree, { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, content: string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), content, 'latin1');
}

function read(path: string, folder: string = tree): string {
  return readFileSync(join(folder, path), 'latin1');
}

/** `code line fix path` of each claim. */
function shown(claims: readonly Claimed[]): string[] {
  return claims.map(
    ({ code, site, fix, path }) =>
      `${code} ${'line' in site ? site.line : site.kind} ${fix} ${path.replace(tree, '<tree>')}`,
  );
}

const python3s = PYTHONS.filter(({ version }) => version !== '2.7');
const newest = python3s.at(-1)?.program ?? 'python3';

/** Puts a Python into the tree that finds itself by its own place: its program, and a link to its library. */
function pythonInTree(program: string): void {
  const ask =
    'import sys, os, sysconfig; print(os.path.realpath(sys.executable)); print(sysconfig.get_paths()["stdlib"]); print(sysconfig.get_config_var("LIBDIR"))';
  const [real = '', library = ''] = runPython(program, ask).trim().split('\n');
  mkdirSync(join(tree, 'python/bin'), { recursive: true });
  mkdirSync(join(tree, 'python/lib'), { recursive: true });
  copyFileSync(real, join(tree, 'python/bin', basename(real)));
  if (basename(real) !== 'python3') symlinkSync(basename(real), join(tree, 'python/bin/python3'));
  symlinkSync(library, join(tree, 'python/lib', basename(library)));
}

/** What absolute-symlink does. */
function relativeLinks(folder: string, climb: string): void {
  for (const name of readdirSync(folder)) {
    const link = join(folder, name);
    if (!lstatSync(link).isSymbolicLink()) continue;
    const target = readlinkSync(link);
    if (!target.startsWith(`${tree}/`)) continue;
    unlinkSync(link);
    symlinkSync(climb + target.slice(tree.length + 1), link);
  }
}

const WHERE = 'import sys, os; print(os.path.realpath(sys.prefix)); print(os.path.realpath(sys.base_prefix))';

describe.each(python3s)('pyvenv.cfg of Python $version', ({ version, program }) => {
  function makeVenv(...options: string[]): void {
    pythonInTree(program);
    execFileSync(join(tree, 'python/bin/python3'), ['-m', 'venv', '--without-pip', ...options, join(tree, 'env')]);
    relativeLinks(join(tree, 'env/bin'), '../../');
  }

  test('symlinks to a Python of the tree: home is emptied, and the moved environment finds both', () => {
    makeVenv();
    const claims = fixTree([pyvenvCfg, outsideInterpreter], tree, [tree], '/nowhere');
    expect(new Set(claims.map(({ code, fix }) => `${code} ${fix}`))).toEqual(new Set(['RL501 relative']));
    expect(read('env/pyvenv.cfg')).not.toContain(tree);
    expect(read('env/pyvenv.cfg')).toMatch(/^home = $/m);
    renameSync(tree, moved);
    const python = join(moved, 'env/bin/python');
    expect(runPython(python, WHERE).trim().split('\n')).toEqual([join(moved, 'env'), join(moved, 'python')]);
    // an environment made by the moved one has the same base
    execFileSync(python, ['-m', 'venv', '--without-pip', join(moved, 'second')], { cwd: '/' });
    expect(runPython(join(moved, 'second/bin/python'), WHERE).trim().split('\n')).toEqual([
      join(moved, 'second'),
      join(moved, 'python'),
    ]);
  });

  // before 3.11 a copy looks for its library from `home` on; a shared libpython would be found at its own place
  test('copies of the Python: home is needed, so it is pinned', () => {
    makeVenv('--copies');
    const claims = fixTree([pyvenvCfg], tree, [tree], moved);
    expect(claims.find(({ path }) => path === `${tree}/python/bin`)).toMatchObject({
      fix: 'pinned',
      note: expect.stringContaining('copy'),
    });
    renameSync(tree, moved);
    expect(runPython(join(moved, 'env/bin/python'), WHERE).trim().split('\n')).toEqual([
      join(moved, 'env'),
      join(moved, 'python'),
    ]);
  });

  test('a Python outside the tree is a requirement', () => {
    execFileSync(program, ['-m', 'venv', '--without-pip', join(tree, 'env')]);
    const outside = claimsOf([outsideInterpreter], tree, [tree]);
    expect(outside).toMatchObject([
      {
        code: 'RL513',
        hit: null,
        scope: 'outside',
        fix: 'none',
        prefix: null,
        note: expect.stringContaining(`Python ${version}.`),
      },
    ]);
    const before = read('env/pyvenv.cfg');
    fixTree([pyvenvCfg], tree, [tree], '/nowhere');
    expect(read('env/pyvenv.cfg')).not.toContain(tree);
    expect(read('env/pyvenv.cfg').split('\n').slice(0, 3)).toEqual(before.split('\n').slice(0, 3));
  });
});

describe('pyvenv.cfg', () => {
  test('what venv, virtualenv and uv write is relative to its folder; unknown keys are pinned', () => {
    const lines = [
      `home = /usr/bin`,
      'implementation = CPython',
      'version_info = 3.11.7.final.0',
      `base-prefix = ${tree}/py thon`,
      `base-executable=${tree}/py thon/bin/python3`,
      `Executable = ${tree}/py thon/bin/python3.11  `,
      `command = ${tree}/py thon/bin/python3 -m venv --prompt="a = b" ${tree}/env`,
      `extends-environment = ${tree}/base`,
      `prompt = 'a=b'`,
    ];
    write('env/pyvenv.cfg', lines.join('\r\n'));
    fixTree([pyvenvCfg, outsideInterpreter], tree, [tree], '/new place');
    expect(read('env/pyvenv.cfg').split('\r\n')).toEqual([
      ...lines.slice(0, 3),
      `base-prefix = ../py thon`,
      `base-executable=../py thon/bin/python3`,
      `Executable = ../py thon/bin/python3.11  `,
      `command = ../py thon/bin/python3 -m venv --prompt="a = b" .`,
      `extends-environment = /new place/base`,
      `prompt = 'a=b'`,
    ]);
  });

  test('another implementation than CPython keeps its home', () => {
    write('python/bin/python3', 'a program');
    write('env/pyvenv.cfg', `home = ${tree}/python/bin\nimplementation = PyPy\n`);
    mkdirSync(join(tree, 'env/bin'));
    symlinkSync('../../python/bin/python3', join(tree, 'env/bin/python'));
    expect(shown(claimsOf([pyvenvCfg], tree, [tree]))).toEqual(['RL501 1 pinned <tree>/python/bin']);
  });

  test('links that still name the old place are followed there', () => {
    write('python/bin/python3', 'a program');
    write('env/pyvenv.cfg', `home = /srv/old/python/bin\n`);
    mkdirSync(join(tree, 'env/bin'));
    symlinkSync('/srv/old/python/bin/python3', join(tree, 'env/bin/python'));
    expect(claimsOf([pyvenvCfg], tree, ['/srv/old'])).toMatchObject([{ fix: 'relative' }]);
  });
});

describe('.pth files', () => {
  const SITE = 'env/lib/python3.11/site-packages';
  /** What site.py makes of the folder of a .pth file. */
  function pathsOf(folder: string): string[] {
    const code =
      'import sys, site, json; before = set(sys.path); site.addsitedir(sys.argv[1]); print(json.dumps([p for p in sys.path if p not in before]))';
    return JSON.parse(runPython(newest, code, [folder])) as string[];
  }

  test('lines become relative; comments, imports, line ends and a missing last one stay', () => {
    for (const name of ['src/one', 'src/two words', 'src/drei ü', `${SITE}/#odd`])
      mkdirSync(join(tree, name), { recursive: true });
    const lines = [
      '# a comment',
      `${tree}/src/one`,
      'import sys',
      `${tree}/src/two words  `,
      '',
      Buffer.from(`${tree}/src/drei ü`).toString('latin1'),
      `${tree}/${SITE}/#odd`,
    ];
    write(`${SITE}/x.pth`, lines.join('\r\n'));
    expect(shown(fixTree([absolutePth], tree, [tree], '/nowhere')).map((line) => line.slice(0, 16))).toEqual([
      'RL502 2 relative',
      'RL502 4 relative',
      'RL502 6 relative',
      'RL502 7 relative',
    ]);
    expect(read(`${SITE}/x.pth`)).toBe(
      [
        '# a comment',
        '../../../../src/one',
        'import sys',
        '../../../../src/two words  ',
        '',
        Buffer.from('../../../../src/drei ü').toString('latin1'),
        './#odd',
      ].join('\r\n'),
    );
    renameSync(tree, moved);
    expect(pathsOf(join(moved, SITE))).toEqual(
      [SITE, 'src/one', 'src/two words', 'src/drei ü', `${SITE}/#odd`].map((name) => join(moved, name)),
    );
  });

  test('a byte order mark stays', () => {
    write(`${SITE}/x.pth`, `\xef\xbb\xbf${tree}/src\n`);
    fixTree([absolutePth], tree, [tree], '/nowhere');
    expect(read(`${SITE}/x.pth`)).toBe('\xef\xbb\xbf../../../../src\n');
  });

  test('paths in code are pinned as Python literals', () => {
    mkdirSync(join(tree, 'src'));
    write(`${SITE}/x.pth`, `import sys; sys.path.insert(0, '${tree}/src')\n`);
    moved = join(root, "it's here");
    expect(shown(fixTree([absolutePth], tree, [tree], moved))).toEqual(['RL502 1 pinned <tree>/src']);
    renameSync(tree, moved);
    expect(pathsOf(join(moved, SITE))).toContain(join(moved, 'src'));
  });

  test('pinned where a link beside the folder gives it another parent, for site.py counts by the text', () => {
    write('releases/1/lib/python3.11/site-packages/x.pth', `${tree}/shared\n${tree}/releases/1/src\n`);
    mkdirSync(join(tree, 'shared'));
    symlinkSync('releases/1', join(tree, 'current'));
    const claims = fixTree([absolutePth], tree, [tree], moved);
    expect(claims.map(({ fix, note }) => [fix, note.includes('current')])).toEqual([
      ['pinned', true],
      ['relative', false],
    ]);
    mkdirSync(join(tree, 'releases/1/src'));
    renameSync(tree, moved);
    for (const way of ['current', 'releases/1']) {
      const folder = join(moved, way, 'lib/python3.11/site-packages');
      expect(pathsOf(folder)).toEqual([folder, join(moved, 'shared'), join(moved, way, 'src')]);
    }
  });

  test('lib64 beside lib changes nothing', () => {
    write(`${SITE}/x.pth`, `${tree}/src\n`);
    symlinkSync('lib', join(tree, 'env/lib64'));
    expect(claimsOf([absolutePth], tree, [tree])).toMatchObject([{ fix: 'relative' }]);
  });

  test('a model of PyTorch is no .pth file', () => {
    write('model.pth', `PK\x03\x04\0\0${tree}/x`);
    expect(claimsOf([absolutePth], tree, [tree])).toEqual([]);
  });
});

test('an egg-link becomes relative to its folder; those of a buildout belong to buildout-metadata', () => {
  write('env/lib/python2.7/site-packages/pkg.egg-link', `${tree}/src/my pkg\n../`);
  write('develop-eggs/pkg.egg-link', `${tree}/src/my pkg\n../`);
  fixTree([eggLink, buildoutMetadata], tree, [tree], '/new place');
  expect(read('env/lib/python2.7/site-packages/pkg.egg-link')).toBe('../../../../src/my pkg\n../');
  expect(read('develop-eggs/pkg.egg-link')).toBe('/new place/src/my pkg\n../');
});

describe('finders of editable installs', () => {
  const FINDER = 'env/lib/python3.11/site-packages/__editable___pkg_1_0_finder.py';

  function valueOf(name: string): unknown {
    const code =
      'import sys, json, runpy; sys.path.insert(0, sys.argv[1]); print(json.dumps(runpy.run_path(sys.argv[2])[sys.argv[3]]))';
    return JSON.parse(runPython(newest, code, [moved, join(moved, FINDER), name], { PYTHONUTF8: '1' }));
  }

  test.each(python3s)('the mapping is computed from the real place of the file: Python $version', ({ program }) => {
    write(
      FINDER,
      `MAPPING: dict = {'pkg': '${tree}/src/pkg', "other": "${tree}/it\\'s \\\\ here", 'self': '${tree}'}\nNAMESPACES = {'ns': ['${tree}/ns', '${tree}2/ns']}\n`,
    );
    const fixes = fixTree([editableFinder], tree, [tree], '/nowhere').map(({ fix }) => fix);
    expect(fixes).toEqual(['relative', 'relative', 'relative', 'relative']);
    expect(read(FINDER)).not.toMatch(new RegExp(`${tree}(?!2)`));
    renameSync(tree, moved);
    symlinkSync('env/lib', join(moved, 'aside'));
    const code =
      'import sys, json, importlib.util as u; s = u.spec_from_file_location("f", sys.argv[1]); m = u.module_from_spec(s); s.loader.exec_module(m); print(json.dumps([m.MAPPING, m.NAMESPACES]))';
    for (const way of [FINDER, FINDER.replace('env/lib', 'aside')])
      expect(JSON.parse(runPython(program, code, [join(moved, way)]))).toEqual([
        { pkg: join(moved, 'src/pkg'), other: join(moved, "it's \\ here"), self: moved },
        { ns: [join(moved, 'ns'), `${tree}2/ns`] },
      ]);
  });

  test('pinned where no expression may stand, or the text has escapes that are not read', () => {
    write(
      FINDER,
      `A = {'${tree}/key': 1}\nB = ('${tree}/one' 'two')\nC = [r'${tree}/raw']\nD = ['${tree}/a\\x20b']\nE = ['-I${tree}/x']\nF = ['${tree}/plain']\n`,
    );
    expect(fixTree([editableFinder], tree, [tree], moved).map(({ fix }) => fix)).toEqual([
      'pinned',
      'pinned',
      'pinned',
      'pinned',
      'pinned',
      'relative',
    ]);
    renameSync(tree, moved);
    expect([valueOf('A'), valueOf('B'), valueOf('C'), valueOf('D'), valueOf('E'), valueOf('F')]).toEqual([
      { [`${moved}/key`]: 1 },
      `${moved}/onetwo`,
      [`${moved}/raw`],
      [`${moved}/a b`],
      [`-I${moved}/x`],
      [`${moved}/plain`],
    ]);
  });

  test('the file of a package is none', () => {
    write('env/lib/python3.11/site-packages/pkg/finder.py', `X = '${tree}/x'\n`);
    expect(claimsOf([editableFinder], tree, [tree])).toEqual([]);
  });
});

test('a direct_url.json gets the new place percent-encoded, and stays what it is', () => {
  write('p.dist-info/direct_url.json', `{"dir_info": {"editable": true}, "url": "file://${tree}/src/a%20b"}`);
  const claims = fixTree([directUrl], tree, [tree], '/new place/ü');
  expect(shown(claims)).toEqual(['RL505 1 pinned <tree>/src/a b']);
  expect(JSON.parse(read('p.dist-info/direct_url.json'))).toEqual({
    dir_info: { editable: true },
    url: 'file:///new%20place/%C3%BC/src/a%20b',
  });
});

test('a kernel starts its interpreter from the folder of kernel.json; other values are pinned', () => {
  const kernel = {
    argv: [`${tree}/env/bin/python`, '-m', 'ipykernel_launcher', `--config=${tree}/etc/"x"`, '-f', '{connection_file}'],
    env: { CONF: `${tree}/etc` },
  };
  write('env/share/jupyter/kernels/big/kernel.json', JSON.stringify(kernel, null, 1));
  expect(fixTree([kernelJson], tree, [tree], '/a "new" place').map(({ fix }) => fix)).toEqual([
    'relative',
    'relative',
    'pinned',
  ]);
  expect(JSON.parse(read('env/share/jupyter/kernels/big/kernel.json'))).toEqual({
    argv: [
      '{resource_dir}/../../../../bin/python',
      '-m',
      'ipykernel_launcher',
      '--config={resource_dir}/../../../../../etc/"x"',
      '-f',
      '{connection_file}',
    ],
    env: { CONF: '/a "new" place/etc' },
  });
});

test('build variables of Python find their place in the module, and are pinned in the Makefile', () => {
  write(
    'lib/python3.11/_sysconfigdata__linux_x86_64.py',
    `build_time_vars = {'LDFLAGS': '-L${tree}/lib '\n '-Wl,-rpath,${tree}/lib',\n 'prefix': '${tree}'}\n`,
  );
  write('lib/python3.11/config-3.11-x86_64/Makefile', `prefix=\t${tree}\nLDFLAGS=\t-L${tree}/lib\n`);
  moved = join(root, "it's $HOME");
  const claims = fixTree([sysconfigdata], tree, [tree], moved);
  expect(claims.map(({ code, file, fix }) => `${code} ${file.includes('Makefile')} ${fix}`)).toEqual([
    ...['RL509 false relative', 'RL509 false relative', 'RL509 false relative'],
    ...['RL509 true pinned', 'RL509 true pinned'],
  ]);
  renameSync(tree, moved);
  // flags are words of a shell: compilers are run through one
  const code = `import runpy, sys, json, shlex
values = runpy.run_path(sys.argv[1])["build_time_vars"]
print(json.dumps({**values, "LDFLAGS": shlex.split(values["LDFLAGS"])}))`;
  expect(JSON.parse(runPython(newest, code, [join(moved, 'lib/python3.11/_sysconfigdata__linux_x86_64.py')]))).toEqual({
    LDFLAGS: [`-L${moved}/lib`, `-Wl,-rpath,${moved}/lib`],
    prefix: moved,
  });
  expect(read('lib/python3.11/config-3.11-x86_64/Makefile', moved)).toBe(
    `prefix=\t${root}/it's $$HOME\nLDFLAGS=\t-L${root}/it's $$HOME/lib\n`,
  );
});

test('what a buildout remembers is pinned; a folder named parts elsewhere is none of it', () => {
  write(
    '.installed.cfg',
    `[buildout]\ninstalled_develop_eggs = ${tree}/develop-eggs/x.egg-link\nparts = app\n\n[app]\n__buildout_installed__ = ${tree}/bin/app\n\t${tree}/bin/py\n`,
  );
  write('parts/app/site.conf', `root ${tree}/var\n`);
  write('lib/parts/site.conf', `root ${tree}/var\n`);
  const claims = fixTree([buildoutMetadata], tree, [tree], '/srv/new');
  expect(claims.map(({ file, fix }) => `${file} ${fix}`)).toEqual([
    '.installed.cfg pinned',
    '.installed.cfg pinned',
    '.installed.cfg pinned',
    'parts/app/site.conf pinned',
  ]);
  expect(read('.installed.cfg')).toContain('__buildout_installed__ = /srv/new/bin/app\n\t/srv/new/bin/py\n');
});

test("conda's records are pinned as JSON, channels as URLs", () => {
  const record = {
    link: { source: `${tree}/pkgs/x-1.0`, type: 1 },
    extracted_package_dir: `${tree}/pkgs/x-1.0`,
    channel: `file://${tree}/channel/noarch`,
    files: ['lib/x.py'],
  };
  write('conda-meta/x-1.0.json', JSON.stringify(record, null, 2));
  write('conda-meta/history', `# cmd: ${tree}/bin/conda install x\n`);
  const claims = fixTree([condaMeta], tree, [tree], '/new "place"');
  expect(new Set(claims.map(({ code, fix }) => `${code} ${fix}`))).toEqual(new Set(['RL512 pinned']));
  expect(JSON.parse(read('conda-meta/x-1.0.json'))).toEqual({
    link: { source: '/new "place"/pkgs/x-1.0', type: 1 },
    extracted_package_dir: '/new "place"/pkgs/x-1.0',
    channel: 'file:///new%20%22place%22/channel/noarch',
    files: ['lib/x.py'],
  });
  expect(read('conda-meta/history')).toBe('# cmd: /new "place"/bin/conda install x\n');
});

test('boundaries: the neighbours of the tree are not its own', () => {
  const neighbours = [`${tree}2/src`, `${tree}-old/src`, `/mnt${tree}/src`, `${tree}.bak`];
  write('env/lib/python3.11/site-packages/x.pth', `${neighbours.join('\n')}\n`);
  write('env/lib/python3.11/site-packages/x.egg-link', `${tree}2/src\n.`);
  write('env/pyvenv.cfg', `home = ${tree}2/bin\ncommand = ${tree}2/bin/python3 -m venv /mnt${tree}/env\n`);
  write('k/kernel.json', JSON.stringify({ argv: neighbours }));
  const rules = [absolutePth, eggLink, pyvenvCfg, kernelJson, outsideInterpreter];
  expect(shown(claimsOf(rules, tree, [tree]))).toEqual([`RL513 1 none <tree>2/bin`]);
});
