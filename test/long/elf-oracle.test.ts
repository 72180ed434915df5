/**
 * At least a thousand random ways to link a program, each edited, moved and run, and compared with what binutils and patchelf say:
 * `SEED=... LAYOUTS=... npm run test:long -- test/long/elf-oracle.test.ts`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { apply } from '../../src/stages/apply.ts';
import { plan } from '../../src/stages/plan.ts';
import { scan } from '../../src/stages/scan.ts';
import { claimsIn, damagedElf, relocatedElf } from '../support/damaged-elf.ts';
import { temporaryFolder } from '../support/folder.ts';
import { has } from '../support/moved-tree.ts';
import { Random } from '../support/random.ts';

const LAYOUTS = Number(process.env['LAYOUTS'] ?? 1200);
const SEED = Number(process.env['SEED'] ?? 1);
const EACH_TREE = 60;

/** A compiler, and what runs its programs. */
interface Machine {
  readonly name: string;
  readonly gcc: string;
  readonly readelf: string;
  readonly strip: string;
  readonly run: readonly string[];
}

const HERE: Machine = { name: 'this machine', gcc: 'gcc', readelf: 'readelf', strip: 'strip', run: [] };
const CROSS = [
  ['aarch64-linux-gnu', 'qemu-aarch64'],
  ['arm-linux-gnueabihf', 'qemu-arm'],
  ['i686-linux-gnu', 'qemu-i386'],
  ['riscv64-linux-gnu', 'qemu-riscv64'],
  ['powerpc64le-linux-gnu', 'qemu-ppc64le'],
  ['powerpc-linux-gnu', 'qemu-ppc'],
  ['s390x-linux-gnu', 'qemu-s390x'],
  ['mips-linux-gnu', 'qemu-mips'],
  ['mips64el-linux-gnuabi64', 'qemu-mips64el'],
  ['sparc64-linux-gnu', 'qemu-sparc64'],
].flatMap(([triple = '', emulator = '']): Machine[] =>
  has(`${triple}-gcc`) && has(emulator)
    ? [
        {
          name: triple,
          gcc: `${triple}-gcc`,
          readelf: `${triple}-readelf`,
          strip: `${triple}-strip`,
          run: [emulator, '-L', `/usr/${triple}`],
        },
      ]
    : [],
);

interface Layout {
  readonly program: string;
  readonly options: readonly string[];
  /** Whether the section headers go after linking. */
  readonly isBare: boolean;
}

/** One random way to link, in a folder of its own. */
function layoutOf(random: Random, index: number, root: string): Layout {
  const depth = random.chance(0.1) ? 25 + random.below(20) : 1 + random.below(4);
  const folder = Array.from({ length: depth }, (_, level) => (level === 0 ? `p${index}` : 'd')).join('/');
  const entries = [`${root}/lib`];
  if (random.chance(0.3)) entries.unshift(random.pick(['/opt/none/lib', '$ORIGIN/none', `${root}/none`, '/usr/lib']));
  if (random.chance(0.3)) entries.push(random.pick([`${root}/lib64`, '', '$ORIGIN/./x', root, '/usr/local/lib']));
  const options = [
    random.pick(['-Wl,--enable-new-dtags', '-Wl,--disable-new-dtags']),
    `-Wl,--hash-style=${random.pick(['sysv', 'gnu', 'both'])}`,
    `-Wl,-z,${random.pick(['relro', 'norelro'])}`,
    `-Wl,-z,${random.pick(['now', 'lazy'])}`,
    `-Wl,-z,${random.pick(['separate-code', 'noseparate-code'])}`,
    random.pick(['-pie', '-no-pie']),
    `-Wl,--build-id=${random.pick(['none', 'sha1'])}`,
    `-Wl,-rpath,${entries.join(':')}`,
  ];
  if (random.chance(0.3)) options.push('-s');
  if (random.chance(0.2)) options.push('-Wl,-E');
  if (random.chance(0.2)) options.push('-Wl,-O2');
  // the name of a program ends as its search path does: linkers let both share the bytes
  if (random.chance(0.25))
    options.push(`-Wl,-soname,${random.pick(['lib', 'site/lib', 'ib', '/lib', 'none', `${root}/lib`])}`);
  return { program: join(folder, 'main'), options, isBare: random.chance(0.15) };
}

function many(count: number): string {
  return Array.from(
    { length: count },
    (_, index) => `int a_rather_long_name_of_a_function_${index}(void) { return ${index}; }\n`,
  ).join('');
}

/** A program without section headers, as some packers leave it. */
function dropSections(place: string): void {
  const bytes = readFileSync(place);
  const is64 = bytes[4] === 2;
  const little = bytes[5] === 1;
  const at = is64 ? 0x28 : 0x20;
  const offset = is64
    ? Number(little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at))
    : little
      ? bytes.readUInt32LE(at)
      : bytes.readUInt32BE(at);
  bytes.fill(0, at, at + (is64 ? 8 : 4));
  bytes.fill(0, is64 ? 0x3c : 0x30, is64 ? 0x40 : 0x34);
  writeFileSync(place, bytes.subarray(0, offset));
}

/** What readelf says of everything but the search path, addresses of the string table, and the headers that a grown file gains. */
function rest({ readelf }: Machine, place: string): string {
  const listed = execFileSync(readelf, ['-dW', '--dyn-syms', '-V', '-r', place], { encoding: 'utf8', stdio: 'pipe' });
  return listed
    .split('\n')
    .filter((line) => !/\((?:RPATH|RUNPATH|STRTAB|STRSZ)\)|^File:/.test(line))
    .map((line) => line.replace(/ +Addr: .*$| Offset: .*$|0x[0-9a-f]+/g, ''))
    .join('\n');
}

function pathsIn({ readelf }: Machine, place: string): string[] {
  const listed = execFileSync(readelf, ['-dW', place], { encoding: 'utf8' });
  return [...listed.matchAll(/\((?:RPATH|RUNPATH)\).*\[(.*)\]/g)].map((found) => found[1] ?? '');
}

class Oracle {
  readonly #machine: Machine;
  readonly #home = join(temporaryFolder(), 'where-all-of-it-was-built');
  readonly #root = join(this.#home, 'the/site');

  constructor(machine: Machine) {
    this.#machine = machine;
    mkdirSync(join(this.#root, 'lib'), { recursive: true });
    writeFileSync(`${this.#home}/answer.c`, 'int answer(void) { return 42; }\n');
    writeFileSync(
      `${this.#home}/main.c`,
      '#include <stdio.h>\nint answer(void);\nint main(void) { printf("%d\\n", answer()); return 0; }\n',
    );
    writeFileSync(`${this.#home}/many.c`, many(3000));
    this.#gcc('-shared', '-fPIC', '-Wl,-soname,libanswer.so', '-o', `${this.#root}/lib/libanswer.so`, 'answer.c');
    for (const source of ['main', 'many']) this.#gcc('-c', '-fPIE', '-o', `${source}.o`, `${source}.c`);
  }

  #gcc(...args: string[]): void {
    execFileSync(this.#machine.gcc, args, { cwd: this.#home, stdio: ['ignore', 'ignore', 'pipe'] });
  }

  #said(program: string): string {
    const [command = program, ...args] = [...this.#machine.run, program];
    const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8' });
    return status === 0 ? stdout : `${status} ${stderr}`;
  }

  async check(random: Random, count: number): Promise<Record<string, number>> {
    const layouts = Array.from({ length: count }, (_, index) => layoutOf(random, index, this.#root));
    const before = new Map(layouts.map((layout) => [layout.program, this.#link(layout, random)]));
    const options = { jobs: 1, grow: true };
    const planned = plan(await scan(this.#root, options));
    await apply(planned);
    expect(plan(await scan(this.#root, options)).changes, 'a second edit').toEqual([]);
    const refused = new Map(planned.refusals.map(({ reference }) => [reference.file as string, reference.note]));
    const place = `${this.#home}/elsewhere`;
    renameSync(this.#root, place);
    const counts = { inPlace: 0, grown: 0, refused: 0 };
    for (const layout of layouts) {
      const { size, told } = before.get(layout.program) ?? { size: 0, told: '' };
      const program = join(place, layout.program);
      const shown = `${layout.program} ${layout.options.join(' ')}${layout.isBare ? ' bare' : ''}`;
      expect(rest(this.#machine, program), shown).toBe(told);
      if (refused.has(layout.program)) counts.refused++;
      else counts[this.#checkRelative(program, size, shown, layout)]++;
    }
    renameSync(place, this.#root);
    for (const { program } of layouts) rmSync(join(this.#root, program));
    rmSync(join(this.#root, '.relocate'), { recursive: true, force: true });
    return counts;
  }

  #link({ program, options, isBare }: Layout, random: Random): { size: number; told: string } {
    const place = join(this.#root, program);
    mkdirSync(dirname(place), { recursive: true });
    const objects = random.chance(0.15) ? ['main.o', 'many.o'] : ['main.o'];
    this.#gcc('-o', place, ...objects, `-L${this.#root}/lib`, '-lanswer', ...options);
    if (isBare) dropSections(place);
    return { size: statSync(place).size, told: rest(this.#machine, place) };
  }

  #checkRelative(program: string, size: number, shown: string, layout: Layout): 'inPlace' | 'grown' {
    expect(this.#said(program), shown).toBe('42\n');
    for (const path of pathsIn(this.#machine, program)) expect(path, shown).not.toContain(this.#home);
    if (!layout.isBare && this.#machine === HERE && has('patchelf'))
      expect([execFileSync('patchelf', ['--print-rpath', program], { encoding: 'utf8' }).trim()], shown).toEqual(
        pathsIn(this.#machine, program).slice(-1),
      );
    if (!layout.isBare) {
      const stripped = `${program}.stripped`;
      copyFileSync(program, stripped);
      execFileSync(this.#machine.strip, [stripped], { stdio: 'pipe' });
      expect(this.#said(stripped), `stripped: ${shown}`).toBe('42\n');
      rmSync(stripped);
    }
    return statSync(program).size === size ? 'inPlace' : 'grown';
  }
}

describe.each([HERE, ...CROSS])('$name', (machine) => {
  test.skipIf(!has(machine.gcc))('programs linked at random', async () => {
    const random = new Random(SEED);
    const total = machine === HERE ? LAYOUTS : Math.min(LAYOUTS, 60);
    const oracle = new Oracle(machine);
    const sum: Record<string, number> = {};
    for (let done = 0; done < total; done += EACH_TREE) {
      const counts = await oracle.check(random, Math.min(EACH_TREE, total - done));
      for (const [kind, count] of Object.entries(counts)) sum[kind] = (sum[kind] ?? 0) + count;
    }
    console.log(`${machine.name}: ${JSON.stringify(sum)}`);
    expect(sum['inPlace']).toBeGreaterThan(total / 2);
    expect(sum['grown']).toBeGreaterThan(0);
  });
});

test('files with anything wrong in them are findings', () => {
  fc.assert(
    fc.property(damagedElf, (bytes) => {
      const again = claimsIn(relocatedElf(bytes, claimsIn(bytes)));
      expect(again.filter(({ fix }) => fix === 'relative')).toEqual([]);
    }),
    { numRuns: 50_000, seed: SEED },
  );
});
