/** Linkers let a string share the end of a longer one: where a program points into the middle of a path, the path stays unless asked (RL405). */
import { describe, expect, test } from 'vitest';
import type { Reference } from '../src/model/reference.ts';
import type { Scan } from '../src/model/scan.ts';
import { relocateOk } from './support/cli.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';
import { has, run } from './support/moved-tree.ts';

const PATH = '/srv/build/site';

/** Strings that instructions point to, and those that data do: at fixed places there is no relocation for them. */
const SOURCES = {
  instructions: (tail: string) =>
    `#include <stdio.h>\nint main(void) { puts("${PATH}"); puts("${tail}"); puts("/${tail}"); return 0; }`,
  data: (tail: string) => `#include <stdio.h>
const char *volatile written[] = {"${tail}", "/${tail}"};
static const char *const constant[] = {"${PATH}", "two"};
int main(int argc, char **argv) { puts(constant[argc - 1]); puts(written[0]); puts(written[1]); return 0; }`,
};

/** The references of a scan in a program that a compiler makes of a source. */
function foundIn(compiler: string, options: readonly string[], source: string): readonly Reference[] {
  const root = temporaryFolder();
  writeTree(root, { 'x.c': source });
  run(compiler, ['-Os', ...options, 'x.c', '-o', 'x'], { cwd: root });
  const args = ['scan', root, '--prefix', PATH, '--exclude', 'x.c', '--format', 'json'];
  return (JSON.parse(relocateOk(args, [1])) as Scan).references;
}

describe.each([
  ['gcc', ['-fPIE', '-pie']],
  ['gcc', ['-fno-pie', '-no-pie']],
  // relocations without addends
  ['gcc', ['-fPIE', '-pie', '-Wl,-z,pack-relative-relocs']],
  ['i686-linux-gnu-gcc', ['-fPIE', '-pie']],
  ['i686-linux-gnu-gcc', ['-fno-pie', '-no-pie']],
  ['aarch64-linux-gnu-gcc', ['-fPIE', '-pie']],
  ['aarch64-linux-gnu-gcc', ['-fno-pie', '-no-pie']],
  // big-endian
  ['s390x-linux-gnu-gcc', ['-fPIE', '-pie']],
  ['s390x-linux-gnu-gcc', ['-fno-pie', '-no-pie']],
  ['powerpc-linux-gnu-gcc', ['-fPIE', '-pie']],
])('%s %s', (compiler, options) => {
  const kinds = ['instructions', 'data'] as const;

  test.skipIf(!has(compiler)).each(kinds)('%s that point to the end of a path are seen', (kind) => {
    const found = foundIn(compiler, options, SOURCES[kind]('build/site'));
    expect(found).toMatchObject([{ code: 'RL405', path: PATH, applicability: 'unsafe' }]);
    expect(found[0]?.note).toContain('points into the middle of the prefix');
  });

  test.skipIf(!has(compiler)).each(kinds)('%s that point to other strings do no harm', (kind) => {
    const found = foundIn(compiler, options, SOURCES[kind]('build/other'));
    expect(found).toMatchObject([{ code: 'RL405', path: PATH, applicability: 'safe' }]);
  });
});

test.skipIf(!has('riscv64-linux-gnu-gcc')).each(['-pie', '-no-pie'])(
  'instructions of RISC-V %s that point to the end of a path are seen',
  (option) => {
    const found = foundIn('riscv64-linux-gnu-gcc', [option], SOURCES.instructions('build/site'));
    expect(found.map(({ applicability }) => applicability)).toEqual(['unsafe']);
  },
);
