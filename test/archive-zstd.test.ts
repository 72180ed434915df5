/** Archives in zstd frames: one stream for everybody else, found frame by frame, and nothing believed of what they say. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decompress as plainDecompress } from 'fzstd';
import { beforeEach, describe, expect, test } from 'vitest';
import type { BytesAt } from '../src/formats/frame-sizes.ts';
import { measureZstdFrame, ZSTD_FRAME_BYTES } from '../src/formats/zstd-frames.ts';
import { zstdCodec } from '../src/io/zstd-codec.ts';
import { ArchiveError, UsageError } from '../src/model/errors.ts';
import { install } from '../src/stages/install.ts';
import { pack } from '../src/stages/pack.ts';
import { verify } from '../src/stages/verify.ts';
import { craftTar, file, zstdFrames } from './support/archives.ts';
import { run, runOk } from './support/cli.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

const within =
  (bytes: Buffer): BytesAt =>
  (at, length) =>
    bytes.subarray(at, at + length);

/** Contents that compress, that don't, and that are one byte over and over. */
const CONTENTS: readonly (readonly [string, Buffer])[] = [
  ['one byte', Buffer.from('x')],
  ['255 bytes', Buffer.alloc(255, 'abc')],
  ['256 bytes', Buffer.alloc(256, 'abc')],
  ['text', readFileSync(new URL('../README.md', import.meta.url))],
  ['noise', noise(700_000)],
  ['zeros, as many as a frame holds', Buffer.alloc(ZSTD_FRAME_BYTES)],
];

function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

describe('frames', () => {
  const tar = craftTar([file('a', 'a'.repeat(5000)), file('b', 'b')]);

  test('are one zstd stream for everybody else', async () => {
    writeFileSync(join(folder, 'x.tar.zst'), await zstdFrames(tar));
    expect(execFileSync('zstd', ['-dcq', join(folder, 'x.tar.zst')]).equals(tar)).toBe(true);
    expect(runOk('tar', ['tf', join(folder, 'x.tar.zst')])).toContain('\na\n');
  });

  test.each(CONTENTS)('of %s have the size that their blocks say, and hold what was put in', async (_, contents) => {
    const frame = await zstdFrames(contents, ZSTD_FRAME_BYTES);
    const { length } = frame;
    expect(measureZstdFrame(within(Buffer.concat([frame, frame])), 0)).toEqual({
      member: length,
      contents: contents.length,
    });
    expect(measureZstdFrame(within(Buffer.concat([frame, frame])), length).member).toBe(length);
    const { unpack } = await zstdCodec();
    expect(unpack(frame, contents.length, (unpacked) => Buffer.from(unpacked)).equals(contents)).toBe(true);
    expect(contents.equals(plainDecompress(frame))).toBe(true);
  });

  test.each(CONTENTS)('of %s by the program zstd, with and without a checksum, are measured too', (_, contents) => {
    for (const option of ['--check', '--no-check']) {
      const frame = execFileSync('zstd', ['-qc', option, `--stream-size=${contents.length}`], { input: contents });
      expect(measureZstdFrame(within(frame), 0)).toEqual({ member: frame.length, contents: contents.length });
    }
  });
});

describe('what an archive may try', () => {
  const tar = craftTar([file('hello', 'hello\n'.repeat(500))]);

  async function refusal(bytes: Buffer): Promise<string> {
    mkdirSync(join(folder, 'parent'), { recursive: true });
    const archive = join(folder, 'x.tar.zst');
    writeFileSync(archive, bytes);
    let rule = 'installed';
    for (const attempt of [() => verify(archive), () => install(archive, join(folder, 'parent/out'))])
      try {
        await attempt();
      } catch (error) {
        if (!(error instanceof ArchiveError)) throw error;
        rule = error.rule;
      }
    expect(readdirSync(join(folder, 'parent'))).toEqual(rule === 'installed' ? ['out'] : []);
    return rule;
  }

  /** The first frame is made anew by `change`. */
  const changed = async (change: (first: Buffer) => void): Promise<Buffer> => {
    const bytes = await zstdFrames(tar);
    change(bytes);
    return bytes;
  };

  test('nothing', async () => {
    expect(await refusal(await zstdFrames(tar))).toBe('installed');
  });

  test.each<[string, string, () => Buffer | Promise<Buffer>]>([
    ['a frame without its size', 'zstd-foreign', () => execFileSync('zstd', ['-qc'], { input: tar })],
    [
      'a skippable frame',
      'zstd-foreign',
      async () => Buffer.concat([await zstdFrames(tar), Buffer.from('502a4d180000000000', 'hex')]),
    ],
    ['a dictionary', 'zstd-foreign', () => changed((first) => first.writeUInt8(first.readUInt8(4) | 1, 4))],
    ['a reserved bit', 'zstd-header', () => changed((first) => first.writeUInt8(first.readUInt8(4) | 8, 4))],
    [
      'something behind the last frame',
      'zstd-header',
      async () => Buffer.concat([await zstdFrames(tar), Buffer.from('trailing')]),
    ],
    [
      'an empty frame',
      'zstd-too-large',
      async () => Buffer.concat([await zstdFrames(tar), Buffer.from('28b52ffd2000010000', 'hex')]),
    ],
    [
      'a frame that holds more than any of relocate',
      'zstd-too-large',
      () =>
        execFileSync('zstd', ['-qc', '--stream-size=8000000'], {
          input: Buffer.concat([tar, Buffer.alloc(8_000_000 - tar.length)]),
        }),
    ],
    [
      'a frame whose blocks never end',
      'zstd-too-large',
      () => Buffer.concat([sizedHead(1000), Buffer.alloc(3 * 2000)]),
    ],
    [
      'a bomb: a frame whose blocks hold more than it says',
      'zstd-data',
      // a thousand blocks of one byte 128 KiB times
      () =>
        Buffer.concat([sizedHead(1000), ...Array.from({ length: 1000 }, (_, i) => rleBlock(128 * 1024, i === 999))]),
    ],
    [
      'a frame that says it holds less than it does',
      'zstd-data',
      () => Buffer.concat([sizedHead(10), rleBlock(11, true)]),
    ],
    [
      'a frame that says it holds more than it does',
      'zstd-data',
      () => Buffer.concat([sizedHead(12), rleBlock(11, true)]),
    ],
  ])('%s', async (_, rule, bytes) => {
    // which of the two tells, the decoder or the check behind it, depends on the decoder
    const found = await refusal(await bytes());
    expect(found === 'zstd-size' ? 'zstd-data' : found).toBe(rule);
  });

  test('to be cut short anywhere', async () => {
    const bytes = await zstdFrames(tar);
    for (let size = 4; size < bytes.length; size += 29)
      expect(await refusal(bytes.subarray(0, size)), `${size} bytes`).toMatch(/^archive-/);
  });

  test('a bit flipped anywhere', async () => {
    const bytes = await zstdFrames(tar);
    for (let at = 0; at < bytes.length; at += 31) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      expect(await refusal(flipped), `byte ${at}`).not.toBe('installed');
    }
  });
});

/** A header with a window of 1 MiB and four bytes of size. */
function sizedHead(contents: number): Buffer {
  const head = Buffer.from('28b52ffd805000000000', 'hex');
  head.writeUInt32LE(contents, 6);
  return head;
}

function rleBlock(size: number, isLast: boolean): Buffer {
  const block = Buffer.alloc(4, 'x');
  block.writeUIntLE((size << 3) | (1 << 1) | (isLast ? 1 : 0), 0, 3);
  return block;
}

describe('pack', () => {
  let tree: string;
  beforeEach(() => {
    tree = join(folder, 'build/site');
    writeTree(tree, {
      'etc/app.conf': `root ${tree}/data\n`,
      'data/noise': noise(5_000_000),
      'data/zeros': Buffer.alloc(9_000_000),
      'data/text': 'words and words\n'.repeat(500_000),
    });
  });

  test.each(['site.tar.zst', 'site.tzst', 'site.archive'])(
    'writes %s in frames, the same for any number of jobs',
    async (name) => {
      const output = join(folder, name);
      const first = await pack(tree, { output, jobs: 1 });
      expect(first.compression).toBe('zstd');
      expect((await pack(tree, { output, jobs: 3 })).sha256).toBe(first.sha256);
      const bytes = readFileSync(output);
      let contents = 0;
      for (let at = 0; at < bytes.length;) {
        const sizes = measureZstdFrame(within(bytes), at);
        contents += sizes.contents;
        at += sizes.member;
      }
      expect(contents).toBe(execFileSync('zstd', ['-dc', output], { maxBuffer: 1e8 }).length);
      expect((await verify(output)).ok).toBe(true);
      await install(output, join(folder, 'srv'));
      expect(readFileSync(join(folder, 'srv/etc/app.conf'), 'utf8')).toBe(`root ${folder}/srv/data\n`);
      expect(runOk('cmp', [join(folder, 'srv/data/noise'), join(tree, 'data/noise')])).toBe('');
    },
  );

  test('takes an option before a name, and levels of each format', async () => {
    const output = join(folder, 'site.tar.gz');
    const sizes = [];
    for (const level of [1, 9]) {
      const { compression, bytes } = await pack(tree, { output, compression: 'zstd', level });
      expect(compression).toBe('zstd');
      sizes.push(bytes);
    }
    expect(sizes[1]).toBeLessThan(sizes[0] ?? 0);
    await expect(pack(tree, { output, level: 10 })).rejects.toThrow(UsageError);
  });

  test('is installed by install.sh where zstd is, and refused with a word where it is not', async () => {
    const output = join(folder, 'site.tar.zst');
    await pack(tree, { output });
    const script = new URL('../assets/install.sh', import.meta.url).pathname;
    const tools = join(folder, 'bin');
    runOk('sh', [
      '-c',
      'mkdir "$0" && for tool in sh tar sed awk dd od sha256sum cat cp mv rm rmdir mkdir mktemp chmod chown ln ls cut tr sort wc printf touch find stat id uname df env head tail cmp readlink test dirname basename; do path=$(command -v "$tool") && case $path in /*) ln -s "$path" "$0/$tool" ;; esac; done; :',
      tools,
    ]);
    const bare = run('/bin/sh', [script, output, join(folder, 'srv')], { env: { PATH: tools } });
    expect(bare.stderr).toMatch(/zstd.*tar\.gz/);
    expect(bare.status).toBe(2);
    expect(readdirSync(folder).sort()).toEqual(['bin', 'build', 'site.tar.zst']);
    runOk('/bin/sh', [script, output, join(folder, 'srv')]);
    expect(readFileSync(join(folder, 'srv/etc/app.conf'), 'utf8')).toBe(`root ${folder}/srv/data\n`);
  });
});
