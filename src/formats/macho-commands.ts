/** The load commands of a Mach-O file that relocate knows. Source: mach-o/loader.h (load_command, LC_*). */

/** A Mach-O file whose headers say what can't be. The message says what and where. */
export class MalformedMachO extends Error {
  override readonly name: string = 'MalformedMachO';
}

/** cmd; LC_REQ_DYLD is part of the number. */
export const COMMAND = {
  segment: 0x1,
  symbolTable: 0x2,
  loadDylib: 0xc,
  idDylib: 0xd,
  loadDylinker: 0xe,
  idDylinker: 0xf,
  segment64: 0x19,
  codeSignature: 0x1d,
  lazyLoadDylib: 0x20,
  dyldEnvironment: 0x27,
  loadWeakDylib: 0x80000018,
  rpath: 0x8000001c,
  reexportDylib: 0x8000001f,
  loadUpwardDylib: 0x80000023,
} as const;

export interface LoadCommand {
  /** The file offset of the command, and its cmdsize in bytes. */
  readonly at: number;
  readonly size: number;
  readonly type: number;
}

/** The offset of cmdsize in load_command. */
export const COMMAND_SIZE_AT = 4;
