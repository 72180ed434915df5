import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { StalePlanError, UsageError } from '../src/model/errors.ts';
import { apply } from '../src/stages/apply.ts';
import { history } from '../src/stages/pending.ts';
import { undo } from '../src/stages/undo.ts';
import { run, runOk } from './support/cli.ts';
import { temporaryFolder } from './support/folder.ts';
import { planOf, remove, replaceIn } from './support/hand-made-plan.ts';
import { listing } from './support/listing.ts';
import { BUILT_AT, changesOf, makeThornyTree, wholeState } from './support/thorny-tree.ts';

let tree: string;
let before: string;
beforeEach(() => {
  const made = makeThornyTree();
  onTestFinished(made.remove);
  tree = made.tree;
  before = wholeState(tree);
});

const fix = async (): Promise<void> => void (await apply(planOf(tree, changesOf(tree))));
const gone = (path: string): boolean => !existsSync(join(tree, path));

describe('undo', () => {
  test('gives back bytes, modes, times, attributes, links, hard links and inodes, and leaves no trace', async () => {
    await fix();
    expect(wholeState(tree)).not.toBe(before);
    const undone = await undo(tree);
    expect(undone).toMatchObject({ run: 1, warnings: [] });
    expect(undone.restored).toHaveLength(13);
    expect(wholeState(tree)).toBe(before);
    expect(gone('.relocate')).toBe(true);
  });

  test('keeps what else lies in `.relocate`', async () => {
    mkdirSync(join(tree, '.relocate'));
    writeFileSync(join(tree, '.relocate/manifest.json'), '{}');
    before = wholeState(tree);
    await fix();
    await undo(tree);
    expect(wholeState(tree)).toBe(before);
    expect(runOk('find', ['.relocate', '-type', 'f'], { cwd: tree })).toBe('.relocate/manifest.json\n');
  });

  test('takes back one run after the other, newest first', async () => {
    await fix();
    const between = wholeState(tree);
    await apply(planOf(tree, [replaceIn(tree, 'bin/run', '/opt/a much longer place', '/x')]));
    expect(history(tree).map(({ run }) => run)).toEqual([1, 2]);
    await undo(tree);
    expect(wholeState(tree)).toBe(between);
    await undo(tree);
    expect(wholeState(tree)).toBe(before);
    await expect(undo(tree)).rejects.toThrow(UsageError);
  });

  test('works after the tree was moved', async () => {
    await fix();
    const moved = `${tree} moved`;
    renameSync(tree, moved);
    await undo(moved);
    expect(wholeState(moved)).toBe(before);
  });

  test('works in a copy of the tree, where no inode is the same', async () => {
    const listed = listing(tree);
    await fix();
    const copy = join(temporaryFolder(), 'copy');
    runOk('cp', ['-a', tree, copy]);
    rmSync(tree, { recursive: true });
    await undo(copy);
    expect(listing(copy)).toBe(listed);
  });
});

describe('where someone changed a file since', () => {
  const change: Record<string, () => void> = {
    'wrote to it': () => appendFileSync(join(tree, 'bin/run'), 'theirs'),
    'replaced it': () => runOk('sh', ['-c', 'echo theirs > x && mv x bin/run'], { cwd: tree }),
    'removed it': () => rmSync(join(tree, 'bin/run')),
    'wrote to another of its names': () => appendFileSync(join(tree, 'share/one'), 'theirs'),
    'turned a link elsewhere': () => runOk('ln', ['-sfn', 'theirs', join(tree, 'bin/absolute')]),
    'wrote to the original through a name outside the tree': () => appendFileSync(join(tree, '../outside'), 'theirs'),
  };
  test.each(Object.entries(change))(
    '(%s) undo names it and changes nothing, and goes ahead with `force`',
    async (_, act) => {
      await fix();
      act();
      const changed = wholeState(tree);
      await expect(undo(tree)).rejects.toThrow(StalePlanError);
      await expect(undo(tree)).rejects.toThrow(/bin\/run|share\/one|bin\/absolute|conf\/deep\/two/);
      expect(wholeState(tree)).toBe(changed);
      await undo(tree, { force: true });
      expect(readFileSync(join(tree, 'bin/run'), 'utf8')).toContain(BUILT_AT);
      expect(gone('.relocate')).toBe(true);
    },
  );

  test('byte code that Python wrote anew does not count', async () => {
    await fix();
    writeFileSync(join(tree, 'lib/site/pkg/__pycache__/place.cpython-311.pyc'), 'compiled anew');
    await undo(tree);
    expect(readFileSync(join(tree, 'lib/site/pkg/__pycache__/place.cpython-311.pyc'), 'utf8')).toBe('code of place');
  });

  test('a folder that is a symlink now is not followed', async () => {
    await fix();
    renameSync(join(tree, 'etc'), join(tree, '../etc'));
    symlinkSync('../etc', join(tree, 'etc'));
    const there = listing(join(tree, '../etc'));
    await expect(undo(tree)).rejects.toThrow(StalePlanError);
    const undone = await undo(tree, { force: true });
    expect(listing(join(tree, '../etc'))).toBe(there);
    expect(undone.warnings.join()).toContain('etc/old');
  });
});

test('python runs the source that was put back, and not what it had compiled of the other', async () => {
  const folder = temporaryFolder();
  const source = join(folder, 'place.py');
  writeFileSync(source, `print("${BUILT_AT}")\n`);
  const ask = (): string => run('python3', ['-c', 'import place'], { cwd: folder }).stdout;
  expect(ask()).toBe(`${BUILT_AT}\n`);
  const cached = runOk('sh', ['-c', 'ls __pycache__/*'], { cwd: folder }).trim();
  const there = listing(folder);
  // the same size and the same time: to Python the two sources look the same
  await apply(
    planOf(folder, [remove(folder, cached), replaceIn(folder, 'place.py', BUILT_AT, '/opt/other/place')].slice(0, 2)),
  );
  expect(ask()).toBe('/opt/other/place\n');
  await undo(folder);
  expect(ask()).toBe(`${BUILT_AT}\n`);
  expect(listing(folder)).toBe(there);
});

test('a journal that names paths outside the tree is refused', async () => {
  await fix();
  const intent = join(tree, '.relocate/journal/1/intent.json');
  writeFileSync(intent, readFileSync(intent, 'utf8').replaceAll('"bin/run"', '"../../victim"'));
  await expect(undo(tree)).rejects.toThrow(UsageError);
});
