import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { NeedsRecoverError } from '../src/model/errors.ts';
import { apply } from '../src/stages/apply.ts';
import { pendingRun, requireSettled } from '../src/stages/pending.ts';
import { recover } from '../src/stages/recover.ts';
import { undo } from '../src/stages/undo.ts';
import { runOk } from './support/cli.ts';
import { usually } from './support/depth.ts';
import { temporaryFolder } from './support/folder.ts';
import { planOf, replaceIn } from './support/hand-made-plan.ts';
import { listing } from './support/listing.ts';
import { BUILT_AT, changesOf, makeThornyTree, wholeState } from './support/thorny-tree.ts';

const CUT_SHORT = fileURLToPath(new URL('support/cut-short.js', import.meta.url));

let tree: string;
let before: string;
let planFile: string;
beforeEach(() => newTree());

function newTree(): void {
  const made = makeThornyTree();
  onTestFinished(made.remove);
  tree = made.tree;
  before = wholeState(tree);
  planFile = `${tree}.plan`;
  writeFileSync(planFile, JSON.stringify(planOf(tree, changesOf(tree))));
}

/** Runs a stage of the build that is killed at a checkpoint; whether it came to that. */
function cutShort(stage: 'apply' | 'undo' | 'recover', stopAt: string, options = {}): boolean {
  const subject = stage === 'apply' ? planFile : tree;
  const { signal, status, stderr } = spawnSync(
    process.execPath,
    [CUT_SHORT, stage, subject, stopAt, JSON.stringify(options)],
    { encoding: 'utf8' },
  );
  if (signal !== 'SIGKILL' && status !== 0) throw new Error(stderr);
  return signal === 'SIGKILL';
}

/** The names of the checkpoints of a stage, told by one run of it. */
async function checkpointsOf(act: (checkpoint: (name: string) => void) => Promise<unknown>): Promise<string[]> {
  const names: string[] = [];
  await act((name) => names.push(name));
  return names;
}

function expectTakenBack(where: string): void {
  expect(wholeState(tree), where).toBe(before);
  expect(
    readdirSync(tree).filter((name) => name.startsWith('.relocate')),
    where,
  ).toEqual([]);
  expect(pendingRun(tree), where).toBeNull();
}

/** As an uninterrupted run leaves it: then undo gives everything back too. */
async function expectFinished(where: string): Promise<void> {
  expect(readFileSync(join(tree, 'bin/run'), 'utf8'), where).toContain('/opt/a much longer place');
  expect(pendingRun(tree), where).toBeNull();
  const left = readdirSync(join(tree, '.relocate/journal/1')).sort();
  expect(left, where).toEqual(['intent.json', 'marker.json', 'orig', 'receipt.json']);
  const finished = withoutTimesOfDay(listing(tree, { own: true }));
  expect(finished, where).toBe(reference);
  await undo(tree);
  expectTakenBack(where);
}

/** Files that the tree's recipe gives the time of the day have another one in each tree. */
function withoutTimesOfDay(text: string): string {
  return text.replace(/\t\d{10}\.\d+\t/g, (time) => (Number(time) > 1_700_000_000 ? '\tnow\t' : time));
}

let reference: string;
let checkpoints: string[];
beforeAll(async () => {
  const made = makeThornyTree();
  const plan = planOf(made.tree, changesOf(made.tree));
  checkpoints = await checkpointsOf((checkpoint) => apply(plan, { checkpoint }));
  reference = withoutTimesOfDay(listing(made.tree, { own: true }));
  made.remove();
});

describe('apply, killed at each checkpoint', () => {
  test('the next run says so; recover takes back what had changed nothing and finishes the rest', async () => {
    for (const stopAt of checkpoints) {
      newTree();
      expect(cutShort('apply', stopAt), stopAt).toBe(true);
      if (stopAt === 'checked') continue;
      if (stopAt === 'done') {
        expect(pendingRun(tree)).toBeNull();
        continue;
      }
      await expect(apply(JSON.parse(readFileSync(planFile, 'utf8'))), stopAt).rejects.toThrow(NeedsRecoverError);
      await expect(requireSettled(tree), stopAt).rejects.toThrow(/relocate recover/);
      const { outcome } = await recover(tree);
      const isStaged = checkpoints.indexOf(stopAt) >= checkpoints.indexOf('staged');
      expect(outcome, stopAt).toBe(isStaged ? 'finished' : 'taken-back');
      if (isStaged) await expectFinished(stopAt);
      else expectTakenBack(stopAt);
    }
  }, 180_000);

  test('recover takes back with `back`', async () => {
    const all = checkpoints.filter((name) => !['checked', 'done'].includes(name));
    // those before `staged` are taken back by the test above too
    const some = all.filter((_, i) => i >= all.indexOf('staged') && i % 2 === 0);
    for (const stopAt of usually(some, all)) {
      newTree();
      cutShort('apply', stopAt);
      expect((await recover(tree, { back: true })).outcome, stopAt).toBe('taken-back');
      expectTakenBack(stopAt);
    }
  }, 180_000);
});

test('undo, killed at each checkpoint, is finished by recover', async () => {
  await apply(planOf(tree, changesOf(tree)));
  const names = await checkpointsOf((checkpoint) => undo(tree, { checkpoint }));
  for (const stopAt of names.filter((name) => name !== 'checked')) {
    newTree();
    await apply(planOf(tree, changesOf(tree)));
    expect(cutShort('undo', stopAt), stopAt).toBe(true);
    await expect(undo(tree), stopAt).rejects.toThrow(NeedsRecoverError);
    expect((await recover(tree)).outcome, stopAt).toBe('taken-back');
    expectTakenBack(stopAt);
  }
}, 180_000);

test('recover, killed at each checkpoint in either direction, can be repeated', async () => {
  const names = usually(
    ['switched 1', 'switched 6', 'folders'],
    ['switched 1', 'switched 5', 'switched 6', 'switched 9', 'folders'],
  );
  for (const back of [false, true]) {
    for (const name of names) {
      const stopAt = back ? name.replace('switched', 'put back') : name;
      newTree();
      cutShort('apply', 'switched 5');
      expect(cutShort('recover', stopAt, { back }), stopAt).toBe(true);
      await recover(tree);
      if (back) expectTakenBack(stopAt);
      else await expectFinished(stopAt);
    }
  }
}, 180_000);

test('killed at any moment', async () => {
  for (let moment = 0; moment < 12; moment++) {
    newTree();
    const child = spawn(process.execPath, [CUT_SHORT, 'apply', planFile, ''], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    // Node itself takes some 100 ms to start
    setTimeout(() => child.kill('SIGKILL'), 60 + moment * 10 + Math.random() * 10);
    await ended;
    await recover(tree);
    if (existsSync(join(tree, '.relocate'))) await expectFinished(`moment ${moment}`);
    else expectTakenBack(`moment ${moment}`);
  }
}, 120_000);

describe('what someone changed after the run was cut short', () => {
  test('is kept and named, forward and back', async () => {
    for (const back of [false, true]) {
      newTree();
      cutShort('apply', 'switched 2');
      appendFileSync(join(tree, 'etc/old'), 'theirs');
      const { kept } = await recover(tree, { back });
      expect(kept).toEqual(['etc/old']);
      expect(readFileSync(join(tree, 'etc/old'), 'utf8')).toBe(`old ${BUILT_AT}\ntheirs`);
      if (!back) await undo(tree);
      expect(readFileSync(join(tree, 'etc/old'), 'utf8')).toBe(`old ${BUILT_AT}\ntheirs`);
      expect(readFileSync(join(tree, 'bin/run'), 'utf8')).toContain(BUILT_AT);
      expect(existsSync(join(tree, '.relocate'))).toBe(false);
    }
  });
});

test('a run that was cut short in one place is recovered in another', async () => {
  const folder = temporaryFolder();
  for (const how of ['mv', 'cp -a']) {
    newTree();
    cutShort('apply', 'switched 5');
    const place = join(folder, how.replace(' ', ''));
    runOk('sh', ['-c', `${how} "$1" "$2"`, 'sh', tree, place]);
    expect(await recover(place)).toMatchObject({ outcome: 'finished', kept: [] });
    expect(withoutTimesOfDay(listing(place, { own: true }))).toBe(reference);
  }
});

test('nothing was cut short: nothing is done', async () => {
  expect(await recover(tree)).toMatchObject({ outcome: 'nothing', run: null });
  await apply(planOf(tree, [replaceIn(tree, 'bin/run', BUILT_AT, '/x')]));
  expect(await recover(tree)).toMatchObject({ outcome: 'nothing' });
  expect(readFileSync(join(tree, 'bin/run'), 'utf8')).toContain('/x');
});

describe('a run that was cut short while its folder came or went', () => {
  test('before there was a journal: the root gets its time back', async () => {
    const time = '1234567890123456789';
    before = before.replace('\t1600000000.1928374650', '\t1234567890.1234567890');
    mkdirSync(join(tree, `.relocate-${time}/journal/1/orig`), { recursive: true });
    writeFileSync(join(tree, `.relocate-${time}/journal/1/intent.json.part`), '{"version"');
    expect(pendingRun(tree)).toEqual({ run: null, state: 'clearing', at: '' });
    await expect(apply(JSON.parse(readFileSync(planFile, 'utf8')))).rejects.toThrow(NeedsRecoverError);
    expect(await recover(tree)).toMatchObject({ outcome: 'taken-back' });
    expectTakenBack('half made');
  });

  test('with an earlier run in the journal', async () => {
    await apply(planOf(tree, changesOf(tree)));
    const fixed = wholeState(tree);
    mkdirSync(join(tree, '.relocate/journal/2/orig'), { recursive: true });
    mkdirSync(join(tree, '.relocate/journal/gone-3/orig'), { recursive: true });
    expect(pendingRun(tree)).toMatchObject({ run: 2, state: 'preparing' });
    await recover(tree);
    expect(pendingRun(tree)).toBeNull();
    expect(wholeState(tree)).toBe(fixed);
    expect(readdirSync(join(tree, '.relocate/journal'))).toEqual(['1']);
  });
});
