/**
 * Cases that Spack's and Homebrew's relocation of binaries are known for, each as bytes before and after: where a path begins and ends,
 * which prefix wins, which bytes keep their places, and what is refused.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asAbsolutePath } from '../src/model/path.ts';
import { apply } from '../src/stages/apply.ts';
import { plan } from '../src/stages/plan.ts';
import { scan } from '../src/stages/scan.ts';
import { temporaryFolder, writeTree } from './support/folder.ts';

/** An ELF header of a program without segments and sections: what follows is all of unknown parts. */
const HEADER = Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01', 'latin1'), Buffer.alloc(57)]);

interface Vector {
  readonly name: string;
  readonly prefixes: readonly string[];
  readonly to: string;
  readonly before: string;
  /** The same as `before` where nothing may be written. */
  readonly after: string;
}

/** Conda's and Spack's ways to make room: a prefix that is longer than any place it will be moved to. */
const CONDA = `/opt/anaconda1anaconda2anaconda3${'_pad_placehold'.repeat(14)}`.slice(0, 200);
const SPACK = `/opt/store${'/__spack_path_placeholder__'.repeat(4)}/__spack_path_pl/zlib-1.3-abcdefg`;

const VECTORS: readonly Vector[] = [
  // where a path ends, and where it begins
  vector('a neighbour with a longer name', '/opt/site', '/new', '/opt/site2/lib\0', '/opt/site2/lib\0'),
  vector('a neighbour behind a hyphen', '/opt/site', '/new', '/opt/site-old/lib\0', '/opt/site-old/lib\0'),
  vector('the tail of a longer path', '/opt/site', '/new', '/mnt/opt/site/lib\0', '/mnt/opt/site/lib\0'),
  vector('behind an option', '/opt/site', '/new', '-I/opt/site/include\0', '-I/new//////include\0'),
  vector('a full stop at the end', '/opt/site', '/new', 'in /opt/site.\0', 'in /new/////.\0'),
  vector('a name that a pattern would misread', '/opt/[a-z]', '/new', '/opt/b /opt/[a-z]/x\0', '/opt/b /new///////x\0'),
  // lengths
  vector('as long', '/opt/site', '/srv/here', '/opt/site/lib\0', '/srv/here/lib\0'),
  vector('one byte shorter', '/opt/site', '/srv/her', '/opt/site/lib\0', '/srv/her//lib\0'),
  vector('one byte longer', '/opt/site', '/srv/there', '/opt/site/lib\0', '/opt/site/lib\0'),
  vector(
    'room behind the string is not the string’s',
    '/opt/site',
    '/srv/there',
    '/opt/site/x\0\0\0\0',
    '/opt/site/x\0\0\0\0',
  ),
  vector('the prefix alone', '/opt/site', '/new', '/opt/site\0', '/new/////\0'),
  vector('the prefix and a slash', '/opt/site', '/new', '/opt/site/\0', '/new//////\0'),
  vector('filled up by an earlier move', '/n/w', '/opt/site', '/n/w//////lib\0', '/opt/site/lib\0'),
  vector('filled up, and alone', '/n/w', '/opt/site', '/n/w/////\0', '/opt/site\0'),
  vector(
    'a new place that holds the old one',
    '/opt/site/deep',
    '/opt/site',
    '/opt/site/deep/x\0',
    '/opt/site//////x\0',
  ),
  // what is behind the prefix keeps its place, because another string may end there too
  vector(
    'a tail of seven bytes',
    '/old/store/pkg-abcdefg',
    '/s/pkg-abcdefg',
    '/old/store/pkg-abcdefg/lib/x.so\0',
    '/s/pkg-abcdefg/////////lib/x.so\0',
  ),
  vector('a tail of one byte', '/opt/site', '/new', '/opt/site/x\0x\0', '/new//////x\0x\0'),
  vector('a new line before the NUL', '/opt/site', '/new', '/opt/site/etc\n\0', '/new//////etc\n\0'),
  // lists
  vector('a list of two', '/opt/site', '/new', '/opt/site/a:/opt/site/b\0', '/new//////a:/new//////b\0'),
  vector(
    'a list whose elements are the prefix',
    '/opt/site',
    '/new',
    '/opt/site:/opt/site:/usr\0',
    '/new/////:/new/////:/usr\0',
  ),
  vector('an empty element stays one', '/opt/site', '/new', ':/opt/site/a::/usr\0', ':/new//////a::/usr\0'),
  vector('a list with a neighbour', '/opt/site', '/new', '/opt/site/a:/opt/site2/b\0', '/new//////a:/opt/site2/b\0'),
  // several prefixes: the longest that stands there, in whichever order they are known
  several(['/old/store', '/old/store/pkg'], '/old/store/pkg/lib /old/store/x\0', '/new///////////lib /new///////x\0'),
  several(['/old/store/pkg', '/old/store'], '/old/store/pkg/lib /old/store/x\0', '/new///////////lib /new///////x\0'),
  // placeholders
  vector('conda’s', CONDA, '/opt/x', `${CONDA}/lib\0`, `/opt/x${'/'.repeat(CONDA.length - 6)}/lib\0`),
  vector(
    'conda’s, from the shell’s first line on',
    CONDA,
    '/opt/x',
    `#!${CONDA}/bin/sh\0`,
    `#!/opt/x${'/'.repeat(CONDA.length - 6)}/bin/sh\0`,
  ),
  vector(
    'Spack’s',
    SPACK,
    '/s/zlib',
    `${SPACK}/lib:/usr/lib\0`,
    `/s/zlib${'/'.repeat(SPACK.length - 7)}/lib:/usr/lib\0`,
  ),
  vector('a placeholder cut short is another path', SPACK, '/s', `${SPACK.slice(0, -3)}\0`, `${SPACK.slice(0, -3)}\0`),
];

function vector(name: string, prefix: string, to: string, before: string, after: string): Vector {
  return { name, prefixes: [prefix], to, before, after };
}

/** Prefixes one in the other: all move to one place. */
function several(prefixes: readonly string[], before: string, after: string): Vector {
  return { name: prefixes.join(' then '), prefixes, to: '/new', before, after };
}

/** What became of the vectors that move from the same prefixes to the same place: one tree, scanned once. */
const written = new Map<string, Promise<ReadonlyMap<string, string>>>();

async function move({ prefixes, to }: Vector): Promise<ReadonlyMap<string, string>> {
  const alike = VECTORS.filter((other) => keyOf(other) === keyOf({ prefixes, to }));
  const root = temporaryFolder();
  const fileOf = (name: string): string => `bin/${VECTORS.findIndex((vector) => vector.name === name)}`;
  const bytesOf = (before: string): Buffer => Buffer.concat([HEADER, Buffer.from(`\0${before}\x01`)]);
  writeTree(root, Object.fromEntries(alike.map(({ name, before }) => [fileOf(name), bytesOf(before)])));
  await apply(plan(await scan(root, { prefixes, jobs: 1 }), { to: asAbsolutePath(to) }));
  const now = (name: string): string => readFileSync(join(root, fileOf(name))).toString('latin1');
  return new Map(alike.map(({ name }) => [name, now(name).slice(HEADER.length + 1, -1)]));
}

function keyOf({ prefixes, to }: Pick<Vector, 'prefixes' | 'to'>): string {
  return [...prefixes, to].join();
}

test.each(VECTORS)('$name', async (vector) => {
  const moved = written.get(keyOf(vector)) ?? move(vector);
  written.set(keyOf(vector), moved);
  expect((await moved).get(vector.name)).toBe(vector.after);
});
