/** A scan with a cache says what a scan without one says, whatever happened to the tree between them; and reads less. */
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { scanJson } from '../src/reports/scan-json.ts';
import { report } from '../src/stages/report.ts';
import type { ReportOptions } from '../src/stages/scan-options.ts';
import type { ScanReport } from '../src/model/report.ts';
import { relocate } from './support/cli.ts';
import { relocateHere } from './support/program.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';
import { usually } from './support/depth.ts';
import { Random } from './support/random.ts';

const HOUR = 60 * 60 * 1000;
/** Longer than the times of files are coarse: what is written after it has another time. */
const GRANULE = 12;

/** Longer than what was just written is not trusted. */
const SETTLED = 2100;

/** When all files were written, as far as that can be set. */
const LONG_AGO = 1e9;

let base: string;
let site: string;
let caches: string;

beforeEach(() => {
  base = temporaryFolder();
  site = join(base, 'site');
  caches = join(base, 'caches', 'relocate');
  vi.stubEnv('XDG_CACHE_HOME', join(base, 'caches'));
  writeTree(base, { 'outside/python': 'x', 'outside/folder/a': `${site}\n` });
  writeTree(site, {
    'bin/run': `#!${site}/bin/python3\nprint(1)\n`,
    'bin/other': '#!/srv/elsewhere/bin/perl\n',
    'bin/there': `#!${base}/outside/python\n`,
    'pyvenv.cfg': `home = ${base}/outside\ncommand = /usr/bin/python3 -m venv /srv/old/site\n`,
    'lib/site-packages/a.pth': `${site}/lib/a\n`,
    'lib/site-packages/a.py': `PLACE = "${site}/lib/a"\n`,
    'lib/site-packages/__pycache__/a.cpython-311.pyc': 'code',
    'lib/site-packages/a-1.dist-info/RECORD': 'a.py,,\n',
    'lib/pkgconfig/a.pc': `prefix=${site}\n`,
    'lib/liba.so.1': `\0${site}/lib\0`,
    'lib/quiet': 'nothing here, but as long as a path of the tree\n'.repeat(3),
    SHA256SUMS: `${'0'.repeat(64)}  lib/site-packages/a.py\n`,
    'etc/conf': `root = ${site}\n`,
    'etc/empty': '',
    'var/log': `${site}\n`,
    'build/a.d': `a.o: ${site}/a.c\n`,
  });
  symlinkSync('liba.so.1', join(site, 'lib/liba.so'));
  symlinkSync(join(base, 'outside/python'), join(site, 'bin/python3'));
  symlinkSync(join(base, 'outside/folder'), join(site, 'lib/outside'));
  symlinkSync('../../outside/none', join(site, 'etc/dangling'));
  symlinkSync(`${site}/etc/conf`, join(site, 'etc/absolute'));
  linkSync(join(site, 'etc/conf'), join(site, 'lib/conf'));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** From now on all that was written looks old enough to be trusted. */
function laterOn(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + HOUR });
}

interface Ran {
  readonly text: string;
  /** Whether a scan was made, and not only a walk. */
  readonly isScanned: boolean;
  readonly troubles: readonly string[];
}

function textOf(found: ScanReport): string {
  try {
    // a piece is valid until the next is asked for
    let text = `${found.hasFindings} `;
    for (const piece of scanJson(found)) text += Buffer.from(piece).toString();
    return text;
  } finally {
    found.close();
  }
}

async function cached(options: ReportOptions = {}): Promise<Ran> {
  let isScanned = false;
  const troubles: string[] = [];
  const onProgress = (): void => void (isScanned = true);
  const onCacheTrouble = (sentence: string): void => void troubles.push(sentence);
  const found = await report(site, { ...options, cache: true, onProgress, onCacheTrouble });
  return { text: textOf(found), isScanned, troubles };
}

async function fresh(options: ReportOptions = {}): Promise<string> {
  return textOf(await report(site, options));
}

/** Bytes that this process has asked the system for. */
function bytesRead(): number {
  return Number(/^rchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}

const keptFiles = (): string[] => readdirSync(caches).map((name) => join(caches, name));

describe('nothing has changed', () => {
  test('the same report again, without a scan', async () => {
    laterOn();
    const first = await cached();
    expect(first).toEqual({ text: await fresh(), isScanned: true, troubles: [] });
    expect(await cached()).toEqual({ ...first, isScanned: false });
    expect(await cached()).toEqual({ ...first, isScanned: false });
  });

  test('a report of more bytes than are read at a time', async () => {
    writeFileSync(join(site, 'etc/log'), `${site}/x\n`.repeat(9000));
    laterOn();
    const first = await cached();
    expect(first.text.length).toBeGreaterThan(2 * 1024 * 1024);
    expect(await cached()).toEqual({ ...first, isScanned: false });
  });

  test('what was just written is not trusted: it may be written again at the same time', async () => {
    const first = await cached();
    expect(await cached()).toEqual({ ...first, isScanned: true });
  });

  test('other options are another scan', async () => {
    laterOn();
    await cached();
    for (const options of [
      { exclude: ['etc'] },
      { excludeDebris: true },
      { prefixes: ['/srv/other/place'] },
      { archives: false },
      { allowances: [{ rule: 'RL502', files: '**', reason: 'r' }] },
    ]) {
      const first = await cached(options);
      expect(first).toEqual({ text: await fresh(options), isScanned: true, troubles: [] });
      expect(await cached(options)).toEqual({ ...first, isScanned: false });
    }
  });
});

test('a large tree is checked by two threads of the program, and so is what was kept', async () => {
  const folders = Array.from({ length: 90 }, (_, i) => join(site, `large/${i}`));
  for (const folder of folders) {
    mkdirSync(folder, { recursive: true });
    for (let i = 0; i < 100; i++) writeFileSync(join(folder, `${i}`), i === 50 ? `${site}\n` : '');
  }
  const env = { XDG_CACHE_HOME: join(base, 'caches') };
  const scan = (...more: string[]): string =>
    relocate(['scan', site, '--format', 'json', '--jobs', '2', ...more], { env }).stdout;
  const plain = scan();
  await wait(SETTLED);
  expect(scan('--cache')).toBe(plain);
  expect(scan('--cache')).toBe(plain);
  const [file = ''] = keptFiles();
  const kept = readFileSync(file);
  const damaged = Buffer.from(kept);
  damaged[kept.lastIndexOf('large/8/50')] = 0x58;
  writeFileSync(file, damaged);
  expect(scan('--cache')).toBe(plain);
  appendFileSync(join(site, 'large/89/99'), `${site}\n`);
  expect(scan('--cache')).toBe(scan());
  expect(scan()).not.toBe(plain);
});

test('a quiet file that has not changed is not read again', async () => {
  writeFileSync(join(site, 'lib/data'), Buffer.alloc(3 * 1024 * 1024, 'x'));
  laterOn();
  await cached();
  writeFileSync(join(site, 'etc/new'), site);
  const before = bytesRead();
  const ran = await cached();
  expect(bytesRead() - before).toBeLessThan(2 * 1024 * 1024);
  expect(ran).toEqual({ text: await fresh(), isScanned: true, troubles: [] });
});

describe('one change', () => {
  const changes: Readonly<Record<string, () => void>> = {
    'as many bytes written in place, the time of writing put back': () => rewrite(join(site, 'lib/quiet'), site, false),
    'the same by a file that is put in its place': () => rewrite(join(site, 'lib/quiet'), site, true),
    'a file is executable': () => chmodSync(join(site, 'bin/run'), 0o755),
    'a source comes beside byte code': () => writeFileSync(join(site, 'lib/site-packages/a.pyc'), 'x'),
    'the interpreter of a script comes': () => writeFileSync(join(base, 'outside/perl'), 'x'),
    'what a symlink leads to is gone': () => rmSync(join(base, 'outside/python')),
    'a file is linked': () => linkSync(join(site, 'etc/conf'), join(site, 'var/conf')),
    'a file has another name': () => renameSync(join(site, 'etc/conf'), join(site, 'etc/conf2')),
    'a folder has another name': () => renameSync(join(site, 'lib'), join(site, 'lib2')),
    'relocate remembers another place': () =>
      writeTree(site, { '.relocate/tree.json': '{"version":1,"prefixes":[{"path":"/srv/old/place","base":""}]}' }),
  };
  for (const [change, make] of Object.entries(changes))
    test(`is seen: ${change}`, async () => {
      utimesSync(join(site, 'lib/quiet'), LONG_AGO, LONG_AGO);
      writeFileSync(join(site, 'bin/perl'), `#!${base}/outside/perl\n`, { mode: 0o755 });
      laterOn();
      await cached();
      await wait(GRANULE);
      make();
      const ran = await cached();
      expect(ran).toEqual({ text: await fresh(), isScanned: true, troubles: [] });
    });
});

type Edit = (random: Random) => void;

/** A path below a folder, or the folder where it is empty. */
function somePath(random: Random, folder: string, depth = 0): string {
  const [first, ...rest] = readdirSync(folder, { withFileTypes: true });
  if (first === undefined) return folder;
  const entry = random.pick([first, ...rest]);
  const path = join(folder, entry.name);
  return entry.isDirectory() && (depth < 1 || random.chance(0.7)) ? somePath(random, path, depth + 1) : path;
}

function someFile(random: Random, folder: string): string {
  for (let tries = 0; tries < 50; tries++) {
    const path = somePath(random, folder);
    if (lstatSync(path).isFile()) return path;
  }
  return join(site, 'etc', `made${random.below(5)}`);
}

const contents = (random: Random): string =>
  random.pick([
    `${site}/x\n`,
    'nothing\n',
    `#!${site}/bin/python3\n`,
    '#!/srv/elsewhere/bin/perl\n',
    '',
    `\0${site}\0`,
  ]);

/** Writes as many bytes as there are, in place or anew; when it was written, does not tell. */
function rewrite(path: string, text: string, isReplaced: boolean): void {
  const size = existsSync(path) ? statSync(path).size : text.length;
  const part = isReplaced ? `${path}~` : path;
  writeFileSync(part, text.padEnd(size, 'y').slice(0, size));
  utimesSync(part, LONG_AGO, LONG_AGO);
  if (isReplaced) renameSync(part, path);
}

/** Things that people and programs do to a tree, and around it. */
const EDITS: Readonly<Record<string, Edit>> = {
  'write a file': (random) => writeFileSync(someFile(random, site), contents(random)),
  'add a file': (random) =>
    writeFileSync(join(dirname(someFile(random, site)), `new${random.below(9)}.py`), contents(random)),
  'add byte code beside a source': (random) => {
    const folder = join(site, 'lib/site-packages');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `a.py${random.pick(['c', 'o'])}`), 'code');
  },
  'write as many bytes, and put the time of writing back': (random) =>
    rewrite(someFile(random, site), contents(random), random.chance(0.5)),
  touch: (random) => {
    const path = somePath(random, site);
    if (!lstatSync(path).isSymbolicLink()) utimesSync(path, LONG_AGO, LONG_AGO + random.below(2));
  },
  'change a mode': (random) => {
    const path = someFile(random, site);
    if (existsSync(path)) chmodSync(path, random.pick([0o644, 0o755, 0o600]));
  },
  'cut a file': (random) => {
    const path = someFile(random, site);
    if (existsSync(path)) truncateSync(path, Math.floor(statSync(path).size / 2));
  },
  rename: (random) => {
    const path = somePath(random, site);
    if (path !== site) renameSync(path, join(dirname(path), `renamed${random.below(4)}`));
  },
  'remove a file': (random) => rmSync(someFile(random, site), { force: true }),
  'link a file': (random) => {
    const to = join(dirname(someFile(random, site)), `linked${random.below(9)}`);
    const from = someFile(random, site);
    if (existsSync(from) && !existsSync(to)) linkSync(from, to);
  },
  'let a symlink lead elsewhere': (random) => {
    const path = join(site, random.pick(['lib/liba.so', 'bin/python3', 'lib/outside', 'etc/dangling', 'etc/absolute']));
    const target = random.pick(['liba.so.1', `${base}/outside/python`, '../etc', `${site}/etc`, 'none', '/usr/bin']);
    if (!existsSync(dirname(path))) return;
    rmSync(path, { force: true, recursive: true });
    symlinkSync(target, path);
  },
  'write around the tree': (random) => {
    const path = join(base, 'outside', random.pick(['none', 'python', 'folder/a', 'folder/b', 'perl']));
    if (random.chance(0.5)) rmSync(path, { force: true });
    else writeFileSync(path, contents(random));
  },
  'write where relocate keeps its records': (random) => {
    mkdirSync(join(site, '.relocate'), { recursive: true });
    const memory = { version: 1, prefixes: [{ path: `/srv/old/place${random.below(3)}`, base: '' }] };
    writeFileSync(join(site, '.relocate/tree.json'), JSON.stringify(memory));
  },
  'replace a folder by a symlink to it': (random) => {
    const name = random.pick(['lib', 'etc', 'build', 'bin']);
    const path = join(site, name);
    if (!existsSync(path) || lstatSync(path).isSymbolicLink()) return;
    const to = random.chance(0.5) ? join(site, `moved-${name}`) : join(base, 'outside', name);
    if (existsSync(to)) return;
    renameSync(path, to);
    symlinkSync(to, path);
  },
};

describe('random edits', () => {
  const kinds: Readonly<Record<string, ReportOptions>> = {
    'of all': {},
    'with paths left out': { exclude: ['var', '**/*.py'], excludeDebris: true },
  };
  for (const [kind, options] of Object.entries(kinds))
    for (let seed = 1; seed <= usually(3, 40); seed++)
      test(`a scan with a cache is a scan (${kind}, ${seed})`, async () => {
        const random = new Random(seed);
        const [first, ...rest] = Object.entries(EDITS);
        const done: string[] = [];
        let isGivenAgain = 0;
        for (const name of readdirSync(site, { recursive: true, encoding: 'utf8' }))
          if (lstatSync(join(site, name)).isFile()) utimesSync(join(site, name), LONG_AGO, LONG_AGO);
        laterOn();
        for (let step = 0; step < 25; step++) {
          const ran = await cached(options);
          expect(ran, done.join(', ')).toMatchObject({ text: await fresh(options), troubles: [] });
          if (!ran.isScanned) isGivenAgain++;
          await wait(GRANULE);
          if (first === undefined) throw new Error('there are no edits');
          // nothing, often: then the report is given again
          if (random.chance(0.25)) continue;
          const [name, edit] = random.pick([first, ...rest]);
          done.push(name);
          try {
            edit(random);
          } catch (error) {
            // what an edit before it has made impossible
            if (!(error instanceof Error && 'syscall' in error)) throw error;
          }
        }
        expect(isGivenAgain).toBeGreaterThan(0);
      });
});

describe('a cache that is none', () => {
  const damages: Readonly<Record<string, (file: string) => void>> = {
    'is cut off': (file) => truncateSync(file, statSync(file).size - 8),
    'is cut off in its header': (file) => truncateSync(file, 20),
    'is empty': (file) => truncateSync(file, 0),
    'is something else': (file) => writeFileSync(file, Buffer.alloc(statSync(file).size, 'x')),
    'can be written by others': (file) => chmodSync(file, 0o622),
    'is a symlink': (file) => {
      renameSync(file, `${file}.away`);
      symlinkSync(`${file}.away`, file);
    },
    'is a folder': (file) => {
      unlinkSync(file);
      mkdirSync(file);
    },
  };
  for (const [damage, make] of Object.entries(damages))
    test(`it ${damage}: one warning, a scan, and a cache again`, async () => {
      laterOn();
      const { text } = await cached();
      const [file = ''] = keptFiles();
      make(file);
      const ran = await cached();
      expect(ran).toMatchObject({ text, isScanned: true });
      expect(ran.troubles[0]).toContain('is not used: ');
      // a folder is not replaced
      const isFolder = damage === 'is a folder';
      expect(ran.troubles).toHaveLength(isFolder ? 2 : 1);
      expect(await cached()).toMatchObject({ text, isScanned: isFolder });
    });

  test('a byte of it is another: a scan', async () => {
    laterOn();
    const { text } = await cached();
    const [file = ''] = keptFiles();
    const bytes = readFileSync(file);
    for (let at = 0; at < bytes.length; at += usually(997, 97)) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 0x41;
      writeFileSync(file, damaged);
      expect((await cached()).text).toBe(text);
    }
  });
});

describe('the folder of caches', () => {
  test('it and its files are the user’s alone', async () => {
    await cached();
    expect(statSync(caches).mode & 0o777).toBe(0o700);
    expect(keptFiles().map((file) => statSync(file).mode & 0o777)).toEqual([0o600]);
  });

  test('where others may write to it, or it is a symlink, or can’t be made: a warning and no cache', async () => {
    mkdirSync(caches, { recursive: true });
    chmodSync(caches, 0o777);
    expect((await cached()).troubles).toEqual([`the scan is not kept: ${caches} is not of this user alone`]);
    expect(keptFiles()).toEqual([]);
    renameSync(caches, join(base, 'moved'));
    symlinkSync(join(base, 'moved'), caches);
    expect((await cached()).troubles).toEqual([`the scan is not kept: ${caches} is no folder`]);
    vi.stubEnv('XDG_CACHE_HOME', join(site, 'etc/conf'));
    expect((await cached()).troubles).toHaveLength(1);
  });

  test('a cache in the tree would change the tree: no cache', async () => {
    vi.stubEnv('XDG_CACHE_HOME', join(site, 'etc'));
    expect((await cached()).troubles).toEqual([`the scan is not kept: ${site}/etc/relocate lies in the tree`]);
    expect(readlinkSync(join(site, 'etc/dangling'))).toBe('../../outside/none');
  });

  test('what was not used for longest goes, and what a killed run left', async () => {
    await cached();
    for (let i = 0; i < 40; i++) {
      const file = join(caches, `${i}.scan`);
      writeFileSync(file, 'x');
      utimesSync(file, 1000 + i, 1000 + i);
    }
    writeFileSync(join(caches, 'killed.part'), 'x');
    utimesSync(join(caches, 'killed.part'), 1000, 1000);
    await cached({ exclude: ['etc'] });
    const names = readdirSync(caches);
    expect(names).toHaveLength(32);
    expect(names).toContain('39.scan');
    expect(names).not.toContain('0.scan');
    expect(names).not.toContain('killed.part');
  });
});

describe('the command line', () => {
  test('keeps nothing unless it is told to; --no-cache overrides relocate.toml', async () => {
    const words = ['scan', site, '--format', 'json'];
    await relocateHere(words);
    expect(existsSync(caches)).toBe(false);
    writeFileSync(join(site, 'relocate.toml'), 'cache = true\n');
    await relocateHere([...words, '--no-cache']);
    expect(existsSync(caches)).toBe(false);
    const plain = await relocateHere([...words, '--no-cache']);
    expect(await relocateHere(words)).toEqual(plain);
    expect(keptFiles()).toHaveLength(1);
  });

  test('a cache that can’t be used is said on stderr', async () => {
    vi.stubEnv('XDG_CACHE_HOME', join(site, 'etc/conf'));
    const plain = await relocateHere(['scan', site]);
    const ran = await relocateHere(['scan', site, '--cache']);
    expect(ran).toMatchObject({ status: plain.status, stdout: plain.stdout });
    expect(ran.stderr).toContain('the scan is not kept: ');
  });
});
