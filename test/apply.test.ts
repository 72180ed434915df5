import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { decodeBytes } from '../src/formats/byte-text.ts';
import { withLock } from '../src/io/lock.ts';
import { readTreeMemory } from '../src/io/tree-memory.ts';
import { InterruptedError, LockedError, RolledBackError, StalePlanError, UsageError } from '../src/model/errors.ts';
import { asAbsolutePath, asTreePath } from '../src/model/path.ts';
import type { FileChange, Plan } from '../src/model/plan.ts';
import { apply } from '../src/stages/apply.ts';
import { history, pendingRun } from '../src/stages/pending.ts';
import { recover } from '../src/stages/recover.ts';
import { undo } from '../src/stages/undo.ts';
import { runOk } from './support/cli.ts';
import { temporaryFolder } from './support/folder.ts';
import { planOf, replaceIn, retarget } from './support/hand-made-plan.ts';
import { attributes, BUILT_AT, changesOf, makeThornyTree, wholeState } from './support/thorny-tree.ts';

let tree: string;
let outside: string;
let plan: Plan;
let before: string;
beforeEach(() => {
  const made = makeThornyTree();
  onTestFinished(made.remove);
  tree = made.tree;
  outside = made.outside;
  plan = planOf(tree, changesOf(tree));
  before = wholeState(tree);
});

const read = (path: string): string => readFileSync(join(tree, path), 'latin1');
/** Path, type, mode, owner, time and hard-link group: what a change of bytes must not change. */
const facts = (): string =>
  runOk(
    'sh',
    [
      '-c',
      String.raw`find . -path ./.relocate -prune -o -printf '%P %y %m %U:%G %T@\n' | grep -v place.cpython | LC_ALL=C sort`,
    ],
    { cwd: tree },
  );

/** Times as exact as Node can set them. */
const toMicroseconds = (text: string): string =>
  text.replace(/-\d+\.\d+/g, 'before 1970').replace(/(\d+\.\d{5})\d{5}/g, '$1');

describe('apply', () => {
  test('writes the new bytes and targets, and nothing else differs', async () => {
    const kept = facts();
    const extended = attributes(tree);
    const receipt = await apply(plan);
    expect(read('bin/run')).toBe('#!/opt/a much longer place/bin/python\nprint(1)\n');
    expect(read('conf/app.cfg')).toBe('root = /opt/a much longer place\nlog = /opt/a much longer place/log');
    expect(readFileSync(Buffer.from(`${tree}/etc/new\nline \xff`, 'latin1'), 'utf8')).toBe(
      'odd /opt/a much longer place\n',
    );
    expect(readlinkSync(join(tree, 'bin/absolute'))).toBe('run');
    expect(existsSync(join(tree, 'lib/site/pkg/__pycache__/place.cpython-311.pyc'))).toBe(false);
    expect(facts()).toBe(kept);
    expect(attributes(tree)).toBe(extended);
    expect(receipt).toMatchObject({ run: 1, counts: { files: 8, symlinks: 2, removed: 1, names: 13 }, warnings: [] });
  });

  test('edits an inode once for all its names in the tree, and never through a name outside', async () => {
    await apply(plan);
    const [one, two] = [lstatSync(join(tree, 'share/one')), lstatSync(join(tree, 'conf/deep/two'))];
    expect(one.ino).toBe(two.ino);
    expect(read('share/one')).toBe('shared /opt/a much longer place\n');
    expect(readFileSync(outside, 'utf8')).toBe(`shared ${BUILT_AT}\n`);
    expect(lstatSync(join(tree, 'etc/link')).ino).toBe(lstatSync(join(tree, 'etc/same-link')).ino);
    expect(readlinkSync(join(tree, 'etc/same-link'))).toBe('../share');
  });

  test('gives the rows of a RECORD the digests and sizes of the new files, and drops those of files that go', async () => {
    await apply(plan);
    const rows = read('lib/site/pkg-1.dist-info/RECORD').split('\r\n');
    expect(rows.map((row) => row.split(',')[0])).toEqual([
      'pkg/__init__.py',
      'pkg/place.py',
      'pkg-1.dist-info/RECORD',
      '',
    ]);
    const place = readFileSync(join(tree, 'lib/site/pkg/place.py'));
    expect(rows[1]).toBe(
      `pkg/place.py,sha256=${createHash('sha256').update(place).digest('base64url')},${place.length}`,
    );
  });

  test('remembers by which prefixes the tree was known, and tells of its runs', async () => {
    await apply(plan);
    expect(readTreeMemory(asAbsolutePath(tree))?.prefixes).toEqual([
      { path: tree, base: '' },
      { path: BUILT_AT, base: '' },
    ]);
    expect(history(tree).map(({ run }) => run)).toEqual([1]);
    expect(history(tree)[0]?.changes.find(({ file }) => file === 'bin/run')?.after).toBe(
      createHash('sha256').update(read('bin/run')).digest('hex'),
    );
    expect(pendingRun(tree)).toBeNull();
  });

  test('leaves no trace of a plan without changes', async () => {
    expect(await apply(planOf(tree, []))).toMatchObject({ run: null, changes: [] });
    expect(wholeState(tree)).toBe(before);
    expect(existsSync(join(tree, '.relocate'))).toBe(false);
  });

  test('keeps holes, and a file that is larger than any buffer', async () => {
    const file = openSync(join(tree, 'share/image'), 'w');
    ftruncateSync(file, 1 << 28);
    writeSync(file, BUILT_AT, 200_000_001);
    closeSync(file);
    const memory = process.memoryUsage().rss;
    const change: FileChange = {
      ...replaceIn(tree, 'etc/old', BUILT_AT, ''),
      file: asTreePath('share/image'),
      before: execFileSync('sha256sum', [join(tree, 'share/image')], { encoding: 'latin1' }).slice(0, 64),
      splices: [{ start: 200_000_001, end: 200_000_001 + BUILT_AT.length, text: '/opt/site/12345' }],
    };
    await apply(planOf(tree, [change]));
    const stat = lstatSync(join(tree, 'share/image'));
    expect(stat.size).toBe(1 << 28);
    expect(stat.blocks * 512).toBeLessThan(1 << 20);
    expect(process.memoryUsage().rss - memory).toBeLessThan(100 << 20);
    expect(runOk('sh', ['-c', 'tail -c +200000002 share/image | head -c 15'], { cwd: tree })).toBe('/opt/site/12345');
  });

  test('does what Node can where the host has no cp, tar and sync, and tells what it could not', async () => {
    const path = process.env['PATH'];
    onTestFinished(() => void (process.env['PATH'] = path));
    const kept = toMicroseconds(facts());
    process.env['PATH'] = '/nowhere';
    const { warnings } = await apply(plan);
    process.env['PATH'] = path;
    expect(warnings.join('\n')).toMatch(/extended attributes[^]*exact to the microsecond only/);
    expect(toMicroseconds(facts())).toBe(kept);
    process.env['PATH'] = '/nowhere';
    await undo(tree);
    process.env['PATH'] = path;
    expect(toMicroseconds(wholeState(tree))).toBe(toMicroseconds(before));
  });

  test('works in a tree whose own name is not text', async () => {
    const folder = temporaryFolder();
    runOk('sh', [
      '-c',
      String.raw`d="$1/$(printf 'not \377 text\nx')" && mkdir "$d" && ln -s old "$d/link" && printf 'a%s' "$2" > "$d/file" && chmod 600 "$d/file"`,
      'sh',
      folder,
      BUILT_AT,
    ]);
    const odd = decodeBytes(Buffer.from(`${folder}/not \xff text\nx`, 'latin1'));
    await apply(planOf(odd, [replaceIn(odd, 'file', BUILT_AT, 'b'), retarget(odd, 'link', 'file')]));
    expect(runOk('sh', ['-c', 'cd "$1"/not* && cat link && stat -c %a file', 'sh', folder])).toBe('ab600\n');
  });
});

describe('a plan that does not fit the tree changes nothing', () => {
  const spoil: Record<string, () => void> = {
    'a file was written to': () => appendFileSync(join(tree, 'etc/old'), 'x'),
    'a file to remove was written to': () =>
      appendFileSync(join(tree, 'lib/site/pkg/__pycache__/place.cpython-311.pyc'), 'x'),
    'a symlink leads elsewhere': () => runOk('ln', ['-sfn', 'elsewhere', join(tree, 'bin/absolute')]),
    'a file is gone': () => runOk('rm', [join(tree, 'bin/suid')]),
    'a file became a folder': () => runOk('sh', ['-c', 'rm etc/old && mkdir etc/old'], { cwd: tree }),
    'a file became a pipe': () => runOk('sh', ['-c', 'rm etc/old && mkfifo etc/old'], { cwd: tree }),
    'a hard link was cut': () => runOk('sh', ['-c', 'cp -p share/one x && mv x share/one'], { cwd: tree }),
    'a folder became a symlink': () => runOk('sh', ['-c', 'mv conf ../conf && ln -s ../conf conf'], { cwd: tree }),
  };
  test.each(Object.entries(spoil))('%s', async (_, act) => {
    act();
    const spoilt = wholeState(tree);
    await expect(apply(plan)).rejects.toThrow(StalePlanError);
    expect(wholeState(tree)).toBe(spoilt);
    expect(existsSync(join(tree, '.relocate'))).toBe(false);
  });

  test('edits overlap', async () => {
    const change = replaceIn(tree, 'etc/old', BUILT_AT, 'x');
    const overlapping = { ...change, splices: [...change.splices, { start: 5, end: 7, text: '' }] };
    await expect(apply(planOf(tree, [...changesOf(tree).slice(0, 3), overlapping]))).rejects.toThrow(UsageError);
    expect(wholeState(tree)).toBe(before);
  });

  test('another run is at work in the tree', async () => {
    await withLock(tree, 'undo', async () => {
      await expect(apply(plan)).rejects.toThrow(LockedError);
      await expect(undo(tree)).rejects.toThrow(LockedError);
      await expect(recover(tree)).rejects.toThrow(LockedError);
    });
    expect(wholeState(tree)).toBe(before);
  });

  test('there is no tree', async () => {
    await expect(apply(planOf(join(tree, 'nowhere'), changesOf(tree)))).rejects.toThrow(UsageError);
  });

  test('`.relocate` is a symlink', async () => {
    mkdirSync(join(tree, '../elsewhere'));
    symlinkSync('../elsewhere', join(tree, '.relocate'));
    await expect(apply(plan)).rejects.toThrow(/\.relocate is no folder/);
    expect(runOk('ls', ['-A', join(tree, '../elsewhere')])).toBe('');
  });
});

describe('an error midway takes everything back', () => {
  test('at every checkpoint', async () => {
    const names: string[] = [];
    await apply(planOf(makeAnother(), plan.changes), { checkpoint: (name) => names.push(name) });
    expect(names.length).toBeGreaterThan(15);
    for (const stopAt of names.filter((name) => name !== 'checked')) {
      let hasFailed = false;
      const failing = apply(plan, {
        checkpoint: (name) => {
          if (name !== stopAt || hasFailed) return;
          hasFailed = true;
          throw new Error('ENOSPC: no space left on device');
        },
      });
      await expect(failing, stopAt).rejects.toThrow(RolledBackError);
      expect(wholeState(tree), stopAt).toBe(before);
      expect(existsSync(join(tree, '.relocate')), stopAt).toBe(false);
    }
  });

  test('a file that someone writes to in the last moment, before and after the run counts', async () => {
    for (const moment of ['synced', 'staged']) {
      const writing = apply(plan, {
        checkpoint: (name) => (name === moment ? appendFileSync(join(tree, 'etc/old'), 'theirs') : undefined),
      });
      await expect(writing).rejects.toThrow(moment === 'synced' ? StalePlanError : RolledBackError);
      expect(read('etc/old')).toContain('theirs');
      expect(read('bin/run')).toContain(BUILT_AT);
      expect(existsSync(join(tree, '.relocate'))).toBe(false);
      runOk('sh', ['-c', `printf 'old ${BUILT_AT}\\n' > etc/old`], { cwd: tree });
    }
  });

  test('Ctrl-C before the run counts; after that it is finished', async () => {
    const early = new AbortController();
    const stopped = apply(plan, {
      signal: early.signal,
      checkpoint: (name) => (name === 'attributes' ? early.abort() : undefined),
    });
    await expect(stopped).rejects.toThrow(InterruptedError);
    expect(wholeState(tree)).toBe(before);
    const late = new AbortController();
    const finished = await apply(plan, {
      signal: late.signal,
      checkpoint: (name) => (name === 'staged' ? late.abort() : undefined),
    });
    expect(finished.run).toBe(1);
  });

  function makeAnother(): string {
    const made = makeThornyTree();
    onTestFinished(made.remove);
    return made.tree;
  }
});
