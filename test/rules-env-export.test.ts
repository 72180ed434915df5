/** The rule about shell code that sets variables (RL109), proven by sourcing and running it after a move. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run, runOk } from './support/cli.ts';
import { writeTree } from './support/folder.ts';
import { fixAndMove, fixSite, link, newSite, writeScript } from './support/moved-site.ts';

const SHELLS = ['bash', 'zsh', 'dash', 'ksh', 'mksh', 'busybox sh'].filter(
  (shell) => run('sh', ['-c', `command -v ${shell.split(' ')[0]}`]).status === 0,
);

function sourced(shell: string, file: string, line: string): string[] {
  const [program = 'sh', ...options] = shell.split(' ');
  return runOk(program, [...options, '-c', `. "$1"; ${line}`, 'x', file])
    .trim()
    .split('\n');
}

describe('a snippet that is sourced', () => {
  test.each(SHELLS)('sets its variables to the new place in %s', async (shell) => {
    const site = newSite();
    const { built } = site;
    writeTree(built, {
      'etc/env.sh': `# a comment
export ONE=${built} TWO="${built}/lib:${built}/lib64:\${TWO:-}" THREE='${built}/etc'
FOUR='x:${built}/a:${built}'
: "\${FIVE:=${built}/five}"
. ${built}/etc/more.sh
case ${built}/x in
    ${built}/*) SEVEN=matched ;;
esac
`,
      'etc/more.sh': `SIX=${built}/six; export SIX\n`,
    });
    await fixAndMove(site);
    const at = site.moved;
    const line = 'printf "%s\\n" "$ONE" "$TWO" "$THREE" "$FOUR" "$FIVE" "$SIX" "$SEVEN"';
    const expected = [
      at,
      `${at}/lib:${at}/lib64:`,
      `${at}/etc`,
      `x:${at}/a:${at}`,
      `${at}/five`,
      `${at}/six`,
      'matched',
    ];
    expect(sourced(shell, join(at, 'etc/env.sh'), line)).toEqual(expected);
    link(join(at, 'etc/env.sh'), join(site.beside, 'profile.d/site.sh'));
    expect(sourced(shell, join(site.beside, 'profile.d/site.sh'), line)).toEqual(expected);
  });

  test('stays data where something else than a shell may read it', async () => {
    const site = newSite();
    writeTree(site.built, {
      'etc/site.env': `HOME_OF_SITE=${site.built}\nPATH="${site.built}/bin"\n`,
      'etc/app.sh': `A=${site.built}\n`,
    });
    const { before, after } = await fixSite(site);
    expect(before.map(({ code, fix }) => `${code} ${fix}`)).toEqual(['RL109 pinned', 'RL109 pinned', 'RL109 pinned']);
    expect(after).toEqual(before);
  });
});

describe('a script of sh', () => {
  test.each(SHELLS)('finds its release when it is run by %s', async (shell) => {
    const site = newSite();
    const { built } = site;
    const body = `BASE=${built}/releases/1
run() {
    echo "$BASE" -c ${built}/releases/1/etc/serve.conf 'in ${built}/releases/1/var' "$@"
}
run "$@"
`;
    writeScript(site, 'releases/1/bin/start', `#!/usr/bin/env -S ${shell}\n${body}`);
    await fixAndMove(site);
    const releases = join(site.moved, 'releases');
    runOk('mv', [join(releases, '1'), join(releases, '2')]);
    const at = join(releases, '2');
    const expected = `${at} -c ${at}/etc/serve.conf in ${at}/var a  b\n`;
    expect(runOk(join(at, 'bin/start'), ['a  b'])).toBe(expected);
    link(join(at, 'bin/start'), join(site.beside, 'usr/start'));
    expect(runOk('./start', ['a  b'], { cwd: join(site.beside, 'usr') })).toBe(expected);
  });

  test('stops where it is read from a pipe, and can not know its place', async () => {
    const site = newSite();
    writeScript(site, 'bin/start', `#!/bin/bash\nBASE=${site.built}\necho "at $BASE"\n`);
    await fixAndMove(site);
    const ran = run('sh', ['-c', `bash < "$1"`, 'x', join(site.moved, 'bin/start')]);
    expect([ran.status, ran.stdout]).toEqual([1, '']);
    expect(ran.stderr).toContain('does not tell where the file is');
  });
});
