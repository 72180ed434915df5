/** pack: what it promises of the archive, on trees that are not easy. */
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { parseManifest } from '../src/formats/manifest-json.ts';
import type { FileEntry, ManifestEntry } from '../src/model/manifest-entry.ts';
import type { Manifest } from '../src/model/manifest.ts';
import { pack, packScan, type PackOptions, type PackReceipt } from '../src/stages/pack.ts';
import { scanForPack } from '../src/stages/pack-scan.ts';
import { verify } from '../src/stages/verify.ts';
import { runOk } from './support/cli.ts';
import { usually } from './support/depth.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';
import { listing } from './support/listing.ts';

let folder: string;
let tree: string;
let archive: string;
beforeEach(() => {
  folder = temporaryFolder();
  tree = join(folder, 'build/site');
  archive = join(folder, 'site.tar.gz');
  writeTree(tree, {
    'etc/app.conf': `root ${tree}/data\nliteral @@RELOCATE_PREFIX@@\n`,
    'bin/tool': '#!/bin/sh\necho hello\n',
    'data/blob': Buffer.alloc(5_000_000, 'blob'),
    'data/empty': '',
  });
  chmodSync(join(tree, 'bin/tool'), 0o755);
  symlinkSync(join(tree, 'etc'), join(tree, 'config'));
});

async function packed(
  options: Partial<PackOptions> = {},
): Promise<{ readonly receipt: PackReceipt; readonly manifest: Manifest; entry(path: string): ManifestEntry }> {
  const receipt = await pack(tree, { output: archive, jobs: 1, ...options });
  const output = options.output ?? archive;
  const bytes = spawnSync('tar', [output.endsWith('z') ? 'xzf' : 'xf', output, '-O', '.relocate/manifest.json'], {
    maxBuffer: 1e8,
  }).stdout;
  const manifest = parseManifest(bytes);
  return {
    receipt,
    manifest,
    entry(path) {
      const found = manifest.entries.find((each) => each.path === path);
      if (found === undefined) throw new Error(`${path} is not in the manifest`);
      return found;
    },
  };
}

describe('the archive', () => {
  test('holds the tree as other tools read it, with the plan applied, and the tree is as it was', async () => {
    const before = listing(tree);
    await packed();
    expect(listing(tree)).toBe(before);
    const out = join(folder, 'out');
    mkdirSync(out);
    runOk('tar', ['xzf', archive, '-C', out]);
    expect(readFileSync(join(out, 'etc/app.conf'), 'utf8')).toBe(
      'root @@RELOCATE_PREFIX@@/data\nliteral @@RELOCATE_PREFIX@@\n',
    );
    expect(runOk('readlink', [join(out, 'config')])).toBe('etc\n');
    expect(runOk('sh', [join(out, 'bin/tool')])).toBe('hello\n');
    expect(runOk('cmp', [join(out, 'data/blob'), join(tree, 'data/blob')])).toBe('');
  });

  test('begins with the manifest and install.sh, then all in byte order', async () => {
    writeTree(tree, { 'a.txt': '', 'a/x': '', 'a-b': '', é: '', z: '' });
    await packed();
    const names = runOk('tar', ['tzf', archive, '--quoting-style=literal']).trim().split('\n');
    expect(names.slice(0, 4)).toEqual([
      '.relocate/manifest.json',
      '.relocate/install.sh',
      '.relocate/render.list',
      '.relocate/digests.list',
    ]);
    const rest = names.slice(4).map((path) => path.replace(/\/$/, ''));
    expect(rest).toEqual(rest.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    expect(rest.slice(0, 4)).toEqual(['a', 'a-b', 'a.txt', 'a/x']);
  });

  test('is the same for any number of jobs, and from another copy of the tree at another place', async () => {
    const { receipt } = await packed();
    expect((await packed({ output: join(folder, 'again.tar.gz'), jobs: 4 })).receipt.sha256).toBe(receipt.sha256);
    const elsewhere = join(folder, 'a/much/longer/place/site');
    mkdirSync(join(elsewhere, '..'), { recursive: true });
    runOk('cp', ['-a', tree, elsewhere]);
    runOk(
      'sh',
      [
        '-c',
        'touch -r "$1/etc/app.conf" ref && sed -i "s#$1#$2#" "$2/etc/app.conf" && ln -sfn "$2/etc" "$2/config" && touch -h -r "$1/config" "$2/config" && touch -r ref "$2/etc/app.conf"; touch -r "$1/etc" "$2/etc"; touch -r "$1" "$2"',
        'sh',
        tree,
        elsewhere,
      ],
      { cwd: folder },
    );
    const other = await pack(elsewhere, { output: join(folder, 'other.tar.gz'), jobs: 1 });
    expect(other.sha256).toBe(receipt.sha256);
  });

  test('lists a tree of more files than it holds in memory, in order', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 3200 }, (_, i) => [
        `many/${i % 7}/${'long-name-'.repeat(18)}${i}`,
        i % 2 === 0 ? `root ${tree}/etc` : 'none',
      ]),
    );
    writeTree(tree, files);
    const { receipt, manifest } = await packed();
    const paths = manifest.entries.map(({ path }) => path);
    expect(paths).toEqual(paths.toSorted());
    const sizes = new Map<string, number>();
    for (const each of manifest.entries) if (each.type === 'file') sizes.set(each.path, each.size);
    const wrong = Object.entries(files).filter(([path, text]) => sizes.get(path) !== (text === 'none' ? 4 : 28));
    expect(wrong).toEqual([]);
    expect(manifest.entries.filter((each) => 'sites' in each)).toHaveLength(1601);
    expect(receipt.totals).toMatchObject({ files: 3204, entries: paths.length });
    expect((await verify(archive)).ok).toBe(true);
  });

  test('tells of every reference in a log with many, in order', async () => {
    const line = '@@RELOCATE_PREFIX@@/data/blob\n';
    writeTree(tree, { 'var/log': `${tree}/data/blob\n`.repeat(12_001), 'var/next': `${tree}/etc\n` });
    const { entry } = await packed();
    expect(entry('var/log')).toMatchObject({
      size: 12_001 * line.length,
      sites: Array.from({ length: 12_001 }, (_, i) => ({ start: i * line.length })),
    });
    expect(entry('var/next')).toMatchObject({ sites: [{ start: 0 }] });
    expect((await verify(archive)).ok).toBe(true);
  });

  test('leads every name of a symlink to its place in the tree', async () => {
    linkSync(join(tree, 'config'), join(tree, 'data/settings'));
    linkSync(join(tree, 'config'), join(tree, 'settings'));
    const { entry } = await packed();
    expect(entry('config')).toMatchObject({ type: 'symlink', target: 'etc', leads: 'inside' });
    expect(entry('settings')).toMatchObject({ type: 'symlink', target: 'etc', leads: 'inside' });
    expect(entry('data/settings')).toMatchObject({ type: 'symlink', target: '../etc', leads: 'inside' });
  });

  test('names the build only where something in it does', async () => {
    const { manifest } = await packed();
    expect(manifest.origins).toEqual([]);
    expect(JSON.stringify(manifest)).not.toContain(tree);
    writeTree(tree, {
      'data/index.db': Buffer.from(`\u0001\u0000${String.fromCharCode(tree.length)}${tree}\u0002binary`, 'latin1'),
    });
    const { manifest: second, entry } = await packed();
    expect(second.origins).toEqual([{ path: tree, base: '' }]);
    expect(entry('data/index.db')).toMatchObject({ remains: 1 });
  });

  test('is a plain tar where its name asks for one', async () => {
    const output = join(folder, 'site.tar');
    const { receipt } = await packed({ output });
    expect(receipt.compression).toBe('none');
    expect(runOk('tar', ['tf', output])).toContain('etc/app.conf');
    expect((await verify(output)).ok).toBe(true);
  });
});

describe('every path has a verdict', () => {
  test('sockets are skipped, what a glob names is excluded, and both are listed', async () => {
    runOk('python3', ['-c', 'import socket, sys; socket.socket(socket.AF_UNIX).bind("s")'], { cwd: tree });
    const { manifest } = await packed({ exclude: ['data'] });
    expect(manifest.leftOut).toMatchObject([
      { path: 'data', why: 'excluded', by: 'data' },
      { path: 's', why: 'skipped' },
    ]);
    expect(manifest.entries.map(({ path }) => path)).toEqual(['bin', 'bin/tool', 'config', 'etc', 'etc/app.conf']);
  });

  test('its own records are never packed', async () => {
    writeTree(tree, { '.relocate/journal/1/orig/0': 'old', '.relocate/manifest.json': '{}' });
    const { manifest } = await packed();
    expect(manifest.entries.filter(({ path }) => path.startsWith('.relocate'))).toEqual([]);
  });

  test('FIFOs, devices, hard links, modes and owners are kept', async () => {
    runOk('sh', ['-c', 'mkfifo fifo; mknod null c 1 3; chmod 4755 bin/tool; chown 12:34 data/empty'], { cwd: tree });
    linkSync(join(tree, 'bin/tool'), join(tree, 'z-tool'));
    const { entry } = await packed({ preserveOwner: true });
    expect(entry('fifo').type).toBe('fifo');
    expect(entry('null')).toMatchObject({ type: 'character-device', major: 1, minor: 3 });
    expect(entry('bin/tool')).toMatchObject({ type: 'file', mode: 0o4755 });
    expect(entry('z-tool')).toMatchObject({ type: 'hard-link', target: 'bin/tool' });
    expect(entry('data/empty').owner).toMatchObject({ uid: 12, gid: 34 });
    expect(runOk('tar', ['tvzf', archive, '--numeric-owner', 'data/empty'])).toContain(' 12/34 ');
  });

  test('extended attributes, ACLs and capabilities are recorded', async () => {
    runOk(
      'sh',
      [
        '-c',
        'setfattr -n user.note -v "a b" etc/app.conf; setfacl -m u:daemon:r data/empty; cp /bin/true cap; setcap cap_net_bind_service+ep cap',
      ],
      { cwd: tree },
    );
    const { manifest, entry } = await packed();
    expect(manifest.attributes).toBe('recorded');
    expect(entry('etc/app.conf').xattrs).toEqual([{ name: 'user.note', value: Buffer.from('a b').toString('base64') }]);
    expect(entry('data/empty').xattrs?.map(({ name }) => name)).toEqual(['system.posix_acl_access']);
    expect(entry('cap').xattrs?.map(({ name }) => name)).toEqual(['security.capability']);
  });
});

describe('times', () => {
  test('keep their nanoseconds, also before 1970, in the archive', async () => {
    runOk(
      'sh',
      ['-c', 'touch -d "2008-07-21 12:34:56.123456789 UTC" data/empty; touch -d "1969-12-31 23:59:00.5 UTC" bin/tool'],
      { cwd: tree },
    );
    const { entry } = await packed();
    expect(entry('data/empty').mtime).toBe('1216643696123456789');
    expect(entry('bin/tool').mtime).toBe('-59500000000');
    mkdirSync(join(folder, 'out'));
    runOk('tar', ['xzf', archive, '-C', join(folder, 'out')]);
    expect(runOk('stat', ['-c', '%.9Y', join(folder, 'out/data/empty'), join(folder, 'out/bin/tool')])).toBe(
      '1216643696.123456789\n-59.500000000\n',
    );
  });

  test('are clamped to SOURCE_DATE_EPOCH', async () => {
    utimesSync(join(tree, 'data/empty'), 1000, 1000);
    const { manifest, entry } = await packed({ sourceDateEpoch: 1_200_000_000 });
    expect(entry('data/empty').mtime).toBe('1000000000000');
    expect(entry('bin/tool').mtime).toBe('1200000000000000000');
    expect(manifest.entries.every(({ mtime }) => BigInt(mtime) <= 1_200_000_000_000_000_000n)).toBe(true);
  });
});

describe('a sparse file', () => {
  test('costs neither disk nor much archive, and little memory', async () => {
    const size = usually(2 ** 28, 2 ** 30);
    const sparse = join(tree, 'data/sparse');
    writeFileSync(sparse, 'begin');
    truncateSync(sparse, size);
    appendFileSync(sparse, 'end');
    const before = process.memoryUsage().rss;
    const { receipt, entry } = await packed();
    expect(entry('data/sparse')).toMatchObject({ size: size + 3, sparse: true });
    expect(receipt.bytes).toBeLessThan(size / 256);
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
    const plain = join(folder, 'site.tar');
    await packed({ output: plain });
    expect(statSync(plain).size).toBeGreaterThan(size);
    expect(statSync(plain).blocks * 512).toBeLessThan(20_000_000);
  }, 120_000);
});

describe('a pack that fails leaves no file', () => {
  async function expectFailure(options: Partial<PackOptions>, code: string, message: RegExp): Promise<void> {
    await expect(pack(tree, { output: archive, ...options })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(readdirSync(folder)).toEqual(['build']);
  }

  test('where a path can not be read', async () => {
    let deep = tree;
    for (let i = 0; i < 21; i++) deep = join(deep, 'n'.repeat(200));
    runOk('sh', [
      '-c',
      'cd "$1"; i=0; while [ $i -lt 21 ]; do mkdir "$2"; cd "$2"; i=$((i+1)); done; echo x > f',
      'sh',
      tree,
      'n'.repeat(200),
    ]);
    await expectFailure({}, 'usage', /can't be read/);
    expect((await packed({ exclude: ['nnn*'] })).manifest.leftOut).toHaveLength(1);
  });

  test('where its place is in the tree, or is a folder, or its folder is not there', async () => {
    await expectFailure({ output: join(tree, 'x.tar.gz') }, 'usage', /into the tree/);
    await expectFailure({ output: tree }, 'usage', /into the tree/);
    await expectFailure({ output: join(folder, 'build') }, 'usage', /no file/);
    await expectFailure({ output: join(folder, 'none/x.tar.gz') }, 'usage', /can't be read: no such file or folder/);
  });

  test('where a file changes after it was scanned', async () => {
    for (const change of [
      (): void => appendFileSync(join(tree, 'data/blob'), 'x'),
      (): void => writeFileSync(join(tree, 'etc/app.conf'), 'other'),
      (): void => unlinkSync(join(tree, 'bin/tool')),
    ]) {
      const full = await scanForPack(tree, { jobs: 1 });
      change();
      await expect(packScan(full, { output: archive })).rejects.toMatchObject({ code: 'stale-plan' });
      expect(readdirSync(folder)).toEqual(['build']);
    }
  });

  test('where it is interrupted', async () => {
    const controller = new AbortController();
    const onProgress = (): void => controller.abort();
    await expect(
      pack(tree, { output: archive, jobs: 1, signal: AbortSignal.abort(new Error('stop')) }),
    ).rejects.toThrow();
    const full = await scanForPack(tree, { jobs: 1 });
    for (let i = 0; i < 400; i++) writeFileSync(join(tree, `data/${i}`), Buffer.alloc(100_000));
    const more = await scanForPack(tree, { jobs: 1 });
    await expect(
      packScan(more, {
        output: archive,
        onProgress,
        signal: controller.signal,
      }),
    ).rejects.toMatchObject({ code: 'interrupted' });
    expect(full.entries.length).toBeLessThan(more.entries.length);
    expect(readdirSync(folder)).toEqual(['build']);
  });

  test('and what a killed one left is cleared by the next', async () => {
    const dead = spawnSync('sh', ['-c', 'echo $$']).stdout.toString().trim();
    writeFileSync(join(folder, `.site.tar.gz.relocate-${dead}.part`), 'half');
    writeTree(folder, { [`.site.tar.gz.relocate-${dead}.copies/x`]: 'copy' });
    await packed();
    expect(readdirSync(folder).sort()).toEqual(['build', 'site.tar.gz']);
  });

  test('an archive that was there stays until the new one is complete', async () => {
    writeFileSync(archive, 'old');
    const full = await scanForPack(tree, { jobs: 1 });
    appendFileSync(join(tree, 'data/blob'), 'x');
    await expect(packScan(full, { output: archive })).rejects.toThrow();
    expect(readFileSync(archive, 'utf8')).toBe('old');
  });
});

describe('volatile files', () => {
  test('are packed as they are last, with a word about it, and are ignored when the tree is verified', async () => {
    writeTree(tree, { 'log/app.log': `opened ${tree}/data\n`, 'log/gone.log': 'x' });
    const full = await scanForPack(tree, { jobs: 1 });
    appendFileSync(join(tree, 'log/app.log'), 'and more\n');
    unlinkSync(join(tree, 'log/gone.log'));
    const receipt = await packScan(full, {
      output: archive,
      volatile: ['log/**'],
    });
    expect(receipt.warnings.join('\n')).toMatch(/app\.log changed/);
    expect(receipt.leftOut).toMatchObject([{ path: 'log/gone.log', why: 'skipped' }]);
    expect(runOk('tar', ['xzf', archive, '-O', 'log/app.log'])).toBe(`opened ${tree}/data\nand more\n`);
    expect(receipt.origins).toEqual([{ path: tree, base: '' }]);
    expect(existsSync(join(folder, 'build'))).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['build', 'site.tar.gz']);
  });
});

test('byte code of a source that changes is left out, and the RECORD loses its row', async () => {
  const site = 'lib/python3.11/site-packages';
  writeTree(tree, { [`${site}/p/__init__.py`]: `ROOT = "${tree}/data"\n` });
  runOk('python3', ['-m', 'compileall', '-q', join(tree, site)]);
  const [byteCode = ''] = readdirSync(join(tree, site, 'p/__pycache__'));
  writeTree(tree, {
    [`${site}/p-1.dist-info/RECORD`]: `p/__init__.py,sha256=x,1\np/__pycache__/${byteCode},,\np-1.dist-info/RECORD,,\n`,
  });
  const { manifest, entry } = await packed();
  expect(manifest.leftOut).toMatchObject([{ path: `${site}/p/__pycache__/${byteCode}`, why: 'removed' }]);
  const source = entry(`${site}/p/__init__.py`) as FileEntry; // a file by its name
  const record = entry(`${site}/p-1.dist-info/RECORD`) as FileEntry; // the same
  const text = runOk('tar', ['xzf', archive, '-O', record.path]);
  expect(text).toBe(
    `p/__init__.py,sha256=${Buffer.from(source.sha256, 'hex').toString('base64url')},${source.size}\np-1.dist-info/RECORD,,\n`,
  );
  expect(record.rows).toMatchObject([{ of: source.path }]);
  const [{ digest = [], size = [] } = {}] = record.rows ?? [];
  expect([text.slice(...digest), text.slice(...size)]).toEqual([
    `sha256=${Buffer.from(source.sha256, 'hex').toString('base64url')}`,
    String(source.size),
  ]);
});
