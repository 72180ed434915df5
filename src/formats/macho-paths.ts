/** The paths in the load commands of a Mach-O file: what dyld reads, where each stands, and how much room it has. */
import type { MachOSlice } from './macho.ts';
import { COMMAND, type LoadCommand } from './macho-commands.ts';

/**
 * `dependency` a library that is loaded; `id` the name under which a library is linked against; `rpath` a place to look for `@rpath`;
 * `dylinker` the dynamic linker; `environment` `NAME=value`.
 */
export type CommandPathKind = 'dependency' | 'id' | 'rpath' | 'dylinker' | 'environment';

export interface CommandPath {
  readonly kind: CommandPathKind;
  readonly command: LoadCommand;
  /** The string from its first byte to the NUL, and the end of the command: what lies between is padding. */
  readonly start: number;
  readonly end: number;
  readonly limit: number;
}

/** The kind of string that a command holds, and the bytes in front of it at least (lc_str is an offset from the command). */
const STRINGS: ReadonlyMap<number, { readonly kind: CommandPathKind; readonly header: number }> = new Map([
  [COMMAND.loadDylib, { kind: 'dependency', header: 24 }],
  [COMMAND.loadWeakDylib, { kind: 'dependency', header: 24 }],
  [COMMAND.reexportDylib, { kind: 'dependency', header: 24 }],
  [COMMAND.lazyLoadDylib, { kind: 'dependency', header: 24 }],
  [COMMAND.loadUpwardDylib, { kind: 'dependency', header: 24 }],
  [COMMAND.idDylib, { kind: 'id', header: 24 }],
  [COMMAND.rpath, { kind: 'rpath', header: 12 }],
  [COMMAND.loadDylinker, { kind: 'dylinker', header: 12 }],
  [COMMAND.idDylinker, { kind: 'dylinker', header: 12 }],
  [COMMAND.dyldEnvironment, { kind: 'environment', header: 12 }],
]);

/** The strings of a slice in their order; one that lies outside its command, or that no NUL ends, is passed over: dyld refuses the file. */
export function commandPaths(slice: MachOSlice): CommandPath[] {
  return slice.commands.flatMap((command): CommandPath[] => {
    const string = STRINGS.get(command.type);
    if (string === undefined || command.size < string.header) return [];
    const offset = slice.numbers.u32(command.at + 8);
    if (offset < string.header || offset >= command.size) return [];
    const start = command.at + offset;
    const limit = command.at + command.size;
    const length = slice.source.region(start, limit).indexOf(0);
    return length < 0 ? [] : [{ kind: string.kind, command, start, end: start + length, limit }];
  });
}
