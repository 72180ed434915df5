/** Archives as real tools make them: every path in them is found, whatever packs it; what is broken or too much ends in a finding. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ArchiveFindings, ArchiveLimits } from '../src/formats/archive-findings.ts';
import { searchArchive } from '../src/formats/archive-search.ts';
import { sourceOf } from '../src/formats/byte-source.ts';
import { containerOf } from '../src/formats/container.ts';
import { compileNeedles } from '../src/formats/needles.ts';
import { xzCodec } from '../src/io/xz-codec.ts';
import { asAbsolutePath, asTreePath } from '../src/model/path.ts';
import { apply } from '../src/stages/apply.ts';
import { plan } from '../src/stages/plan.ts';
import { scan } from '../src/stages/scan.ts';
import { buildTree } from './support/moved-tree.ts';

const PREFIX = '/srv/build/site';
const NEEDLES = compileNeedles([
  { path: asAbsolutePath(PREFIX), base: asTreePath(''), source: 'option', evidence: '' },
]);

function search(bytes: Buffer, limits: Partial<ArchiveLimits> = {}): ArchiveFindings {
  const kind = containerOf(bytes.subarray(0, 4096));
  if (kind === null) throw new Error('no container');
  return searchArchive(sourceOf(bytes), kind, NEEDLES, { xzCodec }, limits);
}

function membersOf({ hits }: ArchiveFindings): string[] {
  return hits.map(({ member, path }) => `${member} ${path}`);
}

/** Bytes that a piece of Python writes to `out`; `text` names the tree once. */
function made(program: string): Buffer {
  const prologue = `import io, sys, gzip, lzma, tarfile, zipfile\ntext = b'root = ${PREFIX}/etc\\n'\nout = sys.stdout.buffer\n`;
  return execFileSync('python3', ['-c', prologue + program], { maxBuffer: 256 * 1024 * 1024 });
}

describe('zip', () => {
  test('with zip64 fields, data descriptors, a comment and a script in front', () => {
    const bytes = made(`
class Stream(io.RawIOBase):
    def __init__(self): self.b = bytearray()
    def writable(self): return True
    def write(self, d): self.b += bytes(d); return len(d)
s = Stream()
s.write(b'#!/bin/sh\\nexit\\n')
z = zipfile.ZipFile(s, 'w', zipfile.ZIP_DEFLATED)
for i in range(3):
    with z.open('m%d.txt' % i, 'w', force_zip64=True) as f: f.write(b'x' * 70000 * i + b'\\n' + text)
z.comment = b'a comment'; z.close(); out.write(s.b)`);
    expect(membersOf(search(bytes))).toEqual(['m0.txt', 'm1.txt', 'm2.txt'].map((name) => `${name} ${PREFIX}/etc`));
  });

  test('whose directory says too little of a member is read as far as it goes, one whose data end too early too', () => {
    const bytes = made(`
b = io.BytesIO(); z = zipfile.ZipFile(b, 'w', zipfile.ZIP_DEFLATED)
z.writestr('short', b'x' * 5000 + text); z.writestr('cut', bytes(i * i * 31 % 251 for i in range(9000)) + text)
z.close(); out.write(b.getvalue())`);
    const entryOf = (name: string): number => bytes.lastIndexOf(name) - 46;
    expect(membersOf(search(bytes))).toEqual([`short ${PREFIX}/etc`, `cut ${PREFIX}/etc`]);
    bytes.writeUInt32LE(100, entryOf('short') + 24);
    bytes.writeUInt32LE(bytes.readUInt32LE(entryOf('cut') + 20) - 3, entryOf('cut') + 20);
    const found = search(bytes);
    expect(membersOf(found)).toContain(`short ${PREFIX}/etc`);
    expect(found.unread.map(({ member, why }) => `${member} ${why}`)).toEqual(['cut damaged']);
  });

  test('of 1,000 members, one of them packed itself', () => {
    const bytes = made(`
b = io.BytesIO(); z = zipfile.ZipFile(b, 'w', zipfile.ZIP_DEFLATED)
for i in range(1000): z.writestr('d/%04d' % i, text if i % 100 == 0 else b'nothing')
z.writestr('x.tar.gz', gzip.compress(b''))
z.close(); out.write(b.getvalue())`);
    expect(search(bytes)).toMatchObject({ unread: [] });
    expect(search(bytes).hits).toHaveLength(10);
  });
});

describe('tar', () => {
  test.each(['USTAR_FORMAT', 'GNU_FORMAT', 'PAX_FORMAT'])('of %s, with long names and links', (format) => {
    const bytes = made(`
b = io.BytesIO(); t = tarfile.open(fileobj=b, mode='w', format=tarfile.${format})
name = 'd' * 90 + '/' + 'f' * 90
i = tarfile.TarInfo(name); i.size = len(text); t.addfile(i, io.BytesIO(text))
if tarfile.${format} != tarfile.USTAR_FORMAT:
    l = tarfile.TarInfo('long-link'); l.type = tarfile.SYMTYPE; l.linkname = '${PREFIX}/' + 'x' * 150; t.addfile(l)
l = tarfile.TarInfo('link'); l.type = tarfile.SYMTYPE; l.linkname = '${PREFIX}/x'; t.addfile(l)
t.close(); out.write(b.getvalue())`);
    const found = search(bytes);
    expect(found.unread).toEqual([]);
    const members = membersOf(found);
    expect(members).toContain(`${'d'.repeat(90)}/${'f'.repeat(90)} ${PREFIX}/etc`);
    expect(members).toContain(`link ${PREFIX}/x`);
    expect(members.some((member) => member.endsWith('x'.repeat(150)))).toBe(format !== 'USTAR_FORMAT');
    // packed, the same is found, however the bytes come
    expect(membersOf(search(gzipSync(bytes)))).toEqual(members);
  });

  test('a size in a pax record, a sum of signed bytes and a link with a size are read as tar does', () => {
    const bytes = made(`
def summed(h, signed):
    h = bytearray(h); h[148:156] = b' ' * 8
    s = sum(b - 256 if signed and b > 127 else b for b in h); h[148:156] = b'%06o\\0 ' % s
    return bytes(h)
def member(name, size, kind=b'0', signed=False):
    h = name.ljust(100, b'\\0') + b'0000644\\0' + b'0000000\\0' * 2 + b'%011o\\0' % size + b'0' * 11 + b'\\0' + b' ' * 8 + kind
    return summed(h.ljust(257, b'\\0') + b'ustar\\00000'.ljust(255, b'\\0'), signed)
record = b'11 size=%d\\n' % len(text)
padded = text.ljust(512, b'\\0')
out.write(member(b'x', len(record), b'x') + record.ljust(512, b'\\0') + member(b'by-record', 0) + padded)
out.write(member(b'link', 5000, b'1') + member(b'signed-\\xff', len(text), signed=True) + padded + b'\\0' * 1024)`);
    const found = search(bytes);
    expect(found.unread).toEqual([]);
    expect(membersOf(found)).toEqual([`by-record ${PREFIX}/etc`, `signed-\udcff ${PREFIX}/etc`]);
  });

  test('a sparse file of GNU tar does not hide what follows', () => {
    const { root } = buildTree({ 'z.ini': `root = ${PREFIX}/etc\n` });
    const script =
      'for i in $(seq 0 2 40); do printf x | dd of=a bs=64k seek=$i conv=notrunc status=none; done; tar -Scf - a z.ini';
    const bytes = execFileSync('sh', ['-c', script], { cwd: root, maxBuffer: 64 * 1024 * 1024 });
    expect(bytes.toString('latin1', 156, 157)).toBe('S');
    expect(membersOf(search(bytes))).toEqual([`z.ini ${PREFIX}/etc`]);
  });
});

test('a path across the seams of all pieces is found in compressed data', () => {
  for (const length of [0, 1, 511, 512, 4095, 16_384 - 10, 65_536 - 7, 262_144 - 3]) {
    const text = Buffer.concat([Buffer.alloc(length, '\n'), Buffer.from(`${PREFIX}/x`), Buffer.alloc(70_000, '\n')]);
    expect(search(gzipSync(text)).hits.map(({ start, path }) => [start, path])).toEqual([[length, `${PREFIX}/x`]]);
  }
});

describe('what has no end', () => {
  const text = (member: ArchiveFindings): string[] => member.unread.map(({ why, note }) => `${why}: ${note}`);

  test('a bomb is left where it becomes too large for its size', () => {
    const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024));
    expect(text(search(bomb))).toEqual(['limit: it becomes more than 250 times as large']);
    expect(text(search(gzipSync(Buffer.alloc(1024 * 1024)), { bytes: 1000 }))[0]).toMatch(/more than 1000 bytes/);
  });

  test('an xz file that becomes too large is not unpacked', () => {
    const bomb = made(`out.write(lzma.compress(b'\\0' * (65 << 20), preset=0))`);
    expect(text(search(bomb))).toEqual([`limit: xz data that become ${65 * 1024 * 1024} bytes`]);
  });

  test('archives in archives, members and paths are counted', () => {
    let nested = Buffer.from(`${PREFIX}\n`);
    for (let i = 0; i < 4; i++) nested = gzipSync(nested);
    expect(search(nested).hits).toHaveLength(1);
    expect(text(search(gzipSync(nested)))[0]).toMatch(/more than 4 deep/);
    const many = made(`
b = io.BytesIO(); z = zipfile.ZipFile(b, 'w')
for i in range(20): z.writestr('%d' % i, text * 3)
z.close(); out.write(b.getvalue())`);
    expect(text(search(many, { members: 5 }))).toEqual(['limit: more than 5 members']);
    expect(search(many, { hits: 7 })).toMatchObject({ hits: { length: 7 }, unread: [{ why: 'limit' }] });
  });
});

test.each([
  ['zip', `zipfile.ZipFile('x', 'w').writestr('a.ini', P)`],
  [
    'tar',
    `t = tarfile.open('x', 'w'); l = tarfile.TarInfo('l'); l.type = tarfile.SYMTYPE; l.linkname = P; t.addfile(l)`,
  ],
  ['gzip', `gzip.open('x', 'wb').write(P.encode())`],
])('a %s file is left byte for byte, even with --unsafe', async (_, program) => {
  const { root } = buildTree();
  execFileSync('python3', ['-c', `import gzip, sys, tarfile, zipfile; P = sys.argv[1]; ${program}`, root], {
    cwd: root,
  });
  const before = readFileSync(join(root, 'x'));
  const found = await scan(root, { jobs: 1 });
  expect(found.references).toMatchObject([{ code: 'RL905', path: root, fix: 'blocked', applicability: 'manual' }]);
  await apply(plan(found, { to: asAbsolutePath('/s'), unsafe: true }));
  expect(readFileSync(join(root, 'x')).equals(before)).toBe(true);
});

test('--no-archives does not look into what is compressed', async () => {
  const { root } = buildTree();
  execFileSync('python3', ['-c', `import gzip, sys; gzip.open('x.gz', 'wb').write(sys.argv[1].encode())`, root], {
    cwd: root,
  });
  expect((await scan(root, { jobs: 1 })).references).toHaveLength(1);
  expect((await scan(root, { jobs: 1, archives: false })).references).toEqual([]);
});

describe('broken archives end in a finding', () => {
  const samples = (): readonly Buffer[] =>
    (made_ ??= [
      `b = io.BytesIO(); z = zipfile.ZipFile(b, 'w', zipfile.ZIP_DEFLATED); z.writestr('a', text * 50); z.writestr('b', text, zipfile.ZIP_STORED); z.close(); out.write(b.getvalue())`,
      `b = io.BytesIO(); t = tarfile.open(fileobj=b, mode='w'); i = tarfile.TarInfo('x' * 120); i.size = len(text); t.addfile(i, io.BytesIO(text)); t.close(); out.write(b.getvalue()[:3072])`,
      `out.write(gzip.compress(text * 50))`,
      `out.write(lzma.compress(text * 50))`,
    ].map(made));
  let made_: readonly Buffer[] | undefined;

  test('with bytes changed, cut off, or put in', () => {
    const change = fc.tuple(fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(
        fc.nat(3),
        fc.array(change, { maxLength: 8 }),
        fc.nat(),
        fc.boolean(),
        (which, changes, cut, isCut) => {
          const sample = samples()[which] ?? Buffer.alloc(0);
          const bytes = Buffer.from(isCut ? sample.subarray(0, cut % sample.length) : sample);
          for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
          const kind = containerOf(bytes);
          if (kind === null) return;
          const { hits, unread } = searchArchive(sourceOf(bytes), kind, NEEDLES, { xzCodec });
          for (const { path } of hits) expect(path.startsWith(PREFIX)).toBe(true);
          for (const { note } of unread) expect(note).not.toBe('');
        },
      ),
      { numRuns: 400 },
    );
  });
});
