/** Every Python of this machine comes along with an environment that has flask and gunicorn, to a root where none is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { makeBareRoot, whyNoBareRoot } from '../support/bare-root.ts';
import { installIn, saidIn, whereItIs, whereItShouldBe } from '../support/bundled-site.ts';
import { relocateOk, runOk } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { PYTHONS, runPython } from '../support/pythons.ts';

const WHEELHOUSE = fileURLToPath(new URL('../../node_modules/.cache/relocate-wheelhouse', import.meta.url));
const WHY_NOT = whyNoBareRoot();
const THREE = PYTHONS.filter(({ version }) => version.startsWith('3.'));

describe.skipIf(WHY_NOT !== null).each(THREE)(`Python $version ${WHY_NOT ?? ''}`, ({ version, program }) => {
  test('runs where no Python is', { timeout: 600_000 }, () => {
    const folder = temporaryFolder();
    const site = join(folder, 'build/site');
    const archive = join(folder, 'site.tar.gz');
    const full = runPython(program, 'import sys; print("%d.%d.%d" % sys.version_info[:3])').trim();
    runOk(program, ['-m', 'venv', join(site, 'env')]);
    // the wheels are for one version of Python at least; the scripts of pip are there for every one
    const wheels = ['--no-index', '--find-links', WHEELHOUSE, 'flask', 'gunicorn'];
    const options = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...wheels];
    const hasFlask = version === '3.11' && existsSync(WHEELHOUSE);
    if (hasFlask) runOk(join(site, 'env/bin/python'), options);
    const packed = JSON.parse(
      relocateOk(['pack', site, '-o', archive, '--bundle-python', '--bundle-without', 'tests', '--format', 'json']),
    );
    expect(packed.requirements.interpreters).toEqual([]);
    const root = makeBareRoot(folder);
    installIn(root, archive, '/srv/site');
    expect(whereItIs(root, '/srv/site/env')).toEqual(
      whereItShouldBe('/srv/site', '/srv/site/env', `.python/${full}`, version),
    );
    expect(saidIn(root, ['/srv/site/env/bin/pip', '--version'])).toContain('/srv/site/env/lib');
    if (!hasFlask) return;
    expect(saidIn(root, ['/srv/site/env/bin/flask', '--version'])).toContain('Flask');
    expect(saidIn(root, ['/srv/site/env/bin/gunicorn', '--version'])).toContain('gunicorn');
  });
});
