/**
 * What another program makes of a header: node-tar, the reader of most programs on Node. It takes text for names, and lines for records, so it gets
 * some names wrong that GNU tar, busybox and relocate get right; who verifies an archive is told.
 */
import { BLOCK, type TarEntry, type TarType } from './tar-entry.ts';
import { writeHeader } from './tar-write.ts';

/** node-tar's words for the types of entries. */
const TYPES: Readonly<Record<TarType, string>> = {
  file: 'File',
  'hard-link': 'Link',
  symlink: 'SymbolicLink',
  'character-device': 'CharacterDevice',
  'block-device': 'BlockDevice',
  directory: 'Directory',
  fifo: 'FIFO',
};

/**
 * Loads the other reader.
 * @returns whether node-tar reads type, size, mode, owner, path and target of an entry as they are, from the header that `writeHeader` gives, which
 * is the one in the archive
 */
export async function secondReading(): Promise<(entry: TarEntry) => boolean> {
  const { Header, Pax, ReadEntry } = await import('tar');
  return (entry) => {
    const bytes = writeHeader(entry);
    const first = new Header(bytes);
    const isPax = first.type === 'ExtendedHeader';
    const records = isPax ? Pax.parse(bytes.toString('utf8', BLOCK, BLOCK + (first.size ?? 0))) : undefined;
    const header = isPax ? new Header(bytes, bytes.length - BLOCK, records) : first;
    const read = new ReadEntry(header, records);
    return (
      header.cksumValid &&
      read.type === TYPES[entry.type] &&
      read.size === entry.size &&
      read.mode === entry.mode &&
      read.uid === entry.uid &&
      read.gid === entry.gid &&
      read.path === entry.path &&
      (read.linkpath ?? '') === entry.target
    );
  };
}
