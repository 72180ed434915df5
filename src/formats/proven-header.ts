/** Headers that are proven as they are written. */
import { ArchiveError } from '../model/errors.ts';
import { manifestEntryDiffers } from './archive-agreement.ts';
import { showBytes } from './byte-text.ts';
import { BLOCK, type TarEntry } from './tar-entry.ts';
import { parsePax } from './tar-pax.ts';
import { readBlock, readFields } from './tar-read.ts';
import { writeHeader } from './tar-write.ts';

/** The header of an entry, read back as install will. */
export function provenHeader(written: TarEntry): Buffer {
  const head = writeHeader(written);
  const block = head.length === BLOCK ? head : head.subarray(-BLOCK);
  const pax = block === head ? 0 : paxSize(head.subarray(0, BLOCK));
  const records = pax === 0 ? {} : parsePax(head.subarray(BLOCK, BLOCK + pax));
  const last = readBlock(block);
  const differs =
    last.kind === 'entry'
      ? manifestEntryDiffers(written, readFields(last.type, block, records))
      : new ArchiveError('pack-proof', `the header of '${showBytes(written.path)}' is not read as one`);
  if (differs !== null) throw differs;
  return head;
}

/** The pax header that was read last: those of most entries are the same, but for what follows them. */
const known = { block: Buffer.alloc(BLOCK), size: 0 };

/** How many bytes of records a pax header announces; 0 where it is none. */
function paxSize(block: Buffer): number {
  if (block.equals(known.block)) return known.size;
  const first = readBlock(block);
  known.size = first.kind === 'pax' ? first.size : 0;
  block.copy(known.block);
  return known.size;
}
