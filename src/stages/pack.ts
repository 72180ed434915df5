/** pack: a relocatable archive of a tree. The plan is applied to the stream; the tree itself is only read. */
import { showBytes } from '../formats/byte-text.ts';
import { beginOutput, type ArchiveOutput } from '../io/archive-output.ts';
import { absolutePath } from '../io/places.ts';
import { reasonOf } from '../io/reasons.ts';
import type { CompressionName } from '../io/compression.ts';
import type { BundledPython } from '../model/bundle.ts';
import { UsageError } from '../model/errors.ts';
import type { LeftOut, Manifest } from '../model/manifest.ts';
import { isInside, type AbsolutePath } from '../model/path.ts';
import { PLACEHOLDER_PREFIX } from '../model/plan.ts';
import { Pace } from './pace.ts';
import { PackPlan } from './pack-plan.ts';
import { scanForPack, type PackScan } from './pack-scan.ts';
import { requireReadable } from './pack-verdicts.ts';
import { writeArchive, type PackedTree, type ArchiveOptions } from './pack-write.ts';
import type { Strategy } from './plan.ts';
import type { ScanOptions } from './scan-options.ts';

export interface WriteOptions extends ArchiveOptions {
  /** The file to write; what was there is replaced when the new one is complete. */
  readonly output: string;
}

export type PackOptions = WriteOptions & Omit<ScanOptions, keyof WriteOptions> & Omit<Strategy, 'to'>;

/** What a pack came to. */
export interface PackReceipt {
  readonly version: 1;
  readonly archive: AbsolutePath;
  /** Bytes and sha256 (hex) of the file: `install` takes the digest to authenticate it. */
  readonly bytes: number;
  readonly sha256: string;
  readonly compression: CompressionName;
  readonly totals: Manifest['totals'];
  readonly maxPrefixBytes: number | null;
  /** Prefixes of the build that the archive still names. */
  readonly origins: Manifest['origins'];
  readonly requirements: Manifest['requirements'];
  readonly refusals: Manifest['refusals'];
  readonly leftOut: readonly LeftOut[];
  /** Pythons that came along. */
  readonly pythons: readonly BundledPython[];
  readonly warnings: readonly string[];
}

/**
 * Scans a tree, plans with placeholders, and writes the archive.
 * @throws UsageError where a path can't be read or an option is wrong; StalePlanError where a file changes meanwhile; both leave no file
 * @example await pack('/srv/build/site', { output: 'site.tar.gz' });
 */
export async function pack(tree: string, options: PackOptions): Promise<PackReceipt> {
  const { onProgress: _, ...scanOptions } = options;
  const found = await scanForPack(tree, scanOptions);
  try {
    return await packScan(found, options);
  } finally {
    found.close();
  }
}

/** Plans a tree that was scanned, with placeholders, and writes the archive. */
export async function packScan(
  found: PackScan,
  options: WriteOptions & Omit<Strategy, 'to' | 'via'>,
): Promise<PackReceipt> {
  const scan = withRealOrigins(found);
  requireReadable(scan, options.volatile ?? []);
  if (isInside(absolutePath(options.output), scan.tree))
    throw new UsageError(
      `the archive can't be written into the tree that it holds; give a place outside ${scan.tree} with -o`,
    );
  const pace = new Pace(options, scan.entries.length);
  const output = beginOutput(options.output);
  try {
    const packed = await writeArchive(scan, new PackPlan(scan, options), output, options, pace);
    output.publish();
    return receipt(output, packed, scan.bundle?.pythons ?? []);
  } catch (error) {
    // such as a full disk; what is read has errors of its own
    if (error instanceof Error && 'syscall' in error && error.syscall === 'write')
      throw new UsageError(`the archive ${showBytes(output.path)} can't be written: ${reasonOf(error)}`);
    throw error;
  } finally {
    output.discard();
  }
}

/** A tree that is a template is known by its placeholder too, which is to stand in the archive: only places are looked for there. */
function withRealOrigins(scan: PackScan): PackScan {
  return { ...scan, prefixes: scan.prefixes.filter(({ path }) => path !== PLACEHOLDER_PREFIX) };
}

function receipt(output: ArchiveOutput, packed: PackedTree, pythons: readonly BundledPython[]): PackReceipt {
  const { totals, maxPrefixBytes, origins, requirements, refusals, leftOut } = packed.manifest;
  const { bytes, sha256, compression, warnings } = packed;
  return {
    version: 1,
    archive: output.path,
    bytes,
    sha256,
    compression,
    totals,
    maxPrefixBytes,
    origins,
    requirements,
    refusals,
    leftOut,
    pythons,
    warnings,
  };
}
