/** The package as `npm pack` makes it works without the rest of the repository. */
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, runOk } from './support/cli.ts';
import { writeTree } from './support/folder.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'relocate-package-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the package', () => {
  let program = '';

  beforeAll(() => {
    runOk('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: root });
    runOk('sh', ['-c', 'tar xzf relocate-*.tgz'], { cwd: folder });
    symlinkSync(join(root, 'node_modules'), join(folder, 'package/node_modules'));
    program = join(folder, 'package/bin/relocate.js');
  });

  const relocate = (...args: string[]): string => runOk(process.execPath, [program, ...args]);

  it('holds the build, the pages of the rules and what it says of itself, and no sources', () => {
    expect(readdirSync(join(folder, 'package')).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'assets',
      'bin',
      'bundle',
      'dist',
      'docs',
      'node_modules',
      'package.json',
    ]);
    const built = readdirSync(join(folder, 'package/dist'), { recursive: true, encoding: 'utf8' });
    expect(built.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))).toEqual([]);
  });

  it('explains a rule', () => {
    expect(relocate('explain', 'RL301')).toMatch(/^RL301 absolute-symlink\n/);
  });

  it('shows the main job', () => {
    expect(relocate('demo')).toContain('Shown:');
  });

  it('is a library', () => {
    writeTree(folder, { 'site/etc/x.conf': `root = ${folder}/site/var\n` });
    const script = `import { plan, scan } from 'relocate';
      const planned = plan(await scan(${JSON.stringify(join(folder, 'site'))}), { to: '/srv/new' });
      console.log(planned.changes.map(({ file }) => file).join());`;
    writeTree(folder, { 'node_modules/.keep': '', 'use.mjs': script });
    symlinkSync(join(folder, 'package'), join(folder, 'node_modules/relocate'));
    expect(run(process.execPath, [join(folder, 'use.mjs')])).toEqual({ status: 0, stdout: 'etc/x.conf\n', stderr: '' });
  });
});
