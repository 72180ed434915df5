/** The tar that pack writes, read by our own strict reader and by other people's. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { Header } from 'tar';
import { describe, expect, test } from 'vitest';
import { decodeBytes, encodeBytes } from '../src/formats/byte-text.ts';
import { MEMBER_HEAD, readMemberHead } from '../src/formats/gzip-frames.ts';
import { END_OF_ARCHIVE, type TarEntry } from '../src/formats/tar-entry.ts';
import { secondReading } from '../src/formats/second-reading.ts';
import { writeHeader } from '../src/formats/tar-write.ts';
import { TarStream } from '../src/io/tar-stream.ts';
import { craftTar, file, gzipFrames } from './support/archives.ts';
import { run, runOk } from './support/cli.ts';
import { temporaryFolder } from './support/folder.ts';

const PLAIN: TarEntry = {
  type: 'file',
  path: 'a',
  mode: 0o644,
  uid: 0,
  gid: 0,
  user: '',
  group: '',
  size: 0,
  mtime: '0',
  target: '',
  major: 0,
  minor: 0,
};

async function readBack(...parts: Buffer[]): Promise<TarEntry[]> {
  const stream = new TarStream(chunked(Buffer.concat([...parts, END_OF_ARCHIVE])));
  const entries: TarEntry[] = [];
  for (let entry = await stream.next(); entry !== null; entry = await stream.next()) entries.push(entry);
  return entries;
}

/** Pieces of odd sizes: what comes in frames must not depend on where they are cut. */
async function* chunked(bytes: Buffer): AsyncGenerator<Buffer, void, void> {
  for (let at = 0; at < bytes.length; at += 333) yield bytes.subarray(at, at + 333);
}

/** Names of bytes that a Linux file system takes. */
const name = fc
  .uint8Array({ minLength: 1, maxLength: 255 })
  .map((bytes) => decodeBytes(Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x61 : byte)))))
  .filter((text) => text !== '.' && text !== '..');
const path = fc
  .array(name, { minLength: 1, maxLength: 8 })
  .map((names) => names.join('/'))
  .filter((text) => encodeBytes(text).length < 4096);

describe('headers', () => {
  test('of long names of ASCII are split where node-tar splits them, and are its bytes', () => {
    const letter = fc.constantFrom('a', 'b', '.', '-', ' ');
    const part = fc
      .string({ unit: letter, minLength: 1, maxLength: 120, size: 'max' })
      .filter((text) => !/^\.+$/.test(text));
    const long = fc.array(part, { minLength: 1, maxLength: 8, size: 'max' }).map((parts) => parts.join('/'));
    let split = 0;
    fc.assert(
      fc.property(long, fc.nat(0o7777), fc.nat(2 ** 33 - 1), (path, mode, size) => {
        const block = Buffer.alloc(512);
        const theirs = { path, type: 'File', mode, uid: 5, gid: 6, size, mtime: new Date(1e12) } as const;
        const needsPax = new Header(theirs).encode(block) || new Header(block).path !== path;
        const header = writeHeader({ ...PLAIN, path, mode, uid: 5, gid: 6, size, mtime: `${10n ** 18n}` });
        expect(header.length > 512).toBe(needsPax);
        if (needsPax) return;
        if (path.length >= 100) split++;
        expect(header.equals(block)).toBe(true);
      }),
      { numRuns: 2000 },
    );
    expect(split).toBeGreaterThan(50);
  });

  test('give back any path, target, time, owner and size', async () => {
    const time = fc.bigInt(-(10n ** 20n), 10n ** 20n);
    const number = fc.nat(0xffffffff);
    const size = fc.nat(2 ** 40);
    await fc.assert(
      fc.asyncProperty(path, path, name, time, number, size, async (path, target, user, time, uid, size) => {
        const common = { ...PLAIN, path, mtime: time.toString(), uid, gid: uid, user, group: user };
        const link: TarEntry = { ...common, type: 'symlink', mode: 0o777, target };
        expect(await readBack(writeHeader(common), writeHeader(link))).toEqual([common, link]);
        // the contents are not there, and are not asked for
        expect(await new TarStream(chunked(writeHeader({ ...common, size }))).next()).toEqual({ ...common, size });
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    'a'.repeat(99),
    'a'.repeat(100),
    'a'.repeat(101),
    `${'d'.repeat(155)}/${'f'.repeat(100)}`,
    `${'d'.repeat(156)}/f`,
    `d/${'f'.repeat(100)}`,
    'x/'.repeat(127) + 'y',
  ])('hold a path of awkward length (%#)', async (awkward) => {
    expect(await readBack(writeHeader({ ...PLAIN, path: awkward }))).toEqual([{ ...PLAIN, path: awkward }]);
  });

  test('need no pax where ustar can say it all', () => {
    expect(writeHeader({ ...PLAIN, path: 'bin/python', mtime: '1200000000000000000' })).toHaveLength(512);
    expect(writeHeader({ ...PLAIN, path: 'bin/python', mtime: '1200000000000000001' })).toHaveLength(1536);
  });
});

describe('node-tar', () => {
  test('reads any entry whose names are text without line breaks', async () => {
    const isReadByOthers = await secondReading();
    const text = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 60 })
      .filter((part) => !/[\0/\n\r]/.test(part) && part !== '.' && part !== '..' && part.isWellFormed());
    const names = fc.array(text, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(names, names, fc.nat(2 ** 40), fc.nat(2 ** 31), (path, target, size, uid) => {
        const mtime = '1216643696123456789';
        expect(isReadByOthers({ ...PLAIN, path, size, uid, mtime })).toBe(true);
        expect(isReadByOthers({ ...PLAIN, path, type: 'symlink', mode: 0o777, target, mtime })).toBe(true);
      }),
    );
  });

  test.each(['lat\udced', `${'n'.repeat(120)}\nline`, `${'ü'.repeat(60)}\nline`])(
    'gets a name wrong that it takes for others (%j)',
    async (path) => {
      expect((await secondReading())({ ...PLAIN, path })).toBe(false);
    },
  );
});

describe('other readers', () => {
  const names = [
    'plain',
    'with space',
    'ünïcode',
    'lat\udced',
    'new\nline',
    'back\\slash',
    'quote\'"$x`',
    'n'.repeat(255),
    `${'long/'.repeat(60)}file`,
  ];

  /** A tar with files of these names, and one of more than 8 GiB that is a promise only. */
  function tarOf(): Buffer {
    const folders = Array.from({ length: 60 }, (_, i) => 'long/'.repeat(i + 1).slice(0, -1));
    const parts = folders.map((folder) => writeHeader({ ...PLAIN, type: 'directory', mode: 0o755, path: folder }));
    for (const each of names)
      parts.push(
        writeHeader({ ...PLAIN, path: each, size: 3, mtime: '1216643696123456789' }),
        Buffer.concat([Buffer.from('abc'), Buffer.alloc(509)]),
      );
    return Buffer.concat([...parts, END_OF_ARCHIVE]);
  }

  test.each(['tar', 'busybox tar'])('%s extracts every name, byte for byte', (tool) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'x.tar'), tarOf());
    const out = join(folder, 'out');
    runOk('mkdir', [out]);
    const [program = '', ...words] = tool.split(' ');
    runOk(program, [...words, 'xf', join(folder, 'x.tar'), '-C', out]);
    const found = runOk('sh', ['-c', 'find . -type f -print0 | LC_ALL=C sort -z | od -An -v -tx1 | tr -d " \\n"'], {
      cwd: out,
    });
    const wanted = names
      .map((each) => `./${each}`)
      .map(encodeBytes)
      .sort(Buffer.compare);
    expect(found).toBe(Buffer.concat(wanted.map((each) => Buffer.concat([each, Buffer.alloc(1)]))).toString('hex'));
  });

  test('tar sets nanoseconds', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'x.tar'), tarOf());
    runOk('tar', ['xf', join(folder, 'x.tar'), '-C', folder]);
    expect(runOk('stat', ['-c', '%.9Y', join(folder, 'plain')]).trim()).toBe('1216643696.123456789');
  });

  test('python reads every name and time', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'x.tar'), tarOf());
    const script =
      'import os, sys, tarfile\nfor m in tarfile.open(sys.argv[1]):\n  if m.isfile(): sys.stdout.buffer.write(os.fsencode(m.name) + b"\\0")';
    const found = runOk('sh', [
      '-c',
      'python3 -c "$1" "$2" | od -An -v -tx1 | tr -d " \\n"',
      'sh',
      script,
      join(folder, 'x.tar'),
    ]);
    expect(found).toBe(
      Buffer.concat(names.map((each) => Buffer.concat([encodeBytes(each), Buffer.alloc(1)]))).toString('hex'),
    );
  });

  test.each([8 * 2 ** 30 - 1, 8 * 2 ** 30, 8 * 2 ** 30 + 12345])('tar and python see the size %i', (size) => {
    const folder = temporaryFolder();
    // the contents are not there: both say so, after they have understood the header
    writeFileSync(join(folder, 'x.tar'), writeHeader({ ...PLAIN, path: 'huge', size }));
    expect(run('tar', ['tvf', join(folder, 'x.tar')]).stdout).toContain(` ${size} `);
    const script = 'import sys, tarfile; print(tarfile.open(sys.argv[1]).next().size)';
    expect(runOk('python3', ['-c', script, join(folder, 'x.tar')]).trim()).toBe(String(size));
  });
});

describe('frames', () => {
  const tar = craftTar([file('a', 'a'.repeat(5000)), file('b', 'b')]);

  test('are one gzip stream for everybody else', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'x.gz'), gzipFrames(tar));
    expect(gunzipSync(gzipFrames(tar)).equals(tar)).toBe(true);
    expect(
      runOk(
        'sh',
        [
          '-c',
          'gzip -dc x.gz | sha256sum; busybox gzip -dc x.gz | sha256sum; python3 -c "import gzip, sys; sys.stdout.buffer.write(gzip.open(\'x.gz\').read())" | sha256sum',
        ],
        { cwd: folder },
      )
        .trim()
        .split('\n'),
    ).toHaveLength(3);
    expect(
      new Set(
        runOk('sh', ['-c', 'gzip -dc x.gz | sha256sum; busybox gzip -dc x.gz | sha256sum'], { cwd: folder })
          .trim()
          .split('\n'),
      ).size,
    ).toBe(1);
  });

  test('can be found one after the other without inflating them', () => {
    const bytes = gzipFrames(tar, 1000);
    let contents = 0;
    let frames = 0;
    for (let at = 0; at < bytes.length; frames++) {
      const sizes = readMemberHead(bytes.subarray(at, at + MEMBER_HEAD));
      contents += sizes.contents;
      at += sizes.member;
    }
    expect({ contents, frames }).toEqual({ contents: tar.length, frames: Math.ceil(tar.length / 1000) });
  });
});
