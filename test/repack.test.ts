/** `fix --repack`: text in zip archives says the new place afterwards, and every reader of zips finds the archive whole. */
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sourceOf } from '../src/formats/byte-source.ts';
import { inflateEntry } from '../src/formats/zip-inflate.ts';
import { repackZip } from '../src/formats/zip-repack.ts';
import { zipEntries } from '../src/formats/zip-entries.ts';
import { applySplices } from '../src/formats/splices.ts';
import { relocate, relocateOk, run, runOk } from './support/cli.ts';
import { writeTree, temporaryFolder } from './support/folder.ts';
import { listing } from './support/listing.ts';

/** Makes the archives of a tree with Python's zipfile. */
const MAKE = String.raw`
import base64, hashlib, io, os, sys, zipfile
P = sys.argv[1]; os.chdir(P + '/lib')
def digest(d): return 'sha256=' + base64.urlsafe_b64encode(hashlib.sha256(d).digest()).rstrip(b'=').decode()
a = f'ROOT = "{P}/etc"\nprint(ROOT)\n'.encode(); b = f'<a href="file://{P}/x%20y">{P}</a>'.encode()
info = 'pkg-1.dist-info/'
with zipfile.ZipFile('pkg-1-py3-none-any.whl', 'w', zipfile.ZIP_DEFLATED) as z:
    z.writestr(zipfile.ZipInfo('pkg/__init__.py', (2008, 7, 21, 1, 2, 4)), a, zipfile.ZIP_DEFLATED)
    z.writestr('pkg/page.html', b, zipfile.ZIP_STORED)
    z.writestr('pkg/raw.bin', b'\0\1' + P.encode() + b'\0')
    z.writestr(info + 'METADATA', 'Metadata-Version: 2.1\nName: pkg\nVersion: 1\n')
    z.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
    z.writestr(info + 'RECORD', f'pkg/__init__.py,{digest(a)},{len(a)}\npkg/page.html,{digest(b)},{len(b)}\n{info}RECORD,,\n')
class Stream(io.RawIOBase):
    def __init__(self): self.b = bytearray()
    def writable(self): return True
    def write(self, d): self.b += bytes(d); return len(d)
s = Stream(); s.write(b'#!/usr/bin/env python3\n')
z = zipfile.ZipFile(s, 'w', zipfile.ZIP_DEFLATED)
with z.open('__main__.py', 'w', force_zip64=True) as f: f.write(f'print("main {P}")\nimport other\n'.encode())
with z.open('other.py', 'w') as f: f.write(f'print("other {P}")\n'.encode())
z.comment = b'a comment'; z.close()
open('app.pyz', 'wb').write(s.b)
with zipfile.ZipFile('signed.jar', 'w') as z: z.writestr('META-INF/X.SF', 'x'); z.writestr('a.properties', 'root=' + P)
`;

/** What Python's zipfile tells of an archive. */
const LIST = `
import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
print(z.testzip(), z.comment, [(i.filename, i.date_time, i.external_attr, i.compress_type, i.flag_bits) for i in z.infolist()])`;

function movedTree(): { readonly built: string; readonly moved: string } {
  const folder = temporaryFolder();
  const [built, moved] = [join(folder, 'build', 'site'), join(folder, 'moved')];
  writeTree(built, { 'lib/x': '' });
  execFileSync('python3', ['-c', MAKE, built]);
  chmodSync(join(built, 'lib/app.pyz'), 0o755);
  renameSync(built, moved);
  return { built, moved };
}

test('a wheel, and a program in a zip with zip64 fields and descriptors, work with the new place; undo brings back every byte', () => {
  const { built, moved } = movedTree();
  const before = listing(moved);
  const files = ['pkg-1-py3-none-any.whl', 'app.pyz'].map((name) => join(moved, 'lib', name));
  const facts = files.map((file) => runOk('python3', ['-c', LIST, file]));
  relocateOk(['fix', moved, '--prefix', built, '--repack'], [1]);
  expect(files.map((file) => runOk('python3', ['-c', LIST, file]))).toEqual(facts);
  expect(runOk(files[1] ?? '', [])).toBe(`main ${moved}\nother ${moved}\n`);
  expect(runOk('unzip', ['-p', files[0] ?? '', 'pkg/page.html'])).toBe(`<a href="file://${moved}/x%20y">${moved}</a>`);
  // pip checks the digests of RECORD
  const target = join(dirname(moved), 'installed');
  runOk('python3', ['-m', 'pip', 'install', '-q', '--no-index', '--target', target, files[0] ?? '']);
  expect(runOk('python3', ['-c', 'import pkg'], { env: { PYTHONPATH: target, PATH: '/usr/bin:/bin' } })).toBe(
    `${moved}/etc\n`,
  );

  const fixed = listing(moved);
  expect(relocateOk(['fix', moved, '--prefix', built, '--repack'], [1])).toContain('nothing to change');
  expect(listing(moved)).toBe(fixed);
  relocateOk(['undo', moved]);
  expect(listing(moved)).toBe(before);
});

test('what is signed or no text stays, with the reason; without --repack nothing changes', () => {
  const { built, moved } = movedTree();
  const before = listing(moved);
  relocateOk(['fix', moved, '--prefix', built], [1]);
  expect(listing(moved)).toBe(before);
  const jar = readFileSync(join(moved, 'lib/signed.jar'));
  const said = relocateOk(['fix', moved, '--prefix', built, '--repack', '--to', '/s'], [1]);
  expect(said).toContain('it is signed');
  expect(said).toContain('it is not plain text');
  expect(readFileSync(join(moved, 'lib/signed.jar')).equals(jar)).toBe(true);
  expect(runOk('unzip', ['-p', join(moved, 'lib/pkg-1-py3-none-any.whl'), 'pkg/__init__.py'])).toContain(
    'ROOT = "/s/etc"',
  );
});

test('an archive holds no placeholder: --template and --repack exclude each other', () => {
  const { moved } = movedTree();
  const { status, stderr } = relocate(['fix', moved, '--repack', '--template']);
  expect([status, stderr]).toEqual([2, expect.stringContaining('--repack')]);
});

test('any contents of any members read back with unzip and Python', () => {
  const zip = execFileSync('python3', [
    '-c',
    `import io, sys, zipfile
b = io.BytesIO(); b.write(b'in front'); z = zipfile.ZipFile(b, 'a', zipfile.ZIP_DEFLATED)
for i in range(6): z.writestr('m%d' % i, b'%d' % i * 50 * i, zipfile.ZIP_STORED if i % 2 else zipfile.ZIP_DEFLATED)
z.close(); sys.stdout.buffer.write(b.getvalue())`,
  ]);
  const read =
    (bytes: Buffer) =>
    (start: number, end: number): Buffer =>
      sourceOf(bytes).region(start, end);
  const entries = zipEntries(read(zip), zip.length)?.entries ?? [];
  expect(entries).toHaveLength(6);
  let last: Buffer = zip;
  fc.assert(
    fc.property(fc.array(fc.option(fc.uint8Array({ maxLength: 300 })), { minLength: 6, maxLength: 6 }), (wanted) => {
      const contents = new Map(
        entries.flatMap((entry, i) => {
          const content = wanted[i] ?? null;
          return content === null ? [] : [[entry, Buffer.from(content)] as const];
        }),
      );
      const splices = repackZip(read(zip), zip.length, contents);
      last = applySplices(zip, splices ?? []);
      const now = zipEntries(read(last), last.length);
      expect(now?.broken).toBe(0);
      const found = now?.entries.map((entry) => inflateEntry(read(last), entry)?.toString('latin1'));
      expect(found).toEqual(
        entries.map((entry) => (contents.get(entry) ?? inflateEntry(read(zip), entry))?.toString('latin1')),
      );
    }),
    { numRuns: 100 },
  );
  const folder = temporaryFolder();
  writeTree(folder, { 'x.zip': last });
  expect(run('unzip', ['-tq', join(folder, 'x.zip')]).stdout).toContain('No errors');
  expect(runOk('python3', ['-c', LIST, join(folder, 'x.zip')])).toMatch(/^None /);
});
