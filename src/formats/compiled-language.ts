/** Which language an ELF image was compiled from, where its strings are not C's: Go's and Rust's carry their lengths elsewhere, and no NUL ends them. */
import type { Elf } from './elf.ts';

export type CompiledLanguage = 'go' | 'rust';

/** Notes of compilers are short; a linker keeps one of each. */
const LONGEST_COMMENT = 64 * 1024;

/** Null for C, C++ and what says nothing. A program of several languages is told by the one whose strings need care. */
export function languageOf({ sections, source }: Elf): CompiledLanguage | null {
  for (const { name, offset, size } of sections) {
    if (GO_SECTIONS.has(name)) return 'go';
    if (name === '.rustc' || name === '.rmeta') return 'rust';
    if (name !== '.comment') continue;
    if (source.region(offset, offset + Math.min(size, LONGEST_COMMENT)).includes('rustc version')) return 'rust';
  }
  return null;
}

const GO_SECTIONS: ReadonlySet<string> = new Set([
  '.go.buildinfo',
  '.gopclntab',
  '.data.rel.ro.gopclntab',
  '.note.go.buildid',
  '.gosymtab',
]);
