/**
 * A ZODB file storage: relocate finds the paths in its pickles and leaves it, so it opens as before. A Python that has ZODB
 * is named by RELOCATE_TEST_ZODB; else one is made, for which pip must get at the package.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { asAbsolutePath } from '../../src/model/path.ts';
import { apply } from '../../src/stages/apply.ts';
import { plan } from '../../src/stages/plan.ts';
import { scan } from '../../src/stages/scan.ts';
import { temporaryFolder } from '../support/folder.ts';
import { buildTree, has, run } from '../support/moved-tree.ts';

/** A Python that imports ZODB; why there is none, where pip can't get it. */
function pythonWithZodb(): { readonly python: string } | { readonly why: string } {
  const named = process.env['RELOCATE_TEST_ZODB'] ?? 'python3';
  if (has(named, '-c', 'import ZODB')) return { python: named };
  const environment = join(temporaryFolder(), 'env');
  try {
    run('python3', ['-m', 'venv', environment]);
    run(join(environment, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', 'ZODB']);
    return { python: join(environment, 'bin/python') };
  } catch (error) {
    return { why: `no Python with ZODB, and pip could not get it (RELOCATE_TEST_ZODB names one): ${String(error)}` };
  }
}

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

describe('Data.fs', () => {
  test('is reported path by path, left byte for byte, and opens with all it held', async ({ skip }) => {
    const found = pythonWithZodb();
    if ('why' in found) {
      console.error(found.why);
      return skip(found.why);
    }
    const { python } = found;
    const { root } = buildTree();
    run(python, ['-c', WRITE, root], { cwd: root });
    const before = readFileSync(join(root, 'Data.fs'));
    const scanned = await scan(root, { jobs: 1 });
    const references = scanned.references.filter(({ file }) => file === 'Data.fs');
    expect(references).toHaveLength(51);
    expect(references.every(({ code, fix }) => code === 'RL211' && fix === 'blocked')).toBe(true);
    expect(references.map(({ path }) => path)).toContain(root);
    await apply(plan(scanned, { to: asAbsolutePath('/s'), unsafe: true }));
    expect(readFileSync(join(root, 'Data.fs')).equals(before)).toBe(true);
    expect(run(python, ['-c', READ], { cwd: root })).toBe(`${root} 50`);
  });
});
