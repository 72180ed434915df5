/**
 * Writes small ELF files: any class, byte order and machine, with a dynamic section of any kind. They hold no code: the dynamic linker's
 * tables are what is looked at. (System V gABI, chapters 4 and 5.)
 */

export interface ElfRecipe {
  /** 64 where not said. */
  readonly bits?: 32 | 64;
  /** Little-endian where not said. */
  readonly bigEndian?: boolean;
  /** e_machine; x86-64 (62) where not said. */
  readonly machine?: number;
  readonly type?: 'executable' | 'shared';
  readonly interpreter?: string;
  readonly needed?: readonly string[];
  readonly soname?: string;
  readonly rpath?: string;
  readonly runpath?: string;
  readonly audit?: string;
  readonly symbols?: readonly string[];
  /** Versions needed: the file each comes from, which is listed under its NEEDED name. */
  readonly versions?: readonly (readonly [file: string, version: string])[];
  /** What tells the number of symbols. */
  readonly hash?: 'sysv' | 'gnu' | 'none';
  /** Whether strings share their tails, as linkers do. */
  readonly sharesTails?: boolean;
  /** Strings of the table that nobody reads. */
  readonly unread?: readonly string[];
  readonly sections?: boolean;
  /** C strings of the program, in `.rodata`, each with its NUL. */
  readonly constants?: readonly string[];
  /** Whether there is a note, whose program header can be spared. */
  readonly note?: boolean;
}

/** The bytes of the file. */
export function writeElf(recipe: ElfRecipe): Buffer {
  return new ElfWriter(recipe).bytes();
}

const PAGE = 0x1000;

class ElfWriter {
  readonly #recipe: ElfRecipe;
  readonly #is64: boolean;
  readonly #strings: StringTable;
  readonly #parts: { readonly name: string; readonly offset: number; readonly bytes: Buffer }[] = [];
  #end = 0;

  constructor(recipe: ElfRecipe) {
    this.#recipe = recipe;
    this.#is64 = recipe.bits !== 32;
    this.#strings = new StringTable(recipe.sharesTails === true, allStrings(recipe), recipe.unread ?? []);
  }

  bytes(): Buffer {
    const { interpreter, note, sections } = this.#recipe;
    const headers = 2 + (interpreter === undefined ? 0 : 1) + (note === true ? 1 : 0);
    this.#end = (this.#is64 ? 64 : 52) + headers * (this.#is64 ? 56 : 32);
    if (interpreter !== undefined) this.#add('.interp', Buffer.from(`${interpreter}\0`));
    if (note === true) this.#add('.note', this.#words([4, 4, 1, 0x00554e47, 0x12345678]));
    const symbols = this.#symbols();
    if (this.#recipe.hash !== 'none') this.#add('.hash', this.#hash());
    this.#add('.dynsym', symbols);
    this.#add('.dynstr', this.#strings.bytes);
    const versions = this.#versions();
    if (versions !== null) this.#add('.gnu.version_r', versions);
    const { constants } = this.#recipe;
    if (constants !== undefined) this.#add('.rodata', Buffer.from(constants.map((text) => `${text}\0`).join('')));
    this.#add('.dynamic', this.#dynamic());
    const shared = this.#parts.map(({ bytes, offset }) => [bytes, offset] as const);
    const sectionTable = sections === true ? this.#sections() : null;
    const file = Buffer.alloc(this.#end + (sectionTable?.bytes.length ?? 0));
    this.#header(headers, sectionTable).copy(file);
    this.#programHeaders().copy(file, this.#is64 ? 64 : 52);
    for (const [bytes, offset] of shared) bytes.copy(file, offset);
    if (sectionTable !== null) {
      sectionTable.names.copy(file, sectionTable.namesAt);
      sectionTable.bytes.copy(file, this.#end);
    }
    return file;
  }

  #add(name: string, bytes: Buffer): number {
    this.#end = Math.ceil(this.#end / 8) * 8;
    const offset = this.#end;
    this.#parts.push({ name, offset, bytes });
    this.#end += bytes.length;
    return offset;
  }

  #part(name: string): { readonly offset: number; readonly bytes: Buffer } | undefined {
    return this.#parts.find((part) => part.name === name);
  }

  #number(value: number, width: 2 | 4 | 8): Buffer {
    const bytes = Buffer.alloc(width);
    if (width === 8) {
      if (this.#recipe.bigEndian === true) bytes.writeBigUInt64BE(BigInt(value));
      else bytes.writeBigUInt64LE(BigInt(value));
    } else if (this.#recipe.bigEndian === true) bytes.writeUIntBE(value, 0, width);
    else bytes.writeUIntLE(value, 0, width);
    return bytes;
  }

  #half(value: number): Buffer {
    return this.#number(value, 2);
  }

  #word(value: number): Buffer {
    return this.#number(value, 4);
  }

  #long(value: number): Buffer {
    return this.#number(value, this.#is64 ? 8 : 4);
  }

  #words(values: readonly number[]): Buffer {
    return Buffer.concat(values.map((value) => this.#word(value)));
  }

  #symbols(): Buffer {
    const names = ['', ...(this.#recipe.symbols ?? [])];
    // st_info of all but the first: a global symbol without a type, defined nowhere (Elf64_Sym, Elf32_Sym)
    return Buffer.concat(
      names.map((name, index) => {
        const rest = Buffer.alloc(this.#is64 ? 20 : 12);
        if (index > 0) rest[this.#is64 ? 0 : 8] = 0x10;
        return Buffer.concat([this.#word(this.#strings.offsetOf(name)), rest]);
      }),
    );
  }

  #hash(): Buffer {
    const count = 1 + (this.#recipe.symbols ?? []).length;
    if (this.#recipe.hash !== 'gnu') return this.#words([1, count, 0, ...Array.from({ length: count }, () => 0)]);
    // one bucket that holds all symbols; the low bit of its last hash ends the chain
    const hashed = count - 1;
    const chain = Array.from({ length: hashed }, (_, index) => (index === hashed - 1 ? 1 : 2));
    return Buffer.concat([this.#words([1, 1, 1, 0]), this.#long(0), this.#words([hashed === 0 ? 0 : 1, ...chain])]);
  }

  #versions(): Buffer | null {
    const versions = this.#recipe.versions ?? [];
    if (versions.length === 0) return null;
    return Buffer.concat(
      versions.map(([file, version], index) =>
        Buffer.concat([
          this.#half(1),
          this.#half(1),
          this.#words([this.#strings.offsetOf(file), 16, index === versions.length - 1 ? 0 : 32]),
          this.#word(0x1234),
          this.#half(0),
          this.#half(2),
          this.#words([this.#strings.offsetOf(version), 0]),
        ]),
      ),
    );
  }

  #dynamic(): Buffer {
    const { needed = [], soname, rpath, runpath, audit, hash = 'sysv', versions = [] } = this.#recipe;
    const string = (tag: number, text: string | undefined): [number, number][] =>
      text === undefined ? [] : [[tag, this.#strings.offsetOf(text)]];
    const address = (tag: number, name: string): [number, number][] => {
      const part = this.#part(name);
      return part === undefined ? [] : [[tag, this.#address(part.offset)]];
    };
    const entries = [
      ...needed.flatMap((name) => string(1, name)),
      ...string(14, soname),
      ...string(15, rpath),
      ...string(29, runpath),
      ...string(0x6ffffefc, audit),
      ...address(hash === 'gnu' ? 0x6ffffef5 : 4, '.hash'),
      ...address(5, '.dynstr'),
      ...address(6, '.dynsym'),
      [10, this.#strings.bytes.length],
      [11, this.#is64 ? 24 : 16],
      ...address(0x6ffffffe, '.gnu.version_r'),
      ...(versions.length > 0 ? [[0x6fffffff, versions.length]] : []),
      [0, 0],
      [0, 0],
      [0, 0],
    ];
    return Buffer.concat(entries.flatMap((entry) => entry.map((value) => this.#long(value))));
  }

  #address(offset: number): number {
    return (this.#recipe.type === 'executable' ? 0x400000 : 0) + offset;
  }

  #programHeaders(): Buffer {
    const header = (type: number, flags: number, offset: number, size: number, align: number): Buffer => {
      const middle = [offset, this.#address(offset), this.#address(offset), size, size].map((value) =>
        this.#long(value),
      );
      return this.#is64
        ? Buffer.concat([this.#word(type), this.#word(flags), ...middle, this.#long(align)])
        : Buffer.concat([this.#word(type), ...middle, this.#word(flags), this.#word(align)]);
    };
    const of = (type: number, name: string): Buffer[] => {
      const part = this.#part(name);
      return part === undefined ? [] : [header(type, 4, part.offset, part.bytes.length, 4)];
    };
    return Buffer.concat([
      ...of(3, '.interp'),
      header(1, 6, 0, this.#end, PAGE),
      ...of(2, '.dynamic'),
      ...of(4, '.note'),
    ]);
  }

  #header(count: number, sections: { readonly count: number } | null): Buffer {
    const { type, machine = 62, bigEndian } = this.#recipe;
    const ident = Buffer.from([0x7f, 0x45, 0x4c, 0x46, this.#is64 ? 2 : 1, bigEndian === true ? 2 : 1, 1]);
    return Buffer.concat([
      ident,
      Buffer.alloc(9),
      this.#half(type === 'executable' ? 2 : 3),
      this.#half(machine),
      this.#word(1),
      this.#long(0),
      this.#long(this.#is64 ? 64 : 52),
      this.#long(sections === null ? 0 : this.#end),
      this.#word(0),
      this.#half(this.#is64 ? 64 : 52),
      this.#half(this.#is64 ? 56 : 32),
      this.#half(count),
      this.#half(this.#is64 ? 64 : 40),
      this.#half(sections?.count ?? 0),
      this.#half(sections === null ? 0 : sections.count - 1),
    ]);
  }

  #sections(): { readonly bytes: Buffer; readonly names: Buffer; readonly namesAt: number; readonly count: number } {
    const types: Readonly<Record<string, number>> = {
      '.interp': 1,
      '.note': 7,
      '.hash': this.#recipe.hash === 'gnu' ? 0x6ffffff6 : 5,
      '.dynsym': 11,
      '.dynstr': 3,
      '.gnu.version_r': 0x6ffffffe,
      '.dynamic': 6,
    };
    const loaded = [...this.#parts];
    const names = Buffer.from(`\0${[...loaded.map(({ name }) => name), '.shstrtab'].join('\0')}\0`);
    const namesAt = this.#add('.shstrtab', names);
    this.#end = Math.ceil(this.#end / 8) * 8;
    const strings = 1 + loaded.findIndex(({ name }) => name === '.dynstr');
    const entry = (values: readonly number[]): Buffer => {
      const [
        name = 0,
        type = 0,
        flags = 0,
        address = 0,
        offset = 0,
        size = 0,
        link = 0,
        info = 0,
        align = 0,
        each = 0,
      ] = values;
      return Buffer.concat([
        this.#words([name, type]),
        ...[flags, address, offset, size].map((value) => this.#long(value)),
        this.#words([link, info]),
        this.#long(align),
        this.#long(each),
      ]);
    };
    const linked = new Set(['.dynsym', '.dynamic', '.gnu.version_r']);
    const each = (name: string): number =>
      name === '.dynsym' ? (this.#is64 ? 24 : 16) : name === '.dynamic' ? (this.#is64 ? 16 : 8) : 0;
    const bytes = Buffer.concat([
      entry([]),
      ...loaded.map(({ name, offset, bytes }) =>
        entry([
          names.indexOf(`\0${name}\0`) + 1,
          types[name] ?? 1,
          2,
          this.#address(offset),
          offset,
          bytes.length,
          linked.has(name) ? strings : name === '.hash' ? strings - 1 : 0,
          name === '.dynsym' || name === '.gnu.version_r' ? 1 : 0,
          name === '.dynstr' || name === '.interp' ? 1 : name === '.note' ? 4 : 8,
          each(name),
        ]),
      ),
      entry([names.indexOf('\0.shstrtab\0') + 1, 3, 0, 0, namesAt, names.length, 0, 0, 1, 0]),
    ]);
    return { bytes, names, namesAt, count: loaded.length + 2 };
  }
}

function allStrings(recipe: ElfRecipe): string[] {
  const { needed = [], soname, rpath, runpath, audit, symbols = [], versions = [] } = recipe;
  return [...needed, soname, rpath, runpath, audit, ...symbols, ...versions.flat()].filter(
    (text) => text !== undefined,
  );
}

class StringTable {
  readonly bytes: Buffer;
  readonly #sharesTails: boolean;

  constructor(sharesTails: boolean, texts: readonly string[], unread: readonly string[]) {
    this.#sharesTails = sharesTails;
    const kept = [...new Set(texts)].filter(
      (text) => !sharesTails || !texts.some((other) => other !== text && other.endsWith(text)),
    );
    this.bytes = Buffer.from(['', ...kept, ...unread, ''].join('\0'), 'latin1');
  }

  offsetOf(text: string): number {
    if (text === '') return 0;
    const whole = this.bytes.indexOf(`\0${text}\0`, 0, 'latin1');
    if (whole >= 0) return whole + 1;
    if (!this.#sharesTails) throw new Error(`${text} is not in the table`);
    return this.bytes.indexOf(`${text}\0`, 0, 'latin1');
  }
}
