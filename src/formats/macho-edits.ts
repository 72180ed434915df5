/**
 * Writes other paths into the load commands of a Mach-O file: in place where a command has room, else by growth. A command that grows
 * pushes those behind it into the padding before the first section; as many bytes go there as come in, so nothing else moves.
 */
import type { Splice } from '../model/reference.ts';
import { numberBytes } from './byte-source.ts';
import { decodeBytes, encodeBytes } from './byte-text.ts';
import { SIZE_OF_COMMANDS_AT, type MachOSlice } from './macho.ts';
import { COMMAND_SIZE_AT } from './macho-commands.ts';
import type { CommandPath } from './macho-paths.ts';

/** The splices that write each path; `room` and `needed` (bytes) for one that finds no room. */
export type Rewritten =
  | { readonly ok: true; readonly splices: readonly Splice[] }
  | { readonly ok: false; readonly room: number; readonly needed: number };

/**
 * Works out all new paths of a slice together: paths that grow share their splices, so that they are written all or none. In the
 * order of the commands, as many grow as the padding holds.
 */
export function rewritePaths(slice: MachOSlice, texts: ReadonlyMap<CommandPath, string>): Map<CommandPath, Rewritten> {
  const rewritten = new Map<CommandPath, Rewritten>();
  const growing: CommandPath[] = [];
  const padding = paddingOf(slice);
  let grown = 0;
  for (const [path, text] of texts) {
    const needed = growthOf(slice, path, text);
    if (needed === 0) rewritten.set(path, { ok: true, splices: [stringSplice(path, text, path.limit - path.start)] });
    else if (grown + needed > padding) rewritten.set(path, { ok: false, room: padding - grown, needed });
    else {
      growing.push(path);
      grown += needed;
    }
  }
  const splices = growing.flatMap((path) => growthSplices(slice, path, texts.get(path) ?? ''));
  if (growing.length > 0) splices.push(...headerSplices(slice, grown));
  for (const path of growing) rewritten.set(path, { ok: true, splices });
  return rewritten;
}

/** No growth needs more. */
const MOST_PADDING = 64 * 1024;

/** Bytes of zeros behind the load commands. */
function paddingOf({ source, commandsEnd, contentStart }: MachOSlice): number {
  const bytes = source.region(commandsEnd, Math.min(contentStart, commandsEnd + MOST_PADDING));
  const used = bytes.findIndex((byte) => byte !== 0);
  return used < 0 ? bytes.length : used;
}

/** How many bytes a command must grow to hold the text and its NUL; cmdsize is a multiple of 8, in 32-bit files of 4. */
function growthOf({ is64 }: MachOSlice, { command, start, limit }: CommandPath, text: string): number {
  const size = start - command.at + encodeBytes(text).length + 1;
  const unit = is64 ? 8 : 4;
  return start + encodeBytes(text).length < limit ? 0 : Math.ceil(size / unit) * unit - command.size;
}

function growthSplices(slice: MachOSlice, path: CommandPath, text: string): Splice[] {
  const { command, start, limit } = path;
  const growth = growthOf(slice, path, text);
  const size = numberBytes(command.size + growth, 4, slice.numbers.isLittleEndian);
  const at = command.at + COMMAND_SIZE_AT;
  return [{ start: at, end: at + 4, text: decodeBytes(size) }, stringSplice(path, text, limit - start + growth)];
}

function headerSplices({ start, is64, commandsEnd, numbers }: MachOSlice, grown: number): Splice[] {
  const at = start + SIZE_OF_COMMANDS_AT;
  const size = commandsEnd - start - (is64 ? 32 : 28) + grown;
  return [
    { start: at, end: at + 4, text: decodeBytes(numberBytes(size, 4, numbers.isLittleEndian)) },
    { start: commandsEnd, end: commandsEnd + grown, text: '' },
  ];
}

function stringSplice({ start, limit }: CommandPath, text: string, room: number): Splice {
  const bytes = Buffer.alloc(room);
  encodeBytes(text).copy(bytes);
  return { start, end: limit, text: decodeBytes(bytes) };
}
