/** What a file system or the lack of rights forbids is refused before anything is changed. Run as root, these tests take rights away. */
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { runOk } from './support/cli.ts';
import { planOf, replaceIn } from './support/hand-made-plan.ts';
import { BUILT_AT, changesOf, makeThornyTree, wholeState } from './support/thorny-tree.ts';

const CUT_SHORT = fileURLToPath(new URL('support/cut-short.js', import.meta.url));
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

/** Whether a command line can be run here at all. */
const can = (...command: readonly string[]): boolean => spawnSync(command[0] ?? '', command.slice(1)).status === 0;
const isRoot = process.getuid?.() === 0;
const canBeNobody = isRoot && can(...NOBODY, process.execPath, '--check', CUT_SHORT);
const canMount = isRoot && can('unshare', '-m', 'mount', '-t', 'tmpfs', 'none', '/mnt');

let tree: string;
let planFile: string;
let before: string;
beforeEach(() => {
  const made = makeThornyTree();
  onTestFinished(made.remove);
  tree = made.tree;
  runOk('chmod', ['755', join(tree, '..')]);
  planFile = `${tree}.plan`;
  writeFileSync(planFile, JSON.stringify(planOf(tree, changesOf(tree))));
  before = wholeState(tree);
});

interface Outcome {
  readonly status: number | null;
  readonly name?: string;
  readonly message?: string;
}

/** Applies the plan in a process that is made as `wrapped` says. */
function applied(...wrapped: readonly string[]): Outcome {
  const [program = '', ...args] = [...wrapped, process.execPath, CUT_SHORT, 'apply', planFile, ''];
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
  return { status, ...(stdout === '' ? {} : JSON.parse(stdout)) };
}

/** In a mount name space of its own, after some commands in the tree. */
const afterMounting = (commands: string): Outcome =>
  applied('unshare', '-m', 'sh', '-c', `cd "$0" && ${commands} && cd / && exec "$@"`, tree);

function expectUntouched(): void {
  expect(wholeState(tree)).toBe(before);
  expect(existsSync(join(tree, '.relocate'))).toBe(false);
}

describe.skipIf(!canMount)('mounts', () => {
  test('a read-only file system', () => {
    const outcome = afterMounting('mount --bind . . && mount -o remount,ro,bind .');
    expect(outcome).toMatchObject({ status: 2, name: 'UsageError' });
    expect(outcome.message).toMatch(/read-only file system; nothing was changed/);
    expectUntouched();
  });

  test('another file system mounted inside', () => {
    const outcome = afterMounting('cp -a conf ../c && mount -t tmpfs none conf && cp -a ../c/. conf');
    expect(outcome).toMatchObject({ status: 2 });
    expect(outcome.message).toMatch(/(mount point|is no hard link of)/);
    expectUntouched();
  });

  test('the same file system mounted inside once more', () => {
    const outcome = afterMounting('mount --bind conf conf');
    expect(outcome).toMatchObject({ status: 2, name: 'UsageError' });
    expect(outcome.message).toMatch(/^conf\/app\.cfg lies beyond a mount point/);
    expectUntouched();
  });
});

test.skipIf(!canMount)(
  'on overlayfs, where inode and device numbers change under a hard link, fix and undo work all the same',
  () => {
    const script = `
    set -e
    mount -t tmpfs none /mnt && mkdir /mnt/upper /mnt/work
    mount -t overlay overlay -o "lowerdir=$0,upperdir=/mnt/upper,workdir=/mnt/work" "$0"
    list() { (cd "$0" && find . -path ./.relocate -prune -o -printf '%P %y %m %T@ %l\\n' | sort && find . -type f -not -path './.relocate/*' -print0 | sort -z | xargs -0 sha256sum); }
    list > /mnt/before
    "$@" apply "$0.plan" ''
    test "$0/share/one" -ef "$0/conf/deep/two" && grep -q 'much longer' "$0/bin/run"
    "$@" undo "$0" ''
    list > /mnt/after
    cmp /mnt/before /mnt/after && echo the same
  `;
    const said = runOk('unshare', ['-m', 'sh', '-c', script, tree, process.execPath, CUT_SHORT]);
    expect(said).toBe('the same\n');
  },
);

describe.skipIf(!canBeNobody)('without the rights of root', () => {
  const give = (): void => void runOk('chown', ['-Rh', '65534:65534', tree]);

  test('the owner of a tree can fix it and undo that, with nothing different', () => {
    give();
    runOk('chmod', ['2775', join(tree, 'etc')]);
    runOk('chmod', ['444', join(tree, 'bin/run')]);
    runOk('touch', ['-d', '@1500000000.987654321', join(tree, 'etc')]);
    before = wholeState(tree);
    expect(applied(...NOBODY)).toEqual({ status: 0 });
    expect(readFileSync(join(tree, 'bin/run'), 'utf8')).not.toContain(BUILT_AT);
    expect(lstatSync(join(tree, 'bin/run')).mode & 0o7777).toBe(0o444);
    expect(lstatSync(join(tree, 'etc'), { bigint: true }).mtimeNs).toBe(1500000000987654321n);
    const undone = spawnSync(NOBODY[0] ?? '', [...NOBODY.slice(1), process.execPath, CUT_SHORT, 'undo', tree, '']);
    expect(undone.status).toBe(0);
    expectUntouched();
  });

  test.each([
    [
      'a folder that can not be written to',
      'chmod 555 conf',
      /^conf can not be written to \(EACCES\): .*nothing was changed/,
    ],
    ['a root that can not be written to', 'chmod 555 .', /^the tree's own folder can not be written to/],
    ['a folder that can not be entered', 'chmod 0 conf', /^conf\/app\.cfg can not be looked at \(EACCES\)/],
    ['a file of another user', 'chown 1 etc/old', /^etc\/old belongs to the user 1/],
    ['a file of a group that one is not in', 'chgrp 1 etc/old', /^etc\/old belongs to the group 1/],
  ])('%s', (_, act, message) => {
    give();
    runOk('sh', ['-c', act], { cwd: tree });
    before = wholeState(tree);
    const outcome = applied(...NOBODY);
    expect(outcome).toMatchObject({ status: 2, name: 'UsageError' });
    expect(outcome.message).toMatch(message);
    expectUntouched();
  });

  test('a journal of another user can not be read: undo says so, and whoever only looks is not troubled', () => {
    expect(applied('env')).toEqual({ status: 0 });
    give();
    runOk('chown', ['0', join(tree, '.relocate/journal')]);
    const undone = spawnSync(NOBODY[0] ?? '', [...NOBODY.slice(1), process.execPath, CUT_SHORT, 'undo', tree, ''], {
      encoding: 'utf8',
    });
    expect(undone).toMatchObject({ status: 2 });
    expect(undone.stdout).toMatch(/journal can not be read \(EACCES\)/);
  });

  test('a folder of another user loses its time, and that is told', () => {
    give();
    runOk('sh', ['-c', 'chown 1 etc && chmod 777 etc'], { cwd: tree });
    writeFileSync(planFile, JSON.stringify(planOf(tree, [replaceIn(tree, 'etc/old', BUILT_AT, '/x')])));
    expect(applied(...NOBODY)).toEqual({ status: 0 });
    expect(
      runOk('sh', ['-c', 'grep -c "belongs to someone else" .relocate/journal/1/receipt.json'], { cwd: tree }),
    ).toBe('1\n');
  });
});

describe.skipIf(!isRoot)('attributes that only some may keep', () => {
  test('an immutable file is refused', (context) => {
    if (!can('chattr', '+i', join(tree, 'etc/old'))) context.skip('nothing can be made immutable here (chattr)');
    onTestFinished(() => void runOk('chattr', ['-i', join(tree, 'etc/old')]));
    const outcome = applied('env');
    expect(outcome).toMatchObject({ status: 2, name: 'UsageError' });
    expect(outcome.message).toMatch(/^etc\/old is immutable/);
    expectUntouched();
  });

  test('file capabilities are kept by root, and refused to others', (context) => {
    if (!can('setcap', 'cap_net_bind_service=ep', join(tree, 'bin/run')))
      context.skip('no capability can be set here (setcap)');
    expect(applied('env')).toEqual({ status: 0 });
    expect(runOk('getcap', [join(tree, 'bin/run')])).toContain('cap_net_bind_service=ep');
    runOk(process.execPath, [CUT_SHORT, 'undo', tree, '']);
    expect(runOk('getcap', [join(tree, 'bin/run')])).toContain('cap_net_bind_service=ep');
    if (!canBeNobody) return;
    runOk('sh', ['-c', 'chown -Rh 65534:65534 . && setcap cap_net_bind_service=ep bin/run'], { cwd: tree });
    before = wholeState(tree);
    const outcome = applied(...NOBODY);
    expect(outcome).toMatchObject({ status: 3, name: 'RolledBackError' });
    expect(outcome.message).toMatch(/^the attributes of bin\/run can not be kept .*security\.capability/);
    expectUntouched();
  });
});
