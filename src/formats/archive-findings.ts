/** What a search of an archive gives, and where it ends. */
import type { Hit } from './needles.ts';
import type { UnreadError } from './decompression.ts';

/** A prefix in a member. */
export interface MemberHit {
  /** The name within the archive; of an archive in the archive `a.zip!/b`. Empty where the file is one compressed stream. */
  readonly member: string;
  /** Offsets of the path in the member. */
  readonly start: number;
  readonly end: number;
  readonly path: string;
  readonly hit: Hit;
  /** The offset of the path in the file itself, where the member is stored as it is. */
  readonly raw: number | null;
}

/** What was not read, and why. */
export interface Unread {
  readonly member: string;
  readonly why: UnreadError['why'];
  readonly note: string;
}

export interface ArchiveFindings {
  readonly hits: readonly MemberHit[];
  readonly unread: readonly Unread[];
}

/** Limits, per archive. */
export interface ArchiveLimits {
  /** Bytes that come out of compression. */
  readonly bytes: number;
  /** How many bytes may come out of one, once there are many (LEAST_BOMB). */
  readonly ratio: number;
  readonly members: number;
  readonly hits: number;
  /** Containers within one another; `.tar.gz` are two. */
  readonly layers: number;
  /** Bytes of a zip within an archive: it is read from its end, so it is held whole. */
  readonly nestedZip: number;
}
