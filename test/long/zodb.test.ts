/** A ZODB file storage: relocate finds the paths in its pickles and leaves it, so it opens as before. Needs a Python with ZODB (RELOCATE_TEST_ZODB). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { asAbsolutePath } from '../../src/model/path.ts';
import { apply } from '../../src/stages/apply.ts';
import { plan } from '../../src/stages/plan.ts';
import { scan } from '../../src/stages/scan.ts';
import { buildTree, has, run } from '../support/moved-tree.ts';

const PYTHON = process.env['RELOCATE_TEST_ZODB'] ?? 'python3';

const WRITE = `
import sys, transaction, ZODB
P = sys.argv[1]
db = ZODB.DB('Data.fs'); root = db.open().root()
root['place'] = P; root['files'] = [P + '/%d' % i for i in range(50)]
transaction.commit(); db.close()
`;
const READ = `
import ZODB
db = ZODB.DB('Data.fs'); root = db.open().root()
print(root['place'], len(root['files'])); db.close()
`;

describe.skipIf(!has(PYTHON, '-c', 'import ZODB'))('Data.fs', () => {
  test('is reported path by path, left byte for byte, and opens with all it held', async () => {
    const { root } = buildTree();
    run(PYTHON, ['-c', WRITE, root], { cwd: root });
    const before = readFileSync(join(root, 'Data.fs'));
    const found = await scan(root, { jobs: 1 });
    const references = found.references.filter(({ file }) => file === 'Data.fs');
    expect(references).toHaveLength(51);
    expect(references.every(({ code, fix }) => code === 'RL211' && fix === 'blocked')).toBe(true);
    expect(references.map(({ path }) => path)).toContain(root);
    await apply(plan(found, { to: asAbsolutePath('/s'), unsafe: true }));
    expect(readFileSync(join(root, 'Data.fs')).equals(before)).toBe(true);
    expect(run(PYTHON, ['-c', READ], { cwd: root })).toBe(`${root} 50`);
  });
});
