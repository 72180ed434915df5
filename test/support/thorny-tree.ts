/** A small tree with everything that is hard to put back: links of all kinds, odd names, odd times, odd modes, a RECORD, byte code. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { decodeBytes } from '../../src/formats/byte-text.ts';
import type { FileChange } from '../../src/model/plan.ts';
import { runOk } from './cli.ts';
import { followIn, remove, replaceIn, retarget } from './hand-made-plan.ts';
import { listing } from './listing.ts';

/** Where the small tree says that it was built. */
export const BUILT_AT = '/srv/build/site';

const MAKE = `
set -e
mkdir -p bin conf/deep etc lib/site/pkg lib/site/pkg-1.dist-info lib/site/pkg/__pycache__ share
printf '#!${BUILT_AT}/bin/python\\nprint(1)\\n' > bin/run
chmod 755 bin/run
printf 'root = ${BUILT_AT}\\nlog = ${BUILT_AT}/log' > conf/app.cfg
chmod 640 conf/app.cfg
printf 'shared ${BUILT_AT}\\n' > share/one
ln share/one conf/deep/two
ln share/one ../outside
printf 'suid ${BUILT_AT}\\n' > bin/suid
chmod 4755 bin/suid
printf 'old ${BUILT_AT}\\n' > etc/old
printf 'odd ${BUILT_AT}\\n' > "$(printf 'etc/new\\nline \\377')"
ln -s ${BUILT_AT}/bin/run bin/absolute
ln -s ${BUILT_AT}/share etc/link
ln etc/link etc/same-link
printf 'PATH = "${BUILT_AT}"\\n' > lib/site/pkg/place.py
printf 'code of place' > lib/site/pkg/__pycache__/place.cpython-311.pyc
: > lib/site/pkg/__init__.py
cd lib/site
row() { printf '%s,sha256=%s,%s\\r\\n' "$1" "$(sha256sum "$1" | xxd -r -p | base64 | tr '+/' '-_' | tr -d '=')" "$(stat -c %s "$1")"; }
{ row pkg/__init__.py; row pkg/place.py; row pkg/__pycache__/place.cpython-311.pyc; printf 'pkg-1.dist-info/RECORD,,\\r\\n'; } > pkg-1.dist-info/RECORD
cd ../..
touch -d '@1234567890.123456789' conf/app.cfg
touch -d '@-1000.250000001' etc/old
touch -h -d '@1111111111.111111111' bin/absolute etc/link
setfattr -n user.note -v kept conf/app.cfg 2>/dev/null || true
setfacl -m u:1:r conf/app.cfg 2>/dev/null || true
touch -d '@1000000000.000000001' bin
touch -d '@-5.500000000' conf
find etc lib share conf/deep -type d -exec touch -d '@1500000000.987654321' {} +
touch -d '@1600000000.192837465' .
`;

export interface ThornyTree {
  readonly tree: string;
  /** The second name, outside the tree, of one of its files. */
  readonly outside: string;
  remove(): void;
}

/** Makes the tree in a folder of its own under the temporary folder: a copy, with all its links and times, of one that is made once. */
export function makeThornyTree(): ThornyTree {
  model ??= makeModel();
  const base = mkdtempSync(join(tmpdir(), 'relocate-apply-'));
  runOk('cp', ['-a', '-T', model, base]);
  const remove = (): void => rmSync(base, { recursive: true, force: true });
  return { tree: join(base, NAME), outside: join(base, 'outside'), remove };
}

const NAME = 'the site';
let model: string | undefined;
afterAll(() => {
  if (model !== undefined) rmSync(model, { recursive: true });
});

function makeModel(): string {
  const base = mkdtempSync(join(tmpdir(), 'relocate-model-'));
  runOk('mkdir', [join(base, NAME)]);
  runOk('sh', ['-c', MAKE], { cwd: join(base, NAME) });
  return base;
}

/** A change of every kind; sorted as a plan has them. */
export function changesOf(tree: string, to = '/opt/a much longer place'): FileChange[] {
  const odd = decodeBytes(Buffer.from('etc/new\nline \xff', 'latin1'));
  const site = 'lib/site';
  return [
    retarget(tree, 'bin/absolute', 'run'),
    replaceIn(tree, 'bin/run', BUILT_AT, to),
    replaceIn(tree, 'bin/suid', BUILT_AT, to),
    replaceIn(tree, 'conf/app.cfg', BUILT_AT, to),
    replaceIn(tree, 'conf/deep/two', BUILT_AT, to, ['share/one']),
    retarget(tree, 'etc/link', '../share', ['etc/same-link']),
    replaceIn(tree, odd, BUILT_AT, to),
    replaceIn(tree, 'etc/old', BUILT_AT, to),
    followIn(tree, `${site}/pkg-1.dist-info/RECORD`, site, ['pkg/place.py', 'pkg/__pycache__/place.cpython-311.pyc']),
    remove(tree, `${site}/pkg/__pycache__/place.cpython-311.pyc`),
    replaceIn(tree, `${site}/pkg/place.py`, BUILT_AT, to),
  ];
}

/** All that must be as before after an undo: what `listing` tells, and inode numbers, extended attributes and ACLs. */
export function wholeState(tree: string): string {
  return `${listing(tree, { own: true })}${inodeNumbers(tree)}${attributes(tree)}`;
}

function inodeNumbers(tree: string): string {
  return runOk('sh', ['-c', String.raw`find . -path ./.relocate -prune -o -printf '%i %P\n' | LC_ALL=C sort -k 2`], {
    cwd: tree,
  });
}

/** As getfattr tells them; empty where it is not there. */
export function attributes(tree: string): string {
  const list =
    'find . -path ./.relocate -prune -o -print0 | LC_ALL=C sort -z | xargs -0 getfattr -h -d -m - 2>/dev/null || true';
  return runOk('sh', ['-c', list], { cwd: tree });
}
