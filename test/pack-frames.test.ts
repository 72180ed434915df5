/** Frames of a pack: made by threads or not, they hold what the manifest says, or the pack fails. */
import { hash } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { HitStream } from '../src/formats/hit-stream.ts';
import { compileNeedles } from '../src/formats/needles.ts';
import { tarEntry } from '../src/formats/tar-entry.ts';
import { headerLength, writeHeader } from '../src/formats/tar-write.ts';
import { ArchiveWriter } from '../src/io/archive-write.ts';
import { ROOM_OF_FRAME } from '../src/io/compression.ts';
import { FrameMaker } from '../src/io/frame-maker.ts';
import { framePool } from '../src/io/frame-pool.ts';
import type { FrameEntry, FrameFile } from '../src/io/frame-tasks.ts';
import { giveBack } from '../src/io/passing-memory.ts';
import { kernelFinder } from '../src/io/search-kernel.ts';
import { ArchiveError, StalePlanError } from '../src/model/errors.ts';
import { asAbsolutePath, asTreePath } from '../src/model/path.ts';
import { file } from './support/archives.ts';
import { temporaryFolder } from './support/folder.ts';

const PREFIX = '/srv/build/site';
const prefixes = [{ path: asAbsolutePath(PREFIX), base: asTreePath(''), source: 'option', evidence: '' }] as const;

describe('the search of pieces', () => {
  test('finds with the kernel what it finds without, however the bytes are cut', () => {
    const needles = compileNeedles(prefixes);
    const find = kernelFinder(needles);
    const word = fc.constantFrom(PREFIX, `${PREFIX}/x`, `-${PREFIX}`, '\0', ' ', 'x'.repeat(3000), PREFIX.slice(0, 7));
    const piece = fc.array(word, { maxLength: 12 }).map((words) => Buffer.from(words.join('')));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.boolean(), (pieces, isLarge) => {
        // larger than the window of the kernel, too
        const all = isLarge ? [...pieces, Buffer.alloc(1_100_000, 'y'), ...pieces] : pieces;
        const [plain, kernel] = [new HitStream(needles), new HitStream(needles, undefined, find)];
        const expected = [...all.flatMap((bytes) => plain.push(bytes)), ...plain.end()];
        expect([...all.flatMap((bytes) => kernel.push(bytes)), ...kernel.end()]).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

test('memory of results is given back where the engine can, and never what others stand in too', () => {
  const [own, pooled] = [Buffer.alloc(100_000), Buffer.from('in the pool')];
  giveBack(own);
  giveBack(pooled);
  expect(own.length).toBe('transfer' in ArrayBuffer.prototype ? 0 : 100_000);
  expect(pooled.toString()).toBe('in the pool');
});

describe('a frame', () => {
  let root: string;
  let maker: FrameMaker;
  beforeEach(async () => {
    root = temporaryFolder();
    maker = await FrameMaker.with({ compression: 'none', level: null, prefixes });
  });

  /** A file of the tree, and what is said of it. */
  function entry(name: string, contents: string, says: Partial<FrameFile> = {}): FrameEntry {
    writeFileSync(join(root, name), contents);
    const source = { root: asAbsolutePath(root), path: asTreePath(name), change: null };
    return {
      header: tarEntry(file(name, contents).entry),
      file: { ...source, sha256: hash('sha256', contents), remains: 0, ...says },
    };
  }

  const made = (...entries: readonly FrameEntry[]): Buffer => {
    const { bytes } = maker.make({ head: new Uint8Array(0), entries, isLast: false }, new ArrayBuffer(ROOM_OF_FRAME));
    return Buffer.from(bytes);
  };

  test('holds headers and contents, filled up to whole blocks', () => {
    const [first, second] = [entry('a', 'x'.repeat(512)), entry('b', `see ${PREFIX}`, { remains: 1 })];
    const bytes = made(first, second);
    expect(bytes.length % 512).toBe(0);
    expect(bytes.subarray(0, headerLength(first.header)).equals(writeHeader(first.header))).toBe(true);
    expect(bytes.toString('latin1')).toContain(`see ${PREFIX}\0`);
  });

  test('counts a prefix by its own file: at its end, and not across to the next', () => {
    // without a byte between the contents and the header of the next
    const full = entry('a', PREFIX.padStart(512, ' '), { remains: 1 });
    expect(() => made(full, entry('b', 'x'))).not.toThrow();
    const half = entry('c', PREFIX.slice(0, 8).padStart(512, ' '));
    expect(() => made(half, entry(PREFIX.slice(8).replaceAll('/', ''), 'x'))).not.toThrow();
  });

  test.each([
    ['more', ` ${PREFIX} ${PREFIX}/x`, 1],
    ['less', 'nothing', 1],
  ])('is refused where a file names the build %s often than is said', (_, contents, remains) => {
    expect(() => made(entry('a', contents, { remains }))).toThrow(ArchiveError);
  });

  test.each([
    ['other bytes', 'abd'],
    ['more bytes', 'abcd'],
    ['less bytes', 'ab'],
  ])('is refused where a file has %s than when it was scanned', (_, now) => {
    const scanned = entry('a', 'abc');
    writeFileSync(join(root, 'a'), now);
    expect(() => made(scanned)).toThrow(StalePlanError);
    expect(() => made({ ...entry('gone', 'x'), file: { ...frameFile(scanned), path: asTreePath('none') } })).toThrow(
      StalePlanError,
    );
  });

  test('holds the new bytes of a file that changes, which are measured of the file that was scanned alone', () => {
    const before = hash('sha256', 'old text');
    const changed = (from: string): FrameEntry => ({
      header: tarEntry(file('a', 'new text').entry),
      file: {
        ...frameFile(entry('a', from, { sha256: hash('sha256', 'new text') })),
        change: { before, splices: [{ start: 0, end: 3, text: 'new' }], seals: [] },
      },
    });
    const scanned = changed('old text');
    expect(made(scanned).toString('latin1')).toContain('new text');
    const measured = { size: 8, sha256: hash('sha256', 'new text'), remains: 0, named: [] };
    expect(maker.measure(frameFile(scanned))).toEqual(measured);
    for (const from of ['odd text', 'old texT', 'old text.', 'ol']) {
      const other = changed(from);
      expect(() => maker.measure(frameFile(other))).toThrow(StalePlanError);
      // the same new bytes are right, whatever stood where they were edited
      if (from !== 'odd text') expect(() => made(other)).toThrow(StalePlanError);
    }
  });

  test('of files that do not fit into a frame, what is measured is the same', () => {
    const long = `${PREFIX} ${'x'.repeat(1024 * 1024)}${PREFIX}/y`;
    const splices = [{ start: 0, end: PREFIX.length, text: '/new' }];
    const source = { ...frameFile(entry('a', long)), change: { before: hash('sha256', long), splices, seals: [] } };
    const now = `/new${long.slice(PREFIX.length)}`;
    expect(maker.measure(source)).toEqual({
      size: now.length,
      sha256: hash('sha256', now),
      remains: 1,
      named: [PREFIX],
    });
  });
});

describe('what was written', () => {
  async function write(flags: string): Promise<string> {
    const place = join(temporaryFolder(), 'x.tar');
    writeFileSync(place, 'x'.repeat(64 * 1024));
    const descriptor = openSync(place, flags);
    const pool = await framePool({ compression: 'none', level: null, prefixes }, 1);
    try {
      const writer = new ArchiveWriter(descriptor, pool);
      const { entry: said, body } = file('a', 'some text');
      await writer.addBytes(tarEntry(said), [body]);
      const { sha256 } = await writer.finish();
      expect(hash('sha256', readFileSync(place))).toBe(sha256);
      return sha256;
    } finally {
      closeSync(descriptor);
      await pool.stop();
    }
  }

  test('is read back, and its digest is that of the file', async () => {
    expect(await write('w+')).toMatch(/^[0-9a-f]{64}$/);
  });

  test('fails the pack where something else stands in the file', async () => {
    // what is appended does not stand where it was to be written
    await expect(write('a+')).rejects.toThrow(/reads back differently/);
    // and the file must end where the archive does
    await expect(write('r+')).rejects.toThrow(/reads back differently/);
  });
});

function frameFile({ file: found }: FrameEntry): FrameFile {
  if (found === null) throw new Error('the entry has no contents');
  return found;
}
