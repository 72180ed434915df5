/** Makes archives by hand, right ones and wrong ones: what an attacker would write, with every digest in order unless told otherwise. */
import { hash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { wrapMember } from '../../src/formats/gzip-frames.ts';
import { mostPacked, zstdCodec } from '../../src/io/zstd-codec.ts';
import { digestList, renderList } from '../../src/formats/install-lists.ts';
import { manifestBytes, parseManifest } from '../../src/formats/manifest-json.ts';
import { BLOCK, ownEntry, paddingOf, tarEntry } from '../../src/formats/tar-entry.ts';
import { writeHeader } from '../../src/formats/tar-write.ts';
import type { FileEntry, ManifestEntry } from '../../src/model/manifest-entry.ts';
import type { Manifest } from '../../src/model/manifest.ts';
import { asTreePath } from '../../src/model/path.ts';

/** One entry as it stands in the tar. */
export interface Piece {
  readonly header: Buffer;
  readonly body: Buffer;
}

export interface CraftOptions {
  /** Changes the manifest before it is written. */
  readonly manifest?: (manifest: Manifest) => unknown;
  /** Changes the bytes of the manifest. */
  readonly manifestText?: (text: string) => string;
  /** Changes the pieces of the tar: the manifest, install.sh, render.list, digests.list, then the entries. */
  readonly pieces?: (pieces: Piece[]) => Piece[];
  /** Changes the bytes of the tar. */
  readonly tar?: (tar: Buffer) => Buffer;
}

/** A file entry with its contents. */
export interface CraftedFile {
  readonly entry: FileEntry;
  readonly body: Buffer;
}

const MTIME = '1200000000000000000';

export function file(path: string, text: string | Buffer, more: Partial<FileEntry> = {}): CraftedFile {
  const body = Buffer.from(text);
  return {
    body,
    entry: {
      type: 'file',
      path: asTreePath(path),
      mode: 0o644,
      mtime: MTIME,
      size: body.length,
      sha256: hash('sha256', body),
      ...more,
    },
  };
}

export function folder(path: string, mode = 0o755): ManifestEntry {
  return { type: 'directory', path: asTreePath(path), mode, mtime: MTIME };
}

export function symlink(path: string, target: string, leads: 'inside' | 'outside' = 'inside'): ManifestEntry {
  return { type: 'symlink', path: asTreePath(path), target, leads, mtime: MTIME };
}

export function hardLink(path: string, target: string): ManifestEntry {
  return { type: 'hard-link', path: asTreePath(path), target: asTreePath(target), mtime: MTIME };
}

export function device(path: string): ManifestEntry {
  return { type: 'character-device', path: asTreePath(path), mode: 0o644, mtime: MTIME, major: 1, minor: 3 };
}

/** A plain tar with these entries in this order, whatever they are. */
export function craftTar(entries: readonly (ManifestEntry | CraftedFile)[], options: CraftOptions = {}): Buffer {
  const listed = entries.map((each) => ('entry' in each ? each.entry : each));
  const bodies = entries.map((each) => ('entry' in each ? each.body : Buffer.alloc(0)));
  const manifest = frame(listed);
  const own = [Buffer.from('#!/bin/sh\n'), renderList(manifest)];
  const paths = ['.relocate/install.sh', '.relocate/render.list', '.relocate/digests.list'].map(asTreePath);
  const whole: Manifest = {
    ...manifest,
    own: own.map((bytes, i) => ({
      path: paths[i] ?? asTreePath(''),
      size: bytes.length,
      sha256: hash('sha256', bytes),
    })),
  };
  // a wrong manifest is none by its type
  const changed = (options.manifest?.(whole) ?? whole) as Manifest;
  const text = Buffer.concat([...manifestBytes(changed)]).toString('utf8');
  const bytes = Buffer.from(options.manifestText?.(text) ?? text, 'utf8');
  own.push(listOf(bytes, changed));
  const pieces: Piece[] = [
    piece(writeHeader(ownEntry('.relocate/manifest.json', bytes.length, 0o644)), bytes),
    ...own.map((body, i) => piece(writeHeader(ownEntry(paths[i] ?? '', body.length, i === 0 ? 0o755 : 0o644)), body)),
    ...listed.map((entry, i) => piece(writeHeader(tarEntry(entry)), bodies[i] ?? Buffer.alloc(0))),
  ];
  const tar = Buffer.concat([
    ...(options.pieces?.(pieces) ?? pieces).flatMap(({ header, body }) => [header, body]),
    Buffer.alloc(2 * BLOCK),
  ]);
  return options.tar?.(tar) ?? tar;
}

/** The list of digests that fits the bytes of a manifest, where they can be understood at all. */
function listOf(bytes: Buffer, fallback: Manifest): Buffer {
  try {
    return digestList(parseManifest(bytes), hash('sha256', bytes));
  } catch {
    return digestList(fallback, hash('sha256', bytes));
  }
}

/** Frames of a gzip archive, as relocate writes them. */
export function gzipFrames(tar: Buffer, size = 2048): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at < tar.length; at += size) {
    const contents = tar.subarray(at, at + size);
    frames.push(wrapMember(contents, deflateRawSync(contents)));
  }
  return Buffer.concat(frames);
}

/** Frames of a zstd archive, as relocate writes them. */
export async function zstdFrames(tar: Buffer, size = 2048): Promise<Buffer> {
  const { compress } = await zstdCodec();
  if (compress === null) throw new Error('nothing here compresses with zstd');
  const frames: Buffer[] = [];
  for (let at = 0; at < tar.length; at += size) {
    const contents = tar.subarray(at, at + size);
    const frame = Buffer.alloc(mostPacked(contents.length));
    frames.push(frame.subarray(0, compress(contents, 3, frame)));
  }
  return Buffer.concat(frames);
}

export function piece(header: Buffer, body: Buffer): Piece {
  return { header, body: Buffer.concat([body, Buffer.alloc(paddingOf(body.length))]) };
}

/** A manifest with these entries, but without the digests of relocate’s own files. */
export function frame(entries: readonly ManifestEntry[]): Manifest {
  const files = entries.filter((entry): entry is FileEntry => entry.type === 'file');
  return {
    version: 1,
    tool: { name: 'relocate', version: '0.0.0' },
    tree: { name: '', version: '' },
    placeholder: '@@RELOCATE_PREFIX@@',
    origins: [],
    root: { mode: 0o755 },
    attributes: 'recorded',
    own: [],
    totals: { entries: entries.length, files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) },
    requirements: {
      platform: process.platform,
      arch: process.arch,
      libc: '',
      native: false,
      libraries: [],
      foreign: [],
      interpreters: [],
      outside: [],
    },
    maxPrefixBytes: null,
    volatile: [],
    leftOut: [],
    refusals: [],
    entries,
  };
}
