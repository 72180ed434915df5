/** The rule about activate scripts (RL105), proven by sourcing those of real environments in real shells after a move. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run, runOk } from './support/cli.ts';
import { writeTree } from './support/folder.ts';
import { fixAndMove, fixSite, link, newSite, type MovedSite } from './support/moved-site.ts';
import { PYTHONS } from './support/pythons.ts';

/** Shells as they are started; those that this machine lacks are left out. */
const SHELLS = [
  ['bash'],
  ['bash', '--posix'],
  ['zsh'],
  ['zsh', '--emulate', 'sh'],
  ['zsh', '--emulate', 'ksh'],
  ['ksh'],
  ['mksh'],
  ['yash'],
  ['dash'],
  ['busybox', 'sh'],
].filter(([program = '']) => has(program));
const WITH_VENV = PYTHONS.filter(({ version }) => !version.startsWith('2'));
const REPORT = 'printf "%s\\n" "$VIRTUAL_ENV" "$(which python)"; deactivate; printf "%s\\n" "${VIRTUAL_ENV-none}"';

function has(program: string): boolean {
  return run('sh', ['-c', `command -v ${program}`]).status === 0;
}

function newEnvironment(python = 'python3'): MovedSite {
  const site = newSite();
  runOk(python, ['-m', 'venv', '--without-pip', join(site.built, 'env')]);
  return site;
}

function sourced([shell = 'sh', ...options]: readonly string[], line: string, cwd = '/'): string[] {
  const ran = run(shell, [...options, '-c', line], { cwd });
  return `${ran.stderr}${ran.stdout}`.trim().split('\n');
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}

describe.each(WITH_VENV)('a venv of Python $version', ({ program }) => {
  test('is activated at its new place by every shell, however its script is named', async () => {
    const site = newEnvironment(program);
    await fixAndMove(site);
    const env = join(site.moved, 'env');
    link(join(env, 'bin/activate'), join(site.beside, 'on'));
    const expected = [env, join(env, 'bin/python'), 'none'];
    for (const shell of SHELLS) {
      expect([shell, ...sourced(shell, `. ${quoted(`${env}/bin/activate`)}; ${REPORT}`)]).toEqual([shell, ...expected]);
      expect([shell, ...sourced(shell, `. bin/activate; ${REPORT}`, env)]).toEqual([shell, ...expected]);
      expect([shell, ...sourced(shell, `. ./on; ${REPORT}`, site.beside)]).toEqual([shell, ...expected]);
      expect([shell, ...sourced(shell, `f() { . "$1"; }; (f ${quoted(`${env}/bin/activate`)}; ${REPORT})`)]).toEqual([
        shell,
        ...expected,
      ]);
    }
  });
});

describe('an activate script', () => {
  test('finds itself where the locale can not show its path', async () => {
    const site = newEnvironment();
    await fixSite(site);
    const moved = join(site.beside, 'grün');
    renameSync(site.built, moved);
    const script = quoted(join(moved, 'env/bin/activate'));
    for (const shell of ['bash', 'zsh', 'dash'].filter(has))
      expect([shell, ...sourced(['env', 'LC_ALL=C', shell], `. ${script}; echo "$VIRTUAL_ENV"`)]).toEqual([
        shell,
        join(moved, 'env'),
      ]);
  });

  test.skipIf(!has('fish'))('of fish finds itself', async () => {
    const site = newEnvironment();
    await fixAndMove(site);
    const env = join(site.moved, 'env');
    link(join(env, 'bin/activate.fish'), join(site.beside, 'on.fish'));
    const report = 'printf "%s\\n" "$VIRTUAL_ENV" (which python); deactivate; set -q VIRTUAL_ENV; or echo none';
    const expected = [env, join(env, 'bin/python'), 'none'];
    expect(sourced(['fish'], `source activate.fish; ${report}`, join(env, 'bin'))).toEqual(expected);
    expect(sourced(['fish'], `source on.fish; ${report}`, site.beside)).toEqual(expected);
  });

  test.skipIf(!has('tcsh'))('of csh is pinned: a fix after the move mends it', async () => {
    const site = newEnvironment();
    const { before } = await fixSite(site);
    expect(before.find(({ file }) => file === 'env/bin/activate.csh')).toMatchObject({ code: 'RL105', fix: 'pinned' });
    const moved = join(site.beside, 'another place');
    renameSync(site.built, moved);
    await fixSite({ ...site, built: moved });
    const said = sourced(
      ['tcsh', '-f'],
      `set prompt=x; source "${moved}/env/bin/activate.csh"; echo "$VIRTUAL_ENV"; which python`,
    );
    expect(said).toEqual([join(moved, 'env'), join(moved, 'env/bin/python')]);
  });

  test('sets nothing where the shell can not tell which file it reads', async () => {
    const site = newEnvironment();
    await fixAndMove(site);
    const script = join(site.moved, 'env/bin/activate');
    for (const shell of SHELLS) {
      const said = sourced(shell, `eval "$(cat ${quoted(script)})"; echo "status $? \${VIRTUAL_ENV-none}"`).join('\n');
      expect(said).toMatch(/^bin\/activate: this shell does not tell where the file is/);
      expect(said).not.toContain('status 0');
    }
  });

  test('sets nothing where it was copied out of its environment', async () => {
    const site = newEnvironment();
    await fixAndMove(site);
    runOk('cp', [join(site.moved, 'env/bin/activate'), join(site.beside, 'activate')]);
    const said = sourced(['bash'], `. ${quoted(join(site.beside, 'activate'))}; echo "status $? \${VIRTUAL_ENV-none}"`);
    expect(said.at(-1)).toBe('status 1 none');
  });

  test('keeps working under set -eu, and leaves no variable of its search behind', async () => {
    const site = newSite();
    const body = 'deactivate () {\n    unset VIRTUAL_ENV\n}\n';
    writeTree(site.built, {
      'env/bin/activate': `# a comment\n${body}VIRTUAL_ENV='${site.built}/env'\nexport VIRTUAL_ENV\n`,
    });
    await fixAndMove(site);
    for (const shell of SHELLS) {
      const line = `set -eu; . ${quoted(`${site.moved}/env/bin/activate`)}; echo "$VIRTUAL_ENV"; set | grep -c '^_relocate' || :`;
      expect([shell, ...sourced(shell, line)]).toEqual([shell, join(site.moved, 'env'), '0']);
    }
  });
});
