/** install in threads, through the command line: the same tree and the same refusal for any number of them, and files of a release that is there. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { pack } from '../src/stages/pack.ts';
import { craftTar, file, folder, gzipFrames, symlink } from './support/archives.ts';
import { relocate, relocateOk, runOk } from './support/cli.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';
import { listing } from './support/listing.ts';
import { makePackage } from './support/package.ts';

let base: string;
let parent: string;
beforeEach(() => {
  base = temporaryFolder();
  parent = join(base, 'srv');
  mkdirSync(parent);
});

/** More files than the calling thread does alone; some larger than a buffer, one that is filled in when it is on the disk. */
function makeTree(tree: string): void {
  const files: Record<string, string | Buffer> = { empty: '', 'odd/\n \u00fc': 'x' };
  for (let i = 0; i < 900; i++) files[`many/${i % 7}/${i}`] = `${i} ${i % 9 === 0 ? `${tree}/many` : 'nothing'}\n`;
  for (const [name, size] of [
    ['one', 1 << 20],
    ['more', (1 << 20) + 1],
    ['large', 5_000_001],
  ] as const)
    files[`big/${name}`] = Buffer.alloc(size, `${name} is here\n`);
  files['big/told'] = `${'# text\n'.repeat(400_000)}root=${tree}\n`;
  files['big/told-later'] = `${'# text\n'.repeat(1_300_000)}root=${tree}\n`;
  writeTree(tree, files);
  makePackage(tree, 'lib/python3.11/site-packages');
  symlinkSync('../big/one', join(tree, 'many/link'));
  execFileSync('sh', [
    '-c',
    'cd "$1" && ln big/one big/other && truncate -s 40M sparse && echo x >> sparse && chmod 000 many/0/0 && chmod 4755 many/1/1 && chmod 555 big && touch -h -d 1965-03-04T05:06:07.89Z many/2/2 && touch -d 2031-01-02T03:04:05.678901234Z many/3/3',
    'sh',
    tree,
  ]);
}

async function packed(tree: string, name: string): Promise<string> {
  const archive = join(base, name);
  await pack(tree, { output: archive, jobs: 2 });
  return archive;
}

/** What is at a place, but for the times of relocate's own records and what the receipt says of the moment. */
function shown(place: string): string {
  const records = ['manifest.json', 'rendered.list', 'tree.json'].map((name) =>
    readFileSync(join(place, '.relocate', name), 'utf8'),
  );
  // the folder itself is as young as the install
  return [listing(place, { own: true }).replace(/^.*\n/, ''), ...records].join('\n');
}

function installed(archive: string, place: string, ...options: string[]): unknown {
  return JSON.parse(relocateOk(['install', archive, place, '--format', 'json', ...options]));
}

test.each(['site.tar.zst', 'site.tar.gz', 'site.tar'])(
  '%s gives the same tree for any number of threads',
  async (name) => {
    const tree = join(base, 'build/site');
    makeTree(tree);
    const archive = await packed(tree, name);
    const place = join(parent, 'site');
    const trees = ['1', '3'].map((jobs) => {
      installed(archive, place, '--allow-special', '--jobs', jobs);
      expect(relocate(['verify', place, '--jobs', jobs]).stderr).toBe('');
      const all = shown(place);
      execFileSync('chmod', ['-R', 'u+rwX', place]);
      rmSync(place, { recursive: true });
      return all;
    });
    expect(new Set(trees).size).toBe(1);
    expect(trees[0]).toContain('many/1/1\tf\t4755');
    expect(trees[0]).toContain('many/0/0\tf\t0\t');
    expect(readdirSync(parent)).toEqual([]);
  },
);

test.each([[100], [511], [700], [5000]])(
  'frames that are cut every %i bytes, anywhere in an entry, give the same',
  (size) => {
    const files = Array.from({ length: 40 }, (_, i) => file(`d/${String(i).padStart(2, '0')}`, `${i}`.repeat(i * i)));
    writeFileSync(join(base, 'cut.tar.gz'), gzipFrames(craftTar([folder('d'), ...files, symlink('e', 'd/01')]), size));
    for (const jobs of ['1', '3']) {
      const place = join(parent, `site-${jobs}`);
      installed(join(base, 'cut.tar.gz'), place, '--jobs', jobs);
      for (const { entry, body } of files) expect(readFileSync(join(place, entry.path))).toEqual(body);
      expect(relocate(['verify', place]).status).toBe(0);
    }
  },
);

describe('of all that is wrong with an archive', () => {
  const broken = (path: string): ReturnType<typeof file> => ({ ...file(path, 'right'), body: Buffer.from('wrong') });
  const many = Array.from({ length: 1500 }, (_, i) => file(`d/${String(i).padStart(4, '0')}`, `file ${i}\n`));

  test.each([
    ['two files with other bytes', [broken('d/0700a'), broken('d/1400a')], "'d/0700a' does not have the digest"],
    ['another file, and then a tar that is cut', [broken('d/1490a')], "'d/1490a' does not have the digest"],
  ])('%s: the first is told, and nothing is left', (_, wrong, message) => {
    const entries = [...many, ...wrong].sort((a, b) => (a.entry.path < b.entry.path ? -1 : 1));
    const archive = join(base, 'site.tar');
    writeFileSync(archive, craftTar([folder('d'), ...entries], { tar: (tar) => tar.subarray(0, -1024) }));
    for (const jobs of ['1', '4']) {
      const { status, stderr } = relocate(['install', archive, join(parent, 'site'), '--jobs', jobs]);
      expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
      expect(readdirSync(parent)).toEqual([]);
    }
  });
});

describe('--base', () => {
  let tree: string;
  let archive: string;
  let first: string;
  let next: string;
  beforeEach(async () => {
    tree = join(base, 'build/site');
    writeTree(tree, { 'etc/app.conf': `root ${tree}/data\n`, 'data/big': Buffer.alloc(2_000_000, 'b') });
    for (let i = 0; i < 40; i++) writeTree(tree, { [`data/${i}`]: `file ${i}\n` });
    archive = await packed(tree, 'first.tar.gz');
    first = join(parent, 'first');
    next = join(parent, 'next');
    installed(archive, first);
  });

  /** The next release, which has one file more, one less, one renamed, and one changed. */
  async function nextRelease(): Promise<string> {
    writeTree(tree, { 'data/new': 'new', 'data/1': 'file one\n' });
    runOk('sh', ['-c', 'rm data/2; mv data/3 data/three'], { cwd: tree });
    return packed(tree, 'next.tar.gz');
  }

  function reusedIn(release: string, ...options: string[]): number {
    const { receipt } = installed(release, next, '--base', first, ...options) as {
      readonly receipt: { readonly counts: { readonly reused: number } };
    };
    return receipt.counts.reused;
  }

  test('gives the tree that the archive gives, and shares no file with the other', async () => {
    const release = await nextRelease();
    installed(release, next);
    const expected = shown(next);
    rmSync(next, { recursive: true });
    for (const jobs of ['1', '3']) {
      expect(reusedIn(release, '--jobs', jobs)).toBe(39);
      expect(shown(next)).toBe(expected);
      expect(lstatSync(join(next, 'data/big')).nlink).toBe(1);
      writeFileSync(join(next, 'data/5'), 'changed');
      expect(readFileSync(join(first, 'data/5'), 'utf8')).toBe('file 5\n');
      rmSync(next, { recursive: true });
    }
  });

  test('takes nothing of a release that was changed', async () => {
    installed(archive, next);
    const expected = shown(next);
    rmSync(next, { recursive: true });
    const before = readFileSync(join(first, 'data/big'));
    before[1_999_999] = 0x21;
    writeFileSync(join(first, 'data/big'), before);
    writeFileSync(join(first, 'data/4'), 'file 5\n');
    rmSync(join(first, 'data/6'));
    runOk('sh', ['-c', 'rm data/7 data/8 data/9; mkfifo data/7; ln -s 10 data/8; mkdir data/9'], { cwd: first });
    chmodSync(join(first, 'data/11'), 0o600);
    expect(reusedIn(archive)).toBe(35);
    expect(shown(next)).toBe(expected);
    expect(relocate(['verify', next]).status).toBe(0);
  });

  test('may be the tree that is replaced', async () => {
    const release = await nextRelease();
    const { receipt } = installed(release, first, '--replace', '--base', first) as {
      readonly receipt: { readonly counts: { readonly reused: number } };
    };
    expect(receipt.counts.reused).toBe(39);
    expect(relocate(['verify', first]).status).toBe(0);
    expect(readdirSync(parent)).toEqual(['first']);
  });

  test('must have been installed', () => {
    for (const [path, message] of [
      [tree, 'was not installed by relocate'],
      [join(base, 'nothing'), 'there is no tree'],
    ] as const) {
      const { status, stderr } = relocate(['install', archive, next, '--base', path]);
      expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
    }
    expect(readdirSync(parent)).toEqual(['first']);
  });
});
