/** The rule about executable zips (RL107), proven by Python's own readers and by unzip after a move. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run, runOk } from './support/cli.ts';
import { writeTree } from './support/folder.ts';
import { fixAndMove, link, newSite, type MovedSite } from './support/moved-site.ts';
import { PYTHONS } from './support/pythons.ts';

/** Makes a zip at argv[1], with the first line argv[2], in the way argv[3] says. */
const MAKE = `
import io, os, sys, zipfile
path, line, way = sys.argv[1:4]
def fill(target):
    with zipfile.ZipFile(target, 'w', zipfile.ZIP_DEFLATED if way == 'deflated' else zipfile.ZIP_STORED) as z:
        z.writestr('__main__.py', 'import lib.part, sys; print(lib.part.NAME, sys.argv[1:])')
        z.writestr('lib/__init__.py', '')
        z.writestr('lib/part.py', 'NAME = "part"')
        if way == 'comment': z.comment = b'a comment at the end'
        if way == 'many':
            for n in range(70000): z.writestr('many/%d' % n, '')
with open(path, 'wb') as f:
    f.write(line.encode() + b'\\n')
    if way == 'concatenated':
        whole = io.BytesIO(); fill(whole); f.write(whole.getvalue())
    else: fill(f)
os.chmod(path, 0o755)
`;
const READ = 'import sys, zipfile; assert zipfile.ZipFile(sys.argv[1]).testzip() is None';

async function movedZip(way: string, python = 'python3'): Promise<MovedSite> {
  const site = newSite();
  link(runOk('sh', ['-c', `command -v ${python}`]).trim(), join(site.built, 'env/bin/python'));
  writeTree(site.built, { 'bin/readme': '' });
  runOk('python3', ['-c', MAKE, join(site.built, 'bin/app.pyz'), `#!${site.built}/env/bin/python -E`, way]);
  const found = await fixAndMove(site);
  expect(found.map(({ code, fix }) => `${code} ${fix}`)).toContain('RL107 relative');
  return site;
}

describe('an executable zip', () => {
  test.each(['stored', 'deflated', 'comment', 'concatenated'])(
    '(%s) runs after a move, and is whole for every reader',
    async (way) => {
      const site = await movedZip(way);
      const app = join(site.moved, 'bin/app.pyz');
      expect(runOk(app, ['a b']).trim()).toBe("part ['a b']");
      for (const { program } of PYTHONS) {
        // the importers of Python 2.7 and 3.6 do not look for an end record behind which a comment stands
        if (way !== 'comment') expect(run(program, [app, 'x']).stdout).toContain('part');
        runOk(program, ['-c', READ, app]);
      }
      const unzip = run('unzip', ['-t', app]);
      // what was put behind a line as it was has always been "extra bytes" to unzip
      if (way !== 'concatenated') expect([unzip.status, unzip.stderr]).toEqual([0, '']);
      expect(unzip.stdout).toContain('No errors detected');
    },
  );

  test('with more files than a plain zip can hold keeps its zip64 records right', async () => {
    const site = await movedZip('many');
    const app = join(site.moved, 'bin/app.pyz');
    runOk('python3', ['-c', READ, app]);
    expect(run('unzip', ['-tqq', app])).toMatchObject({ status: 0, stderr: '' });
  });

  test('gets two lines where one would be too long', async () => {
    const site = newSite();
    const folder = 'd'.repeat(120);
    link(runOk('sh', ['-c', 'command -v python3']).trim(), join(site.built, folder, 'python'));
    runOk('mkdir', [join(site.built, 'bin')]);
    runOk('python3', ['-c', MAKE, join(site.built, 'bin/app.pyz'), `#!${site.built}/${folder}/python`, 'stored']);
    await fixAndMove(site);
    const app = join(site.moved, 'bin/app.pyz');
    expect(runOk(app, ['a b']).trim()).toBe("part ['a b']");
    expect(run('unzip', ['-t', app])).toMatchObject({ status: 0, stderr: '' });
  });
});
