/** What takes the parts of archives: members, tars in a stream, zips within archives. What is wrong with one ends with it. */
import type { ByteSource } from './byte-source.ts';
import { decodeBytes } from './byte-text.ts';
import type { Search } from './archive-search.ts';
import { CONTAINER_HEAD, containerOf, type ContainerKind } from './container.ts';
import { inflateWhole, UnreadError, type CompressionMethod } from './decompression.ts';
import { TarMembers } from './tar-members.ts';
import { ENCRYPTED, zipEntries, type ZipEntry } from './zip-entries.ts';

/** How much is read at a time. */
export const PIECE: number = 256 * 1024;

export interface Sink {
  push(piece: Buffer): void;
  end(): void;
}

/** One member: looked into where its head says that it is a container, else searched. */
export class MemberSink implements Sink {
  readonly #search: Search;
  readonly #name: string;
  readonly #layer: number;
  readonly #raw: number | null;
  #head: Buffer = Buffer.alloc(0);
  #into: Sink | null = null;
  #isDead = false;

  constructor(search: Search, name: string, layer: number, raw: number | null) {
    this.#search = search;
    this.#name = name;
    this.#layer = layer;
    this.#raw = raw;
  }

  push(piece: Buffer): void {
    this.#guarded(() => {
      if (this.#into !== null) return this.#into.push(piece);
      this.#head = this.#head.length === 0 ? piece : Buffer.concat([this.#head, piece]);
      if (this.#head.length < CONTAINER_HEAD) this.#head = Buffer.from(this.#head);
      else this.#begin();
    });
  }

  end(): void {
    this.#guarded(() => {
      if (this.#into === null) this.#begin();
      this.#into?.end();
    });
  }

  /** The same for a member that comes in one piece. */
  whole(bytes: Buffer): void {
    this.#guarded(() => {
      const kind = kindOf(bytes);
      if (kind === null) this.#search.stream(this.#name, this.#raw).whole(bytes);
      else {
        const sink = this.#search.opened(kind, this.#name, this.#layer, this.#raw);
        sink.push(bytes);
        sink.end();
      }
    });
  }

  #begin(): void {
    const kind = kindOf(this.#head);
    const head = this.#head;
    this.#head = Buffer.alloc(0);
    this.#into = kind === null ? this.#plain() : this.#search.opened(kind, this.#name, this.#layer, this.#raw);
    this.#into.push(head);
  }

  #plain(): Sink {
    const stream = this.#search.stream(this.#name, this.#raw);
    return { push: (piece) => void stream.push(piece), end: () => void stream.end() };
  }

  #guarded(read: () => void): void {
    if (this.#isDead || this.#search.isOver) return;
    let isWhole = false;
    this.#search.attempt(this.#name, () => {
      read();
      isWhole = true;
    });
    this.#isDead = !isWhole;
  }
}

/** Of a member, whatever pieces it comes in, no more than this tells what it is. */
const HEAD = 4096;

function kindOf(bytes: Buffer): ContainerKind | null {
  return containerOf(bytes.subarray(0, HEAD));
}

export class TarSink implements Sink {
  readonly #tar: TarMembers;

  constructor(search: Search, name: string, layer: number, raw: number | null) {
    const at = (offset: number): number | null => (raw === null ? null : raw + offset);
    let member: MemberSink | null = null;
    this.#tar = new TarMembers({
      begin: (inner, offset) => {
        member = search.member() ? new MemberSink(search, within(name, inner), layer + 1, at(offset)) : null;
      },
      data: (piece) => member?.push(piece),
      end: () => member?.end(),
      header: (inner, bytes, offset) => {
        search.stream(within(name, inner), at(offset)).whole(bytes);
      },
    });
  }

  push(piece: Buffer): void {
    this.#tar.push(piece);
  }

  end(): void {
    this.#tar.end();
  }
}

/** A zip within an archive: its directory stands at its end, so it is held whole. */
export class NestedZip implements Sink {
  readonly #search: Search;
  readonly #finish: (whole: Buffer) => void;
  readonly #pieces: Buffer[] = [];
  #size = 0;

  constructor(search: Search, name: string, layer: number, raw: number | null) {
    this.#search = search;
    this.#finish = (whole) =>
      searchZip(search, { size: whole.length, region: (start, end) => whole.subarray(start, end) }, name, layer, raw);
  }

  push(piece: Buffer): void {
    this.#size += piece.length;
    const { nestedZip } = this.#search.limits;
    if (this.#size > nestedZip) throw new UnreadError('limit', `a zip in an archive, of more than ${nestedZip} bytes`);
    this.#pieces.push(Buffer.from(piece));
  }

  end(): void {
    this.#finish(Buffer.concat(this.#pieces));
  }
}

/** Searches the entries of a zip, each from where the directory says it is. @throws UnreadError where the zip makes no sense */
export function searchZip(search: Search, source: ByteSource, name: string, layer: number, raw: number | null): void {
  const read = (start: number, end: number): Buffer => source.region(start, end);
  const found = zipEntries(read, source.size);
  if (found === null)
    throw new UnreadError('damaged', 'the zip has no directory at its end, or its numbers do not fit together');
  for (const entry of found.entries) {
    if (search.isOver || !search.member()) return;
    const member = within(name, entry.name);
    search.attempt(member, () =>
      searchEntry(search, source, entry, new MemberSink(search, member, layer + 1, rawOf(entry, raw))),
    );
  }
  if (found.broken > 0)
    throw new UnreadError('damaged', `${found.broken} of its entries have no data where the directory says`);
}

function rawOf({ method, dataAt }: ZipEntry, raw: number | null): number | null {
  return method === 0 && raw !== null ? raw + dataAt : null;
}

/** Methods of APPNOTE 4.4.5 that are read. */
const METHODS: Readonly<Record<number, CompressionMethod>> = { 8: 'deflate', 93: 'zstd', 95: 'xz' };

function searchEntry(search: Search, source: ByteSource, entry: ZipEntry, member: MemberSink): void {
  if ((entry.flags & ENCRYPTED) !== 0) throw new UnreadError('unsupported', 'it is encrypted');
  const method = METHODS[entry.method];
  if (method === undefined && entry.method !== 0)
    throw new UnreadError('unsupported', `relocate does not read the method ${entry.method} of zip`);
  const content = method === 'deflate' ? inflateWhole(source, entry) : null;
  if (content !== null) return search.content(content, member);
  const sink = method === undefined ? member : search.unpacked(method, member);
  const end = entry.dataAt + entry.packedSize;
  for (let at = entry.dataAt; at < end && !search.isOver; at += PIECE)
    sink.push(source.region(at, Math.min(end, at + PIECE)));
  sink.end();
}

function within(archive: string, member: Buffer): string {
  const name = decodeBytes(member);
  return archive === '' ? name : `${archive}!/${name}`;
}
