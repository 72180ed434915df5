/** What an archive may try: each is refused by name, and the parent of the destination is left as it was, byte for byte. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { BLOCK } from '../src/formats/tar-entry.ts';
import { ArchiveError, RequirementError } from '../src/model/errors.ts';
import type { ManifestEntry } from '../src/model/manifest-entry.ts';
import { asTreePath } from '../src/model/path.ts';
import type { AbsoluteForm } from '../src/model/reference.ts';
import type { Seal } from '../src/model/seal.ts';
import { install } from '../src/stages/install.ts';
import { verify } from '../src/stages/verify.ts';
import {
  craftTar,
  device,
  file,
  folder,
  gzipFrames,
  hardLink,
  piece,
  symlink,
  type CraftedFile,
  type CraftOptions,
  type Piece,
} from './support/archives.ts';
import { usually } from './support/depth.ts';
import { temporaryFolder } from './support/folder.ts';
import { listing } from './support/listing.ts';

let base: string;
let archive: string;
let parent: string;
let place: string;
beforeEach(() => {
  base = temporaryFolder();
  archive = join(base, 'site.tar');
  parent = join(base, 'parent');
  place = join(parent, 'out');
  mkdirSync(join(parent, 'out-evil'), { recursive: true });
  writeFileSync(join(parent, 'secret'), 'secret', { mode: 0o600 });
  mkdirSync(join(base, 'victim'), { mode: 0o700 });
});

type Entries = readonly (ManifestEntry | CraftedFile)[];

/** Signatures that a manifest may not ask for, around a file that has this site. */
function hostileSeals(site: AbsoluteForm): [string, Entries, string][] {
  const seal: Seal = { start: 0, end: 100, page: 512, at: 100, hash: 'sha256', width: 32 };
  const sealed = (...seals: readonly Seal[]): Entries => [
    file('a', Buffer.alloc(200, 'root @@RELOCATE_PREFIX@@/x\n\0'), { sites: [site], seals }),
  ];
  const { slot: _, ...text } = site;
  return [
    ['a signature in front of what it signs', sealed({ ...seal, at: 60 }), 'seal'],
    ['a signature of nothing', sealed({ ...seal, start: 100 }), 'seal'],
    ['a signature outside of its file', sealed({ ...seal, at: 190 }), 'seal'],
    ['two signatures in one place', sealed(seal, { ...seal, hash: 'sha1', width: 20 }), 'seals-overlap'],
    ['a signature of a signature', sealed(seal, { ...seal, end: 140, at: 150 }), 'seal'],
    ['more signatures than a file has', sealed(...Array.from({ length: 200 }, () => seal)), 'seal'],
    ['a signature with a hash for each byte', sealed({ ...seal, page: 1 }), 'manifest-shape'],
    ['a signature where nothing changes', [file('a', Buffer.alloc(200), { seals: [seal] })], 'seal'],
    [
      'a signature of a file that grows',
      [file('a', Buffer.alloc(200, 'root @@RELOCATE_PREFIX@@/x\n\0'), { sites: [text], seals: [seal] })],
      'seal',
    ],
  ];
}

/** All there is, but for the time of the folder in which a staging folder came and went. */
function state(): string {
  return listing(base).replace(/^(parent\t.*)\t[0-9.]+(\t.*)$/m, '$1$2');
}

/** The rule by which an install of these bytes is refused; the parent and the victim must not change. */
async function refusal(bytes: Buffer): Promise<string> {
  writeFileSync(archive, bytes);
  const before = state();
  const rule = await outcome();
  expect(state()).toBe(before);
  return rule;
}

/** Only the rule, for archives by the hundred. */
async function ruleFor(bytes: Buffer): Promise<string> {
  writeFileSync(archive, bytes);
  return outcome();
}

async function outcome(): Promise<string> {
  const there = readdirSync(parent);
  const error: unknown = await install(archive, place, { jobs: 1 }).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(readdirSync(parent)).toEqual(there);
  if (error instanceof ArchiveError) return error.rule;
  if (error instanceof RequirementError) return 'requirement';
  throw error ?? new Error('it was installed');
}

async function refused(entries: Entries, options: CraftOptions = {}): Promise<string> {
  return refusal(craftTar(entries, options));
}

/** Changes one entry's header in the tar, after the four files of relocate itself. */
function withHeader(change: (header: Buffer) => Buffer, index = 0): CraftOptions {
  return {
    pieces: (pieces) => pieces.map((each, i) => (i === index + 4 ? { ...each, header: change(each.header) } : each)),
  };
}

/** A header block with other bytes at some offset and the checksum to them. */
function patched(block: Buffer, at: number, bytes: Buffer | string): Buffer {
  const copy = Buffer.from(block);
  Buffer.from(bytes).copy(copy, at);
  copy.fill(0x20, 148, 156);
  copy.write(
    `${copy
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')} \0`,
    148,
    'latin1',
  );
  return copy;
}

/** A pax header with any body. */
function pax(like: Buffer, body: Buffer, type = 'x'): Piece {
  const size = `${body.length.toString(8).padStart(10, '0')} \0`;
  return piece(patched(patched(like.subarray(0, BLOCK), 124, size), 156, type), body);
}

/** Puts something in front of the first entry's header, made from that header. */
function before(make: (header: Buffer) => Piece[]): CraftOptions {
  return {
    pieces: (pieces) => [...pieces.slice(0, 4), ...make(pieces[4]?.header ?? Buffer.alloc(BLOCK)), ...pieces.slice(4)],
  };
}

const record = (text: string): Buffer => {
  let length = text.length + 3;
  while (`${length} ${text}\n`.length !== length) length = `${length} ${text}\n`.length;
  return Buffer.from(`${length} ${text}\n`, 'latin1');
};

const hello = file('hello', 'hello\n');

test('an archive that is right is installed', async () => {
  writeFileSync(archive, craftTar([folder('a'), file('a/x', 'x'), symlink('l', 'a/x'), hardLink('z', 'a/x')]));
  await install(archive, place, { jobs: 1 });
  expect(readFileSync(join(place, 'l'), 'utf8')).toBe('x');
  expect((await verify(place)).ok).toBe(true);
});

describe('names', () => {
  test.each([
    ['../x', 'path-dots'],
    ['a/../../x', 'path-dots'],
    ['..', 'path-dots'],
    ['.', 'path-dots'],
    ['./x', 'path-dots'],
    ['/abs', 'path-absolute'],
    ['//abs', 'path-absolute'],
    ['', 'manifest-shape'],
    ['x/', 'path-empty-name'],
    ['a//b', 'path-empty-name'],
    ['nul\0x', 'manifest-shape'],
    ['n'.repeat(256), 'name-too-long'],
    [`${'d'.repeat(200)}/`.repeat(21) + 'x', 'path-too-long'],
    ['\ud800', 'path-spelling'],
    ['\udcc3\udca9', 'path-spelling'],
    ['.relocate/x', 'path-reserved'],
    ['.relocate', 'path-reserved'],
    ['../out-evil/x', 'path-dots'],
  ])('%j', async (path, rule) => {
    expect(await refused([file(path, 'x')])).toBe(rule);
  });

  test('are legal with a backslash, a colon, a newline, or bytes that are not UTF-8', async () => {
    const names = ['..\\x', 'C:..', 'new\nline', 'lat\udced1', '-rf', ' '];
    const entries = names
      .map((name) => file(name, name))
      .sort((a, b) => Buffer.compare(bytesOf(a.entry.path), bytesOf(b.entry.path)));
    writeFileSync(archive, craftTar(entries));
    await install(archive, place, { jobs: 1 });
    expect(await verify(place)).toMatchObject({ ok: true, checked: { files: names.length } });
  });
});

function bytesOf(path: string): Buffer {
  return Buffer.from(path.replace('\udced', 'í'), path.includes('\udced') ? 'latin1' : 'utf8');
}

describe('links', () => {
  test.each<[string, () => Entries, string]>([
    [
      'a file through a symlink to a folder',
      () => [symlink('a', join(base, 'victim'), 'outside'), file('a/x', 'x')],
      'path-through-link',
    ],
    ['a file over a symlink', () => [symlink('a', join(base, 'victim/x'), 'outside'), file('a', 'x')], 'path-twice'],
    [
      'a folder over a symlink',
      () => [symlink('a', join(base, 'victim'), 'outside'), folder('a', 0o777)],
      'path-twice',
    ],
    [
      'a chain that is lexically fine',
      () => [symlink('s1', '.'), symlink('s2', 's1/..', 'inside'), file('s2/x', 'x')],
      'path-through-link',
    ],
    [
      'a long chain through a link',
      () => [folder('a'), symlink('a/l', '..'), file('a/l/a/l/a/l/x', 'x')],
      'folder-missing',
    ],
    ['a hard link to outside', () => [hardLink('h', '../secret')], 'hard-link-target'],
    ['an absolute hard link', () => [hardLink('h', '/etc/passwd')], 'hard-link-target'],
    [
      'a hard link through a symlink',
      () => [hardLink('h', 'l/secret'), symlink('l', '..', 'outside')],
      'hard-link-target',
    ],
    [
      'a hard link to a symlink',
      () => [symlink('a', '/etc/passwd', 'outside'), hardLink('h', 'a')],
      'hard-link-to-other',
    ],
    ['a hard link to itself', () => [hardLink('h', 'h')], 'hard-link-to-itself'],
    ['a hard link to a later entry', () => [hardLink('h', 'later'), file('later', 'x')], 'hard-link-target'],
    ['a symlink with an empty target', () => [symlink('a', '')], 'manifest-shape'],
    ['a symlink with a NUL in its target', () => [symlink('a', 'x\0y')], 'manifest-shape'],
    ['a symlink with a giant target', () => [symlink('a', 'x/'.repeat(3000))], 'link-too-long'],
    ['a symlink that says it stays inside', () => [symlink('a', '../x', 'inside')], 'link-class'],
  ])('%s', async (_, entries, rule) => {
    expect(await refused(entries())).toBe(rule);
  });

  test('a hard link with contents', async () => {
    const options = withHeader((header) => patched(header, 124, '00000000006\0'), 1);
    expect(await refused([file('a', 'x'), hardLink('b', 'a')], options)).toBe('tar-size-of-link');
  });

  test('a leaf that someone else swapped for a symlink while extracting is not written through', async () => {
    const { FileWriter } = await import('../src/io/file-writer.ts');
    symlinkSync(join(parent, 'secret'), join(parent, 'x'));
    const writer = new FileWriter(asAbsolute(parent), { placeholder: '@@RELOCATE_PREFIX@@', origins: [] });
    const { entry, body } = file('x', 'evil');
    const task = { ...entry, isSparse: false, attributes: { mode: 0o777, mtime: '0' }, filling: null };
    for (const pieces of [[body], [body.subarray(0, 2), body.subarray(2)]]) {
      const write = (): void =>
        pieces.forEach((piece, i) => writer.write(i === 0 ? task : null, piece, i === pieces.length - 1));
      expect(write).toThrow(expect.objectContaining({ code: 'EEXIST' }));
      writer.drop();
    }
    expect(readFileSync(join(parent, 'secret'), 'utf8')).toBe('secret');
  });
});

function asAbsolute(path: string): Parameters<typeof import('../src/model/path.ts').joinAbsolute>[0] {
  return path as ReturnType<typeof asAbsolute>; // a temporary folder is absolute and normal
}

describe('the order and kind of entries', () => {
  test.each<[string, Entries, string]>([
    ['the same file twice', [hello, hello], 'path-twice'],
    ['a file and a folder of one name', [hello, folder('hello')], 'path-twice'],
    ['a child before its folder', [file('a/x', 'x'), folder('a')], 'folder-missing'],
    ['a child of a file', [file('a', 'x'), file('a/x', 'x')], 'path-through-file'],
    ['entries out of order', [file('b', 'x'), file('a', 'x')], 'path-order'],
  ])('%s', async (_, entries, rule) => {
    expect(await refused(entries)).toBe(rule);
  });

  test('names that differ in case or Unicode form are as many files as the file system has of them', async () => {
    writeFileSync(archive, craftTar([file('Case', '1'), file('case', '2'), file('u\u0308', '3'), file('ü', '4')]));
    await install(archive, place, { jobs: 1 });
    expect(await verify(place)).toMatchObject({ ok: true });
  });
});

describe('special powers need an option', () => {
  const powers: [string, Entries][] = [
    ['a setuid program', [file('a', 'x', { mode: 0o4755 })]],
    ['a setgid program', [file('a', 'x', { mode: 0o2755 })]],
    ['a device', [device('null')]],
    [
      'a capability',
      [file('a', 'x', { xattrs: [{ name: 'security.capability', value: 'AQAAAgAEAAAAAAAAAAAAAAAAAAA=' }] })],
    ],
    [
      'an attribute of the trusted kind',
      [file('a', 'x', { xattrs: [{ name: 'trusted.overlay.opaque', value: 'eQ==' }] })],
    ],
  ];
  test.each(powers)('%s', async (_, entries) => {
    expect(await refused(entries)).toBe('requirement');
  });
});

describe('readers that disagree', () => {
  test.each<[string, CraftOptions, string]>([
    [
      'a pax header for a pax header',
      before((header) => [pax(header, record('size=100000')), pax(header, record('path=x'))]),
      'pax-without-entry',
    ],
    ['a negative size in octal', withHeader((header) => patched(header, 124, '-0000000001\0')), 'tar-number-negative'],
    [
      'a negative size in base 256',
      withHeader((header) => patched(header, 124, Buffer.alloc(12, 0xff))),
      'tar-number-base-256',
    ],
    [
      'a size in base 256',
      withHeader((header) => patched(header, 124, Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6]))),
      'tar-number-base-256',
    ],
    [
      'a size with a blank before it',
      withHeader((header) => patched(header, 124, ' 0000000006\0')),
      'tar-number-octal',
    ],
    ['a negative size in pax', before((header) => [pax(header, record('size=-1'))]), 'pax-negative'],
    ['a fractional size in pax', before((header) => [pax(header, record('size=6.5'))]), 'pax-number'],
    ['a NUL in a pax path', before((header) => [pax(header, record('path=hello\0../../x'))]), 'pax-nul'],
    [
      'a newline in a pax record’s length',
      before((header) => [pax(header, Buffer.from('30 path=a\n19 path=../../x\n'))]),
      'pax-length',
    ],
    ['a numeric pax path', before((header) => [pax(header, record('path=123'))]), 'tar-not-canonical'],
    [
      'a pax path that ustar could have held',
      before((header) => [pax(header, record('path=hello'))]),
      'tar-not-canonical',
    ],
    ['a pax path that leaves the tree', before((header) => [pax(header, record('path=../x'))]), 'path-dots'],
    [
      'the same keyword twice',
      before((header) => [pax(header, Buffer.concat([record('path=a'), record('path=b')]))]),
      'pax-twice',
    ],
    ['an unknown keyword', before((header) => [pax(header, record('GNU.sparse.name=x'))]), 'pax-keyword'],
    ['a record without a value', before((header) => [pax(header, record('path='))]), 'pax-record'],
    ['an empty pax header', before((header) => [pax(header, Buffer.alloc(0))]), 'pax-empty'],
    ['a giant pax header', before((header) => [pax(header, record(`path=${'x'.repeat(70000)}`))]), 'pax-too-large'],
    ['a global pax header', before((header) => [pax(header, record('path=x'), 'g')]), 'pax-global'],
    ['a GNU long name', before((header) => [pax(header, Buffer.from('../x\0'), 'L')]), 'tar-gnu-long-name'],
    ['a GNU long link', before((header) => [pax(header, Buffer.from('../x\0'), 'K')]), 'tar-gnu-long-name'],
    ['a GNU sparse file', withHeader((header) => patched(header, 156, 'S')), 'tar-gnu-sparse'],
    ['an entry of the old format', withHeader((header) => patched(header, 156, '\0')), 'tar-old-format'],
    ['an unknown type', withHeader((header) => patched(header, 156, 'Z')), 'tar-type'],
    ['no ustar magic', withHeader((header) => patched(header, 257, 'ustar  \0')), 'tar-not-ustar'],
    [
      'bytes in a field that should be empty',
      withHeader((header) => patched(header, 500, 'evil')),
      'tar-not-canonical',
    ],
    ['bytes behind the NUL of a name', withHeader((header) => patched(header, 50, 'evil')), 'tar-not-canonical'],
    [
      'a wrong checksum',
      withHeader((header) => Buffer.concat([header.subarray(0, 148), Buffer.from('000000 \0'), header.subarray(156)])),
      'tar-checksum',
    ],
    [
      'an entry of which the manifest does not tell',
      before((header) => [piece(patched(header, 0, 'evil\0'), Buffer.from('hello\n'))]),
      'entry-order',
    ],
    ['an entry behind the last', { pieces: (pieces) => [...pieces, ...pieces.slice(4)] }, 'entry-unlisted'],
    [
      'bytes behind the contents of an entry',
      {
        pieces: (pieces) =>
          pieces.map((each, i) =>
            i === 4
              ? {
                  ...each,
                  body: Buffer.concat([each.body.subarray(0, 100), Buffer.from('evil'), each.body.subarray(104)]),
                }
              : each,
          ),
      },
      'tar-padding',
    ],
  ])('%s', async (_, options, rule) => {
    expect(await refused([hello], options)).toBe(rule);
  });

  test('two archives in one file', async () => {
    const tar = craftTar([hello]);
    expect(await refusal(Buffer.concat([tar, tar]))).toBe('tar-trailing');
    expect(await refusal(Buffer.concat([gzipFrames(tar), gzipFrames(tar)]))).toBe('tar-trailing');
  });

  test('a plain gzip of the same tar, which has no sizes in its head', async () => {
    const { gzipSync } = await import('node:zlib');
    expect(await refusal(gzipSync(craftTar([hello])))).toBe('gzip-foreign');
  });

  test('a pax record that says it is longer than it is', async () => {
    const wrong = Buffer.from('99 path=x\n');
    expect(
      await refused(
        [hello],
        before((header) => [pax(header, wrong)]),
      ),
    ).toBe('pax-length');
  });
});

describe('bombs', () => {
  const tar = (): Buffer => craftTar([file('zeros', Buffer.alloc(100_000))]);

  test('a frame with more in it than its head says', async () => {
    const bytes = gzipFrames(tar(), 100_000);
    bytes.writeUInt32LE(10, 20);
    expect(await refusal(bytes)).toBe('gzip-data');
  });

  test('a frame that says it is giant', async () => {
    const bytes = gzipFrames(tar(), 100_000);
    bytes.writeUInt32LE(0x7fffffff, 20);
    expect(await refusal(bytes)).toBe('gzip-too-large');
  });

  test('a frame with something behind its data', async () => {
    const bytes = gzipFrames(tar(), 1_000_000);
    const padded = Buffer.concat([bytes.subarray(0, -8), Buffer.from('evil'), bytes.subarray(-8)]);
    padded.writeUInt32LE(padded.length, 16);
    expect(await refusal(padded)).toBe('gzip-trailing');
  });

  test('more than the disk holds, by the manifest', async () => {
    const huge = file('huge', 'x');
    expect(await refused([{ ...huge, entry: { ...huge.entry, size: 2 ** 50 } }])).toBe('requirement');
  });

  test('contents of another size than the manifest says', async () => {
    const small = file('small', 'x');
    expect(await refused([{ ...small, entry: { ...small.entry, size: 2 } }])).not.toBe('installed');
  });

  test('a manifest that is nested without end', async () => {
    const nested = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(
      await refused([hello], { manifestText: (text) => text.replace('"leftOut":[]', `"leftOut":${nested}`) }),
    ).toBe('manifest-shape');
  });
});

describe('damage', () => {
  const entries: Entries = [folder('d'), file('d/x', 'x'.repeat(700)), hello, symlink('l', 'hello')];

  test('cut short at every block', async () => {
    const tar = craftTar(entries);
    for (let size = 0; size < tar.length; size += BLOCK)
      expect(await ruleFor(tar.subarray(0, size))).toMatch(/^archive-|^tar-|^manifest-/);
  }, 120_000);

  test('compressed, cut short anywhere', async () => {
    const bytes = gzipFrames(craftTar(entries));
    for (let size = 1; size < bytes.length; size += 23)
      expect(await ruleFor(bytes.subarray(0, size))).toMatch(/^archive-|^gzip-/);
  }, 120_000);

  test('one bit flipped, anywhere in a header or in contents', async () => {
    const tar = craftTar(entries);
    const heads = tar.length - 2 * BLOCK;
    for (let at = 0; at < heads; at += usually(37, 11)) {
      const flipped = Buffer.from(tar);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      expect(await ruleFor(flipped), `byte ${at}`).not.toBe('');
    }
  }, 240_000);

  test('something behind the end, or no end', async () => {
    const tar = craftTar(entries);
    expect(await refusal(Buffer.concat([tar, Buffer.from('x')]))).toBe('tar-trailing');
    expect(await refusal(Buffer.concat([tar, Buffer.alloc(BLOCK)]))).toBe('tar-trailing');
    expect(await refusal(tar.subarray(0, -BLOCK))).toBe('archive-truncated');
    expect(await refusal(tar.subarray(0, -2 * BLOCK))).toBe('archive-truncated');
    expect(await refusal(Buffer.concat([gzipFrames(tar), Buffer.from('trailing garbage, more than a head')]))).toBe(
      'gzip-header',
    );
  });
});

describe('the manifest', () => {
  test.each<[string, CraftOptions, string]>([
    ['not first', { pieces: (pieces) => [...pieces.slice(4), ...pieces.slice(0, 4)] }, 'manifest-first'],
    ['there twice', { pieces: (pieces) => [...pieces.slice(0, 1), ...pieces] }, 'entry-order'],
    ['of an unknown version', { manifest: (manifest) => ({ ...manifest, version: 2 }) }, 'manifest-version'],
    ['with an unknown field', { manifest: (manifest) => ({ ...manifest, evil: 1 }) }, 'manifest-shape'],
    [
      'with blanks in it',
      { manifestText: (text) => text.replace('{"attributes"', '{ "attributes"') },
      'manifest-not-canonical',
    ],
    [
      'with a field twice',
      { manifestText: (text) => text.replace('"mode":420', '"mode":511,"mode":420') },
      'manifest-not-canonical',
    ],
    ['that is not JSON', { manifestText: (text) => text.replace('{"attributes"', '{attributes') }, 'manifest-json'],
    ['without lines', { manifestText: (text) => text.replaceAll('\n', '') }, 'manifest-json'],
    [
      'with wrong totals',
      { manifest: (manifest) => ({ ...manifest, totals: { ...manifest.totals, bytes: 1 } }) },
      'manifest-totals',
    ],
    ['with another path', { manifestText: (text) => text.replace('"path":"hello"', '"path":"hullo"') }, 'entry-order'],
    ['with another mode', { manifestText: (text) => text.replace('"mode":420', '"mode":493') }, 'entry-mode'],
    [
      'with another digest',
      {
        manifestText: (text) =>
          text.replace(/"sha256":"([0-9a-f])/g, (_, digit: string) => `"sha256":"${digit === '0' ? '1' : '0'}`),
      },
      'entry-digest',
    ],
    [
      'with another time',
      { manifestText: (text) => text.replace('1200000000000000000', '1300000000000000000') },
      'entry-time',
    ],
    [
      'that lists more',
      {
        manifest: (manifest) => ({
          ...manifest,
          entries: [...manifest.entries, folder('zzz')],
          totals: { ...manifest.totals, entries: 2 },
        }),
      },
      'entry-missing',
    ],
    [
      'that takes a folder for a file',
      {
        pieces: (pieces) =>
          pieces.map((each, i) =>
            i === 4
              ? { header: patched(patched(each.header, 156, '5'), 124, '0000000000 \0'), body: Buffer.alloc(0) }
              : each,
          ),
      },
      'entry-type',
    ],
    ['without install.sh', { manifest: (manifest) => ({ ...manifest, own: manifest.own.slice(1) }) }, 'manifest-own'],
  ])('%s', async (_, options, rule) => {
    expect(await refused([hello], options)).toBe(rule);
  });

  const site = { start: 5, end: 24, escaping: 'plain' as const, base: asTreePath('') };
  const text = 'root @@RELOCATE_PREFIX@@/x\n';
  test.each<[string, Entries, string]>([
    [
      'a site outside of its file',
      [file('a', text, { sites: [{ ...site, start: 20, end: 39 }] })],
      'site-outside-file',
    ],
    ['sites that overlap', [file('a', text, { sites: [site, { ...site, start: 6, end: 25 }] })], 'sites-overlap'],
    [
      'a site that ends before it begins',
      [file('a', text, { sites: [{ ...site, start: 24, end: 5 }] })],
      'site-outside-file',
    ],
    [
      'a site that is elsewhere than the placeholder',
      [file('a', text, { sites: [{ ...site, start: 4, end: 23 }] })],
      'site-mismatch',
    ],
    [
      'a site in a slot that holds something else',
      [file('a', `${text}\0`, { sites: [{ ...site, slot: { slotEnd: 27, padding: 'nul', tail: '/x\n' } }] })],
      'requirement',
    ],
    [
      'a slot that does not fit',
      [file('a', text, { sites: [{ ...site, slot: { slotEnd: 99, padding: 'nul', tail: '' } }] })],
      'site-slot',
    ],
    [
      'a site whose base leaves the tree',
      [file('a', text, { sites: [{ ...site, base: asTreePath('../x') }] })],
      'path-dots',
    ],
    [
      'a count behind the string that it counts',
      [file('a', text, { sites: [{ ...site, length: { at: 24, width: 4, value: 1, paths: 1, ascii: false } }] })],
      'site-length',
    ],
    [
      'a row that follows a file which is not rendered',
      [file('a', text, { rows: [{ of: asTreePath('b'), digest: [0, 1], size: [2, 3] }] }), file('b', 'x')],
      'row-of',
    ],
    [
      'a row that follows its own file',
      [file('a', text, { rows: [{ of: asTreePath('a'), digest: [0, 1], size: [2, 3] }], sites: [site] })],
      'row-of',
    ],
    ...hostileSeals({ ...site, slot: { slotEnd: 27, padding: 'slash', tail: '/x\n' } }),
    ['sites of a symlink', [{ ...symlink('a', 'x'), sites: [site] } as unknown as ManifestEntry], 'manifest-shape'],
  ])('%s', async (_, entries, rule) => {
    expect(await refused(entries)).toBe(rule);
  });

  test('a literal placeholder that is no site stays as it is', async () => {
    writeFileSync(
      archive,
      craftTar([file('a', `@@RELOCATE_PREFIX@@ ${text}`, { sites: [{ ...site, start: 25, end: 44 }] })]),
    );
    await install(archive, place, { jobs: 1 });
    expect(readFileSync(join(place, 'a'), 'utf8')).toBe(`@@RELOCATE_PREFIX@@ root ${place}/x\n`);
  });

  test.each([`quote'"`, 'a&b|c', '$HOME `id`', 'back\\slash', 'new\nline', '$(touch x);#', 'ünïcode'])(
    'the place %j comes out literally',
    async (name) => {
      writeFileSync(archive, craftTar([file('a', text, { sites: [site] })]));
      await install(archive, join(parent, name), { jobs: 1 });
      expect(readFileSync(join(parent, name, 'a'), 'utf8')).toBe(`root ${join(parent, name)}/x\n`);
    },
  );
});

test('a second archive is never extracted over the first', async () => {
  writeFileSync(archive, craftTar([symlink('a', join(base, 'victim'), 'outside')]));
  await install(archive, place, { jobs: 1 });
  expect(await refused([folder('a'), file('a/x', 'x')])).toBe('requirement');
});

test('an archive with another digest than was asked for is not even looked at', async () => {
  writeFileSync(archive, craftTar([hello], { manifestText: () => 'nonsense' }));
  await expect(install(archive, place, { digest: '0'.repeat(64) })).rejects.toMatchObject({ rule: 'archive-digest' });
});
