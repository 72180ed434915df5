/**
 * Looks for prefixes inside archives: zip, tar, and what gzip, zstd or xz packed, one in the other. All is read in a stream; nothing is kept of
 * a member but a window, and what is counted (bytes, members, layers, hits) has an end: what lies beyond is told, not looked at.
 */
import type { ArchiveFindings, ArchiveLimits, MemberHit, Unread } from './archive-findings.ts';
import { MemberSink, NestedZip, PIECE, searchZip, TarSink, type Sink } from './archive-sinks.ts';
import { pathGoesOnAt } from './boundary.ts';
import type { ByteSource } from './byte-source.ts';
import type { ContainerKind } from './container.ts';
import {
  decompression,
  gunzipWhole,
  UnreadError,
  type CompressionMethod,
  type Decompression,
  type UnpackWhole,
} from './decompression.ts';
import { unescapePath } from './escaping.ts';
import { HitStream, type OnHit } from './hit-stream.ts';
import type { Finder, Needles } from './needles.ts';

const MIB = 1024 * 1024;
const LIMITS: ArchiveLimits = {
  bytes: 4096 * MIB,
  ratio: 250,
  members: 200_000,
  hits: 50_000,
  layers: 4,
  nestedZip: 64 * MIB,
};
const LEAST_BOMB = 64 * MIB;
const LONGEST_PATH = 1024;

/** What a host has for the search. */
export interface ArchiveTools {
  /** Gives what unpacks xz, null where nothing does; called for the first xz data. */
  xzCodec(): UnpackWhole | null;
  /** Finds the needles quicker than `findNeedles`. */
  readonly find?: Finder;
}

/** Searches an archive of a kind that its head told. */
export function searchArchive(
  source: ByteSource,
  kind: ContainerKind,
  needles: Needles,
  tools: ArchiveTools,
  limits: Partial<ArchiveLimits> = {},
): ArchiveFindings {
  const search = new Search(needles, tools, { ...LIMITS, ...limits });
  search.container(source, kind, '', 1, 0);
  return { hits: search.hits, unread: search.unread };
}

/** One search: what it found so far, and what it has left to spend. */
export class Search {
  readonly hits: MemberHit[] = [];
  readonly unread: Unread[] = [];
  readonly limits: ArchiveLimits;
  readonly #needles: Needles;
  readonly #tools: ArchiveTools;
  #bytes = 0;
  #members = 0;
  /** A limit of the whole archive is reached. */
  #isOver = false;

  constructor({ needles, anchors, margin }: Needles, tools: ArchiveTools, limits: ArchiveLimits) {
    this.#tools = tools;
    this.#needles = { needles, anchors, margin: { ...margin, ahead: margin.ahead + LONGEST_PATH } };
    this.limits = limits;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Reads a container from its source. `raw` is where it stands in the file; null behind compression. */
  container(source: ByteSource, kind: ContainerKind, name: string, layer: number, raw: number | null): void {
    this.attempt(name, () => {
      if (kind === 'zip') return searchZip(this, source, name, layer, raw);
      if (kind === 'gzip') {
        const content = gunzipWhole(source);
        if (content !== null) return this.content(content, new MemberSink(this, name, layer + 1, null));
      }
      const sink = this.opened(kind, name, layer, raw);
      for (let at = 0; at < source.size && !this.#isOver; at += PIECE) sink.push(source.region(at, at + PIECE));
      sink.end();
    });
  }

  /** The sink that takes a container of a kind apart. @throws UnreadError */
  opened(kind: ContainerKind, name: string, layer: number, raw: number | null): Sink {
    if (layer > this.limits.layers)
      throw new UnreadError('limit', `archives within archives, more than ${this.limits.layers} deep`);
    switch (kind) {
      case 'tar':
        return new TarSink(this, name, layer, raw);
      case 'zip':
        return new NestedZip(this, name, layer, raw);
      case 'gzip':
      case 'xz':
      case 'zstd':
        return this.unpacked(kind, new MemberSink(this, name, layer + 1, null));
      default:
        throw new UnreadError('unsupported', `relocate does not read ${kind}`);
    }
  }

  /** Gives a sink what was unpacked in one piece, and counts it. */
  content(content: Buffer, into: MemberSink): void {
    this.#take(content.length);
    into.whole(content);
  }

  /** Unpacks into a sink, and counts what comes out. */
  unpacked(method: CompressionMethod, into: Sink): Sink {
    let taken = 0;
    let given = 0;
    const engine: Decompression = decompression(method, this.#tools.xzCodec, (piece) => {
      given += piece.length;
      this.#take(piece.length);
      if (given > LEAST_BOMB && given > taken * this.limits.ratio)
        throw new UnreadError('limit', `it becomes more than ${this.limits.ratio} times as large`);
      into.push(piece);
    });
    // what came out before something went wrong is searched to its end
    const guarded = (read: () => void): void => {
      try {
        read();
      } catch (error) {
        into.end();
        throw error;
      }
    };
    return {
      push(piece) {
        taken += piece.length;
        guarded(() => engine.push(piece));
      },
      end() {
        guarded(() => engine.end());
        into.end();
      },
    };
  }

  /** Counts a member; false where there are too many. */
  member(): boolean {
    if (++this.#members > this.limits.members) this.#over(`more than ${this.limits.members} members`);
    return !this.#isOver;
  }

  found(hit: MemberHit): void {
    if (this.hits.length < this.limits.hits) this.hits.push(hit);
    else this.#over(`more than ${this.limits.hits} paths`);
  }

  /** Notes what can't be read, and goes on. */
  attempt(name: string, read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof UnreadError)) throw error;
      if (!this.#isOver) this.unread.push({ member: name, why: error.why, note: error.message });
    }
  }

  stream(name: string, raw: number | null): HitStream {
    const onHit: OnHit = (hit, around, base) => {
      let end = hit.end - base;
      for (let step = -1; step !== 0 && end < around.length; end += step)
        step = pathGoesOnAt(around, end, hit.escaping);
      const path = unescapePath(around.subarray(hit.start - base, end), hit.escaping);
      this.found({
        member: name,
        start: hit.start,
        end: end + base,
        path,
        hit,
        raw: raw === null ? null : raw + hit.start,
      });
    };
    return new HitStream(this.#needles, onHit, this.#tools.find);
  }

  #take(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.limits.bytes) {
      this.#over(`more than ${this.limits.bytes} bytes when it is unpacked`);
      throw new UnreadError('limit', 'too large');
    }
  }

  #over(note: string): void {
    if (!this.#isOver) this.unread.push({ member: '', why: 'limit', note });
    this.#isOver = true;
  }
}
