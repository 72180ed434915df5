/** What the threads of a pack are asked, and what they answer. */
import type { TarEntry } from '../formats/tar-entry.ts';
import type { AbsolutePath, TreePath } from '../model/path.ts';
import type { Prefix } from '../model/prefix.ts';
import type { Splice } from '../model/reference.ts';
import type { Seal } from '../model/seal.ts';
import type { CompressionName } from './compression.ts';

/** What every thread needs to know. Plain JSON. */
export interface FrameSettings {
  readonly compression: CompressionName;
  readonly level: number | null;
  /** What no file may name more often than it is known to. */
  readonly prefixes: readonly Prefix[];
}

/** Where the contents of an entry come from. */
export interface FileSource {
  readonly root: AbsolutePath;
  readonly path: TreePath;
  /** Null where the bytes stay as they are. */
  readonly change: {
    /** sha256 (hex) of what stands in the tree. */
    readonly before: string;
    readonly splices: readonly Splice[];
    readonly seals: readonly Seal[];
  } | null;
}

/** A file, and what its contents must be. */
export interface FrameFile extends FileSource {
  /** sha256 (hex) of what the archive is to hold. */
  readonly sha256: string;
  /** How often it names a prefix. */
  readonly remains: number;
}

export interface FrameEntry {
  readonly header: TarEntry;
  /** Null for what has no contents. */
  readonly file: FrameFile | null;
}

/** One frame: bytes that are at hand, then entries to be read, then what ends an archive. */
export interface FrameTask {
  readonly head: Uint8Array;
  readonly entries: readonly FrameEntry[];
  readonly isLast: boolean;
}

/** What stands in the file for a frame, and how many bytes of the archive it is. */
export interface PackedFrame {
  readonly bytes: Uint8Array;
  readonly contents: number;
}

/** What the new bytes of a file come to. */
export interface Measured {
  readonly size: number;
  /** sha256, hex. */
  readonly sha256: string;
  /** How often they still name a prefix of the build, and which of them. */
  readonly remains: number;
  readonly named: readonly AbsolutePath[];
}

/** What a thread is asked. */
export type PackJob =
  /** `room`: memory for the frame as it stands in the file. The head may stand there: it has been taken when the frame is put. */
  | { readonly kind: 'frame'; readonly task: FrameTask; readonly room: ArrayBuffer }
  | { readonly kind: 'measure'; readonly sources: readonly FileSource[] };

/** What it answers, or the error that there was instead, in parts that cross threads. */
export type PackAnswer =
  | { readonly kind: 'frame'; readonly frame: PackedFrame }
  | { readonly kind: 'measured'; readonly measured: readonly Measured[] }
  | { readonly kind: 'stale-plan'; readonly message: string }
  | { readonly kind: 'archive'; readonly rule: string; readonly message: string };
