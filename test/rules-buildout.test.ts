/** The rule about buildout scripts (RL106), proven by running them after a move. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runOk } from './support/cli.ts';
import { writeTree } from './support/folder.ts';
import { fixAndMove, link, newSite, writeScript, type MovedSite } from './support/moved-site.ts';
import { PYTHONS } from './support/pythons.ts';

const DEMO = 'import os, sys\ndef main(args):\n    print("|".join(args + [os.environ["DEMO"], sys.path[1]]))\n';

/** A script as zc.buildout writes it, with an egg, the root itself, an outside path, environment and arguments. */
function buildoutScript({ built }: MovedSite): string {
  return `#!${built}/bin/python

import sys
sys.path[0:0] = [
  '${built}/eggs/demo-1.0.egg',
  '${built}',
  '/opt/shared/eggs',
  ]

import os
os.environ['DEMO'] = '${built}/bin:${built}/sbin:' + 'end'

import demo

if __name__ == '__main__':
    sys.exit(demo.main(['-C', '${built}/etc/zope.conf', "%s/x" % '${built}']
                       + sys.argv[1:]))
`;
}

describe('a buildout script', () => {
  test.each(PYTHONS)('runs after a move with Python $version, through a symlink too', async ({ program }) => {
    const site = newSite();
    link(runOk('sh', ['-c', `command -v ${program}`]).trim(), join(site.built, 'bin/python'));
    writeTree(site.built, { 'eggs/demo-1.0.egg/demo.py': DEMO });
    writeScript(site, 'bin/instance', buildoutScript(site));
    writeScript(site, 'releases/1/bin/instance', buildoutScript(site));
    const found = await fixAndMove(site);
    expect(found.filter(({ file, code }) => file === 'bin/instance' && code === 'RL106')).toHaveLength(6);
    const at = site.moved;
    const expected = ['-C', `${at}/etc/zope.conf`, `${at}/x`, 'more', `${at}/bin:${at}/sbin:end`, at].join('|');
    expect(runOk(join(at, 'bin/instance'), ['more']).trim()).toBe(expected);
    expect(runOk(join(at, 'releases/1/bin/instance'), ['more']).trim()).toBe(expected);
    link(join(at, 'bin/instance'), join(site.beside, 'usr/instance'));
    expect(runOk(join(site.beside, 'usr/instance'), ['more']).trim()).toBe(expected);
  });

  test('of one release finds its eggs when the release is renamed', async () => {
    const site = newSite();
    const { built } = site;
    writeTree(built, { 'releases/1/eggs/demo.py': 'NAME = "demo"\n' });
    const script = `import sys\nsys.path[0:0] = [\n  '${built}/releases/1/eggs',\n  ]\nimport demo\nprint(demo.__file__)\n`;
    writeTree(built, { 'releases/1/bin/run': script });
    await fixAndMove(site);
    const release = join(site.moved, 'releases');
    runOk('mv', [join(release, '1'), join(release, '2')]);
    expect(runOk('python3', ['-B', join(release, '2/bin/run')]).trim()).toBe(join(release, '2/eggs/demo.py'));
  });
});
