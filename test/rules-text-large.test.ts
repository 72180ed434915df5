/** Files too large to hold in memory: every hit is still judged by what stands around it. */
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { asAbsolutePath } from '../src/model/path.ts';
import { plan } from '../src/stages/plan.ts';
import { scan } from '../src/stages/scan.ts';
import { WHOLE_FILE_LIMIT } from '../src/rules/rule.ts';
import { temporaryFolder } from './support/folder.ts';

const PREFIX = '/srv/build/site';

/** A file whose hits stand behind so much of `filling` that it is not held whole. */
function largeFile(name: string, filling: string, ...parts: readonly (string | Buffer)[]): string {
  const tree = temporaryFolder();
  const filled = Buffer.alloc(WHOLE_FILE_LIMIT + 100_000, filling);
  writeFileSync(join(tree, name), Buffer.concat([filled, ...parts.map((part) => Buffer.from(part))]));
  return tree;
}

async function codesIn(tree: string): Promise<string[]> {
  const { references } = await scan(tree, { prefixes: [PREFIX], jobs: 1 });
  return references.map(({ code, fix, absolute }) => `${code} ${fix} ${absolute?.escaping ?? '-'}`);
}

test('a log of many lines is text, and scanned in time that grows with it', async () => {
  const lines = Array.from({ length: 30_000 }, (_, i) => `opened ${PREFIX}/x${i}\n`).join('');
  const tree = largeFile('app.log', 'line of a log\n', '\n', lines);
  const before = performance.now();
  const found = await scan(tree, { prefixes: [PREFIX], jobs: 1 });
  expect(performance.now() - before).toBeLessThan(20_000);
  expect(found.summary.byCode).toEqual({ RL201: 30_000 });
  const { changes } = plan(found, { to: asAbsolutePath('/new') });
  expect(changes[0]?.kind === 'content' && changes[0].splices.length).toBe(30_000);
});

test('the quotes on the line of a hit count', async () => {
  expect(await codesIn(largeFile('a.json', '1,\n', `"it's", "${PREFIX}"\n`))).toEqual(['RL201 pinned json']);
  expect(await codesIn(largeFile('a.sh', '# it\n', `\ncd '${PREFIX}' "${PREFIX}"\n`))).toEqual([
    'RL201 pinned shell-single',
    'RL201 pinned shell-double',
  ]);
});

test('what is near a hit decides whether it stands in text', async () => {
  const near = Buffer.from([0, 1, 2]);
  expect(await codesIn(largeFile('a.log', 'text\n', `x ${PREFIX}\n`, near))).toEqual(['RL406 blocked plain']);
  expect(await codesIn(largeFile('a.log', 'text\n', `x ${PREFIX}\n`, 'y\n'.repeat(4000), near))).toEqual([
    'RL201 pinned plain',
  ]);
  expect(await codesIn(largeFile('a.log', 'text\n', Buffer.from('caf\xe9 ', 'latin1'), `${PREFIX}\n`))).toEqual([
    'RL906 pinned ascii',
  ]);
  expect(await codesIn(largeFile('a.bin', '\0\u0001', `x ${PREFIX}\n`))).toEqual(['RL406 blocked plain']);
});
