/** --bundle-python: what comes along, what stays behind, and that it goes again. A real Python runs in e2e/bundle-python.test.ts. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import {
  apply,
  bundlePython,
  InterruptedError,
  pack,
  pendingRun,
  plan,
  recover,
  scan,
  undo,
  type BundlePart,
  type Plan,
  type Receipt,
} from '../src/index.ts';
import { relocate, relocateOk, runOk } from './support/cli.ts';
import { makeFakeBase, makeFakeEnvironment } from './support/fake-base.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';
import { filesWith, listing } from './support/listing.ts';

const CUT_SHORT = fileURLToPath(new URL('support/cut-short.js', import.meta.url));

let folder: string;
let base: string;
let tree: string;
beforeEach(() => {
  folder = temporaryFolder();
  base = join(folder, 'opt/python');
  tree = join(folder, 'srv/site');
  makeFakeBase(base);
  makeFakeEnvironment(join(tree, 'env'), base);
});

const PYTHON = '.python/3.11.7';

function filesIn(path: string): string[] {
  return runOk('find', ['.', '!', '-type', 'd', '-printf', '%P\n'], { cwd: join(tree, path) })
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}

/** What readelf says of the search path of a file of the bundled Python. */
function searchPath(path: string): string {
  const out = runOk('readelf', ['-d', join(tree, PYTHON, path)]);
  return [...out.matchAll(/\((R(?:UN)?PATH)\).*\[(.*)\]/g)].map(([, tag, value]) => `${tag} ${value}`).join(' ');
}

/** A plan with what comes along, and what it takes to forget it. */
async function planBundled(without: readonly BundlePart[] = []): Promise<{ planned: Plan; discard: () => void }> {
  const held = await bundlePython(tree, { without });
  const planned = plan(await scan(tree, held === null ? { jobs: 1 } : { jobs: 1, bundle: held.bundle }));
  return { planned, discard: () => held?.discard() };
}

/** What the command does, without a process of its own. */
async function fixBundled(without: readonly BundlePart[] = []): Promise<Receipt> {
  const { planned, discard } = await planBundled(without);
  const receipt = await apply(planned);
  discard();
  return receipt;
}

describe('what comes along', () => {
  test('the program, its library, and the shared libraries that are no part of the platform', async () => {
    await fixBundled();
    expect(filesIn(PYTHON)).toEqual([
      'bin/python3',
      'bin/python3.11',
      'lib/libfirst.so.1',
      'lib/libsecond.so.1',
      'lib/python3.11/LICENSE.txt',
      'lib/python3.11/__pycache__/os.cpython-311.pyc',
      'lib/python3.11/_sysconfigdata__linux_x86_64-linux-gnu.py',
      'lib/python3.11/cgi.py',
      'lib/python3.11/lib-dynload/_mod.cpython-311-x86_64-linux-gnu.so',
      'lib/python3.11/os.py',
      'lib/python3.11/test/test_os.py',
      'lib/python3.11/tkinter/__init__.py',
      'lib/python3.11/unittest/case.py',
      'lib/python3.11/unittest/test/test_case.py',
    ]);
    expect(readlinkSync(join(tree, 'env/bin/python3'))).toBe('../../.python/3.11.7/bin/python3.11');
    expect(readFileSync(join(tree, 'env/pyvenv.cfg'), 'utf8')).toMatch(/^home = \n/);
  });

  test('all of it looks for libraries by its own place, and the program for all that is loaded into it', async () => {
    await fixBundled();
    expect(searchPath('bin/python3.11')).toBe('RPATH $ORIGIN/../lib');
    expect(searchPath('lib/python3.11/lib-dynload/_mod.cpython-311-x86_64-linux-gnu.so')).toBe('RUNPATH $ORIGIN/../..');
    expect(searchPath('lib/libfirst.so.1')).toBe('RUNPATH $ORIGIN/private:$ORIGIN');
    expect(filesWith(tree, base)).toEqual([]);
  });

  test('what is left out on demand', async () => {
    await fixBundled(['tests', 'caches', 'gui']);
    const left = filesIn(PYTHON).filter((path) => /test|pycache|tkinter/.test(path));
    expect(left).toEqual(['lib/python3.11/unittest/case.py']);
  });

  test('environments on one Python share it, and another of the same version has its own folder', async () => {
    const other = join(folder, 'opt/second');
    makeFakeBase(other);
    makeFakeEnvironment(join(tree, 'sub/env'), base);
    makeFakeEnvironment(join(tree, 'third'), other);
    await fixBundled();
    expect(readdirSync(join(tree, '.python')).sort()).toEqual(['3.11.7', '3.11.7-2']);
    expect(readlinkSync(join(tree, 'sub/env/bin/python3'))).toBe('../../../.python/3.11.7/bin/python3.11');
    expect(readlinkSync(join(tree, 'third/bin/python3'))).toBe('../../.python/3.11.7-2/bin/python3.11');
  });

  test('the packages of the base for an environment that sees them', async () => {
    writeFileSync(
      join(tree, 'env/pyvenv.cfg'),
      `home = ${base}/bin\ninclude-system-site-packages = true\nversion = 3.11.7\n`,
    );
    await fixBundled();
    const packages = join(tree, PYTHON, 'lib/python3.11/site-packages');
    expect(existsSync(join(packages, 'extra.py'))).toBe(true);
    expect(readFileSync(join(packages, 'extra.pth'), 'utf8')).toBe('more\n');
  });

  test('its size and what it is for are said before anything is done', () => {
    const said = relocateOk(['fix', tree, '--bundle-python', '--dry-run']).replaceAll(/\s+/g, ' ');
    expect(said).toMatch(
      /Comes along: Python 3\.11\.7 of .* in \.python\/3\.11\.7: 13 files, .*B, 2 shared libraries among them; for env/,
    );
    expect(existsSync(join(tree, '.python'))).toBe(false);
  });

  test('a licence and a library that are not to be found are warned of', async () => {
    unlinkSync(join(base, 'lib/python3.11/LICENSE.txt'));
    unlinkSync(join(base, 'lib/private/libsecond.so.1'));
    const { stderr, stdout } = relocate(['pack', tree, '-o', join(folder, 'a.tar.gz'), '--bundle-python']);
    const said = (stderr + stdout).replaceAll(/\s+/g, ' ');
    expect(said).toContain('lib/libfirst.so.1 needs libsecond.so.1, which was not found on this host');
    expect(said).toContain(`no licence of the Python at ${base} was found`);
    expect(said).toContain('no licence of libfirst.so.1 was found');
    expect((await fixBundled()).warnings).toHaveLength(3);
  });
});

describe('what can not come along', () => {
  const refused = async (why: string): Promise<void> => {
    const before = listing(tree);
    await expect(bundlePython(tree)).rejects.toThrow(why);
    expect(listing(tree)).toBe(before);
  };

  test('a Python that is not on this host', async () => {
    rmSync(join(base, 'bin'), { recursive: true });
    await refused('has a link python whose target is not on this host');
  });

  test('another Python than CPython', async () => {
    appendFileSync(join(tree, 'env/pyvenv.cfg'), 'implementation = PyPy\n');
    await refused('runs on PyPy');
  });

  test('the base of an environment that holds a copy of the program', async () => {
    unlinkSync(join(tree, 'env/bin/python3'));
    runOk('cp', [join(base, 'bin/python3.11'), join(tree, 'env/bin/python3')]);
    await refused('as a copy');
  });

  test('a program that finds no room for a search path', async () => {
    rmSync(base, { recursive: true });
    makeFakeBase(base, { runpath: '$ORIGIN/l', note: false });
    symlinkSync('../lib', join(base, 'bin/l'));
    await refused('its search path for libraries can');
  });

  test('anything, where something else has the name of the folder', async () => {
    writeTree(tree, { '.python': 'mine\n' });
    await refused('there is a file of that name');
  });

  test('parts that are not known: exit code 2, and nothing is changed', () => {
    const before = listing(tree);
    const ran = relocate(['fix', tree, '--bundle-python', '--bundle-without', 'test']);
    expect(ran).toMatchObject({ status: 2, stderr: expect.stringContaining("did you mean 'tests'?") });
    expect(listing(tree)).toBe(before);
  });

  test('an environment that is left out needs nothing', async () => {
    rmSync(base, { recursive: true });
    expect(await bundlePython(tree, { exclude: ['env'] })).toBeNull();
  });
});

describe('Ctrl-C', () => {
  /** Aborts as soon as a file has been copied into the folder, if anything is let in before the last one is. */
  async function abortAtFirstFile(
    temporary: string,
    controller: AbortController,
    isDone: () => boolean,
  ): Promise<void> {
    const isBegun = (): boolean =>
      readdirSync(temporary).some((name) => existsSync(join(temporary, name, PYTHON, 'lib/python3.11/LICENSE.txt')));
    while (!isDone() && !isBegun()) await setImmediate();
    controller.abort();
  }

  // a standard library is thousands of files: nothing else was let in before the last of them was copied
  test('is heard while a large library is laid out, and nothing of it is left', async () => {
    const many = Array.from({ length: 8000 }, (_, at) => [`lib/python3.11/site-packages/many/m${at}.py`, 'x = 1\n']);
    writeTree(base, Object.fromEntries(many) as Record<string, string>);
    writeFileSync(
      join(tree, 'env/pyvenv.cfg'),
      `home = ${base}/bin\ninclude-system-site-packages = true\nversion = 3.11.7\n`,
    );
    const temporary = temporaryFolder();
    vi.stubEnv('TMPDIR', temporary);
    try {
      const controller = new AbortController();
      let isDone = false;
      const made = bundlePython(tree, { signal: controller.signal }).finally(() => (isDone = true));
      const stopped = expect(made).rejects.toThrow(InterruptedError);
      await abortAtFirstFile(temporary, controller, () => isDone);
      await stopped;
      expect(readdirSync(temporary)).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe('pack', () => {
  test('lets it come along in the archive alone, and says that nothing is needed any more', () => {
    const before = listing(tree);
    const archive = join(folder, 'site.tar.gz');
    const temporary = join(folder, 'tmp');
    mkdirSync(temporary);
    const env = { PATH: process.env['PATH'] ?? '', TMPDIR: temporary };
    const command = ['pack', tree, '-o', archive, '--bundle-python', '--format', 'json'];
    const packed = JSON.parse(relocateOk(command, [0], { env }));
    expect(readdirSync(temporary)).toEqual([]);
    expect(packed).toMatchObject({
      requirements: { interpreters: [], outside: [{ kind: 'loader' }], native: true },
      origins: [],
      pythons: [{ folder: PYTHON, prefix: base, version: '3.11.7', files: 13 }],
    });
    expect(listing(tree)).toBe(before);
    const place = join(folder, 'installed');
    relocateOk(['install', archive, place]);
    relocateOk(['verify', place]);
    expect(filesWith(place, base)).toEqual([]);
    expect(filesWith(place, tree)).toEqual([]);
    expect(existsSync(join(place, 'env/bin/python'))).toBe(true);
  });

  test('gives the same bytes for the same build at another place, and another time', async () => {
    const archives: Buffer[] = [];
    for (const name of ['one', 'two/deeper']) {
      const place = join(folder, name);
      const output = join(folder, 'same.tar.gz');
      makeFakeEnvironment(join(place, 'env'), base);
      runOk('find', [place, '-exec', 'touch', '-h', '-d', '2020-01-01', '{}', '+']);
      const held = await bundlePython(place);
      await pack(place, { output, jobs: 1, ...(held === null ? {} : { bundle: held.bundle }) });
      held?.discard();
      archives.push(readFileSync(output));
      // a folder of the base that has another time, as after Python wrote a cache there
      utimesSync(join(base, 'lib/python3.11/unittest'), 1, 1);
    }
    expect(archives[1]?.equals(archives[0] ?? Buffer.alloc(0))).toBe(true);
  });
});

describe('fix', () => {
  test('is done once: a scan finds no interpreter outside, and a second fix changes nothing', async () => {
    await fixBundled();
    const { summary } = JSON.parse(relocateOk(['scan', tree, '--format', 'json'], [0, 1]));
    expect(summary.byCode).not.toHaveProperty('RL513');
    expect(summary.byCode).not.toHaveProperty('RL302');
    const before = listing(tree);
    expect(relocateOk(['fix', tree, '--bundle-python'])).toContain('nothing to change');
    expect(listing(tree)).toBe(before);
  });

  test('writes a file of several pieces whole', async () => {
    const lines = 'as it is\n'.repeat(300_000);
    writeTree(base, { 'lib/python3.11/large.txt': `${lines}${base}/lib\n` });
    await fixBundled();
    const written = readFileSync(join(tree, PYTHON, 'lib/python3.11/large.txt'), 'latin1');
    expect(written === `${lines}${tree}/${PYTHON}/lib\n`).toBe(true);
  });

  test('adds to what came along before', async () => {
    await fixBundled();
    makeFakeEnvironment(join(tree, 'later'), base);
    await fixBundled();
    expect(readdirSync(join(tree, '.python')).sort()).toEqual(['3.11.7', '3.11.7-2']);
    await undo(tree);
    expect(readdirSync(join(tree, '.python'))).toEqual(['3.11.7']);
  });

  test('is undone without a trace, byte code that Python wrote since with it', async () => {
    const before = listing(tree);
    await fixBundled();
    writeTree(tree, { [`${PYTHON}/lib/python3.11/unittest/__pycache__/case.cpython-311.pyc`]: 'new' });
    await undo(tree);
    expect(listing(tree)).toBe(before);
  });

  test('is not undone over what someone else put into it, unless asked', async () => {
    const before = listing(tree);
    await fixBundled();
    writeTree(tree, { [`${PYTHON}/lib/python3.11/mine.py`]: 'mine' });
    await expect(undo(tree)).rejects.toThrow('changed again since that run: .python');
    expect(existsSync(join(tree, PYTHON, 'lib/python3.11/mine.py'))).toBe(true);
    await undo(tree, { force: true });
    expect(listing(tree)).toBe(before);
  });

  test('killed at any point, is taken forward or back', { timeout: 60_000 }, async () => {
    const { planned, discard } = await planBundled();
    const planFile = join(folder, 'plan.json');
    writeFileSync(planFile, JSON.stringify(planned));
    const before = listing(tree);
    const names: string[] = [];
    await apply(planned, { checkpoint: (name) => names.push(name) });
    const after = listing(tree, { own: true });
    await undo(tree);
    const switched = `switched ${planned.changes.length}`;
    expect(names).toEqual(expect.arrayContaining(['new', 'staged', switched, 'done']));
    for (const [name, back] of [
      ['new', false],
      ['staged', false],
      ['staged', true],
      [switched, false],
      [switched, true],
    ] as const) {
      const { signal } = spawnSync(process.execPath, [CUT_SHORT, 'apply', planFile, name]);
      expect(signal, name).toBe('SIGKILL');
      if (pendingRun(tree) !== null) await recover(tree, { back });
      const state = listing(tree, { own: true });
      if (state === after) await undo(tree);
      expect([after, before], name).toContain(state);
      expect(listing(tree), name).toBe(before);
    }
    discard();
  });

  test('something that comes into its place meanwhile is not touched', async () => {
    const { planned, discard } = await planBundled();
    mkdirSync(join(tree, '.python'));
    symlinkSync('x', join(tree, '.python/mine'));
    const before = listing(tree);
    await expect(apply(planned)).rejects.toThrow('.python is there now');
    expect(listing(tree)).toBe(before);
    discard();
  });
});
