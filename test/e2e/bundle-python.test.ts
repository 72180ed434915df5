/** A real environment with the Python that it stands on, in a root where none is. All Pythons of this machine: test/long. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeBareRoot, whyNoBareRoot } from '../support/bare-root.ts';
import { installIn, saidIn, whereItIs, whereItShouldBe } from '../support/bundled-site.ts';
import { relocateOk, runOk } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';

const WHY_NOT = whyNoBareRoot();
const [LONG = '', SHORT = ''] = execFileSync(
  'python3',
  ['-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3]); print("%d.%d" % sys.version_info[:2])'],
  { encoding: 'utf8' },
).split('\n');

test.skipIf(WHY_NOT !== null)(
  `runs where no Python is${WHY_NOT === null ? '' : ` (skipped: ${WHY_NOT})`}`,
  {
    timeout: 300_000,
  },
  () => {
    const folder = temporaryFolder();
    const site = join(folder, 'build/site');
    const archive = join(folder, 'site.tar.gz');
    runOk('python3', ['-m', 'venv', join(site, 'env')]);
    const parts = ['--bundle-python', '--bundle-without', 'tests,caches'];
    relocateOk(['pack', site, '-o', archive, '--level', '1', ...parts]);
    relocateOk(['fix', site, ...parts]);
    const root = makeBareRoot(folder);
    installIn(root, archive, '/srv/installed');
    // a tree that was fixed needs no more than to be moved
    runOk('mv', [site, join(root, 'srv/moved')]);
    rmSync(join(root, 'srv/moved/.relocate'), { recursive: true });
    for (const place of ['/srv/installed', '/srv/moved']) {
      expect(whereItIs(root, `${place}/env`)).toEqual(whereItShouldBe(place, `${place}/env`, `.python/${LONG}`, SHORT));
      expect(saidIn(root, [`${place}/env/bin/pip`, '--version'])).toContain(
        `${place}/env/lib/python${SHORT}/site-packages/pip`,
      );
    }
  },
);
