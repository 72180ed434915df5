/** The rules about first lines (RL101, RL102, RL104), proven by running the scripts after the site was moved. */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run, runOk } from './support/cli.ts';
import { fixAndMove, fixSite, link, newSite, writeScript, type MovedSite } from './support/moved-site.ts';
import { PYTHONS } from './support/pythons.ts';

const ARGS = ['a', 'b  c', "d'$x"];
const SAY_ARGUMENTS = 'import sys; print(sys.argv[1:])\n';

function programPath(name: string): string {
  return realpathSync(runOk('sh', ['-c', `command -v ${name}`]).trim());
}

function linkProgram(site: MovedSite, name: string, path = `bin/${name}`): void {
  link(programPath(name), join(site.built, path));
}

function said(site: MovedSite, path: string, args: readonly string[] = ARGS): string {
  return runOk(join(site.moved, path), args).trim();
}

/** A site with a Python in `env/bin`. */
function pythonSite(): MovedSite {
  const site = newSite();
  linkProgram(site, 'python3', 'env/bin/python');
  return site;
}

describe('a launcher of one line', () => {
  test('runs from any folder, through symlinks of symlinks, and passes every argument on', async () => {
    const site = pythonSite();
    writeScript(site, 'env/bin/tool', `#!${site.built}/env/bin/python\n${SAY_ARGUMENTS}`);
    writeScript(site, 'app/deep/tool', `#!${site.built}/env/bin/python\n${SAY_ARGUMENTS}`);
    await fixAndMove(site);
    link(join(site.moved, 'app/deep/tool'), join(site.beside, 'usr/bin/tool'));
    link('tool', join(site.beside, 'usr/bin/again'));
    const expected = `['a', 'b  c', "d'$x"]`;
    expect(said(site, 'env/bin/tool')).toBe(expected);
    expect(said(site, 'app/deep/tool')).toBe(expected);
    expect(runOk(join(site.beside, 'usr/bin/again'), ARGS).trim()).toBe(expected);
    expect(runOk('./tool', ARGS, { cwd: join(site.moved, 'app/deep') }).trim()).toBe(expected);
  });

  test.each([
    ['-E', '(1, 0)'],
    ['-I', '(1, 1)'],
    ['', '(0, 0)'],
  ])('keeps the option %s', async (option, expected) => {
    const site = pythonSite();
    const body = 'import sys; print((sys.flags.ignore_environment, sys.flags.isolated))\n';
    writeScript(site, 'bin/direct', `#! ${site.built}/env/bin/python ${option}\n${body}`);
    writeScript(site, 'bin/split', `#!/usr/bin/env -S ${site.built}/env/bin/python ${option}\n${body}`);
    writeScript(site, 'bin/quoted', `#!/usr/bin/env -S "${site.built}/env/bin/python" ${option}\n${body}`);
    await fixAndMove(site);
    for (const name of ['direct', 'split', 'quoted']) expect(said(site, `bin/${name}`)).toBe(expected);
  });

  test('works with CR LF, without a final newline, and with the encoding on the second line', async () => {
    const site = pythonSite();
    writeScript(site, 'bin/crlf', `#!${site.built}/env/bin/python\r\nprint("crlf")\r\n`);
    writeScript(site, 'bin/bare', `#!${site.built}/env/bin/python`);
    const cookie = Buffer.from(
      `#!${site.built}/env/bin/python\n# coding: latin-1\nprint(ascii("caf\xe9"))\n`,
      'latin1',
    );
    writeScript(site, 'bin/cookie', cookie);
    const future = `#!${site.built}/env/bin/python\n"""Says this."""\nfrom __future__ import annotations\nprint(__doc__)\n`;
    writeScript(site, 'bin/future', future);
    await fixAndMove(site);
    expect(said(site, 'bin/crlf')).toBe('crlf');
    expect(said(site, 'bin/bare')).toBe('');
    expect(said(site, 'bin/cookie')).toBe(String.raw`'caf\xe9'`);
    expect(said(site, 'bin/future')).toBe('Says this.');
  });

  test('serves interpreters that read the first line themselves, and those that are scripts', async () => {
    const site = newSite();
    linkProgram(site, 'perl');
    linkProgram(site, 'bash');
    linkProgram(site, 'node');
    writeScript(site, 'bin/warns', `#!${site.built}/bin/perl -w\nprint "$^W @ARGV";\n`);
    writeScript(site, 'bin/taints', `#!${site.built}/bin/perl -w -T\nprint "$^W \${^TAINT}";\n`);
    writeScript(site, 'bin/stops', `#!${site.built}/bin/bash -e\necho one; false; echo two\n`);
    writeScript(site, 'bin/counts', `#!${site.built}/bin/node\nconsole.log(String(process.argv.length - 2));\n`);
    writeScript(site, 'bin/wrapper', '#!/bin/sh\necho "wrapped $(tail -n 1 "$1")"\n');
    writeScript(site, 'bin/chained', `#!${site.built}/bin/wrapper\ntext\n`);
    writeScript(site, 'bin/argument', `#!/bin/sh ${site.built}/bin/wrapper\ntext\n`);
    await fixAndMove(site);
    expect(said(site, 'bin/warns', ['x'])).toBe('1 x');
    expect(said(site, 'bin/taints')).toBe('1 1');
    expect(run(join(site.moved, 'bin/stops'), []).stdout).toBe('one\n');
    expect(said(site, 'bin/counts')).toBe('3');
    expect(said(site, 'bin/chained', [])).toBe('wrapped text');
    expect(said(site, 'bin/argument', [])).toBe('wrapped text');
  });

  test('keeps the environment of env, and finds folders with quotes and dollars in their names', async () => {
    const site = pythonSite();
    link('../env/bin/python', join(site.built, `we'ird$HOME"\`/python`));
    writeScript(site, 'bin/weird', `#!${site.built}/we'ird$HOME"\`/python\n${SAY_ARGUMENTS}`);
    const body = 'import os; print(os.environ.get("MODE"), os.environ.get("HOME"))\n';
    writeScript(site, 'bin/clean', `#!/usr/bin/env -iS MODE=1 ${site.built}/env/bin/python\n${body}`);
    await fixAndMove(site);
    expect(said(site, 'bin/weird', ['x'])).toBe("['x']");
    expect(said(site, 'bin/clean')).toBe('1 None');
  });

  test.each(PYTHONS.filter(({ version }) => !version.startsWith('2')))(
    'finds the environment of a venv of Python $version',
    async ({ program }) => {
      const site = newSite();
      runOk(program, ['-m', 'venv', '--without-pip', join(site.built, 'env')]);
      writeScript(
        site,
        'app/where',
        `#!${site.built}/env/bin/python\nimport os, sys; print(os.path.normpath(sys.prefix))\n`,
      );
      await fixAndMove(site);
      expect(said(site, 'app/where')).toBe(join(site.moved, 'env'));
    },
  );

  test('is not changed by a second fix', async () => {
    const site = pythonSite();
    writeScript(site, 'bin/tool', `#!${site.built}/env/bin/python\n${SAY_ARGUMENTS}`);
    const { before, after } = await fixSite(site);
    expect(before.map(({ code }) => code)).toContain('RL101');
    expect(after.map(({ code }) => code)).not.toContain('RL101');
  });
});

describe('a launcher of three lines', () => {
  test.each(PYTHONS)('runs with Python $version, its encoding and options kept', async ({ program }) => {
    const site = newSite();
    link(program === 'python3' ? programPath('python3') : program, join(site.built, 'env/bin/python'));
    const body = `# coding: latin-1\nimport sys\nprint("%d %d" % (len("caf\xe9"), sys.flags.ignore_environment))\n`;
    const source = `#!${site.built}/env/bin/python -E\n${body}`;
    writeScript(site, 'bin/tool', Buffer.from(source, 'latin1'));
    await fixAndMove(site, 'polyglot');
    expect(said(site, 'bin/tool')).toBe('4 1');
  });

  test('is taken where one line would be longer than 127 bytes', async () => {
    const site = newSite();
    const folder = 'd'.repeat(120);
    linkProgram(site, 'python3', `${folder}/python`);
    writeScript(
      site,
      'bin/tool',
      `#!${site.built}/${folder}/python\n# a comment\nfrom __future__ import annotations\n${SAY_ARGUMENTS}`,
    );
    writeScript(
      site,
      'bin/future',
      `#!${site.built}/${folder}/python\n"""Doc."""\nfrom __future__ import annotations\n${SAY_ARGUMENTS}`,
    );
    const found = await fixAndMove(site);
    expect(found.filter(({ code }) => code === 'RL104')).toHaveLength(2);
    expect(said(site, 'bin/tool', ['x'])).toBe("['x']");
    expect(said(site, 'bin/future', ['x'])).toBe("['x']");
  });

  test('is refused for other languages', async () => {
    const site = newSite();
    linkProgram(site, 'perl');
    writeScript(site, 'bin/tool', `#!${site.built}/bin/perl\nprint 1;\n`);
    const { before } = await fixSite(site, 'polyglot');
    expect(before.find(({ code }) => code === 'RL101')?.fix).toBe('pinned');
  });
});

describe('a trampoline', () => {
  const SPELLINGS: Readonly<Record<string, (python: string) => string>> = {
    unquoted: (python) => `#!/bin/sh\n'''exec' ${python} "$0" "$@"\n' '''\n`,
    quoted: (python) => `#!/bin/sh\n'''exec' "${python}" -E "$0" "$@"\n' '''\n`,
    'single-quoted': (python) => `#!/bin/sh\n'''exec' '${python}' "$0" "$@"\n' '''\n`,
    'one-line': (python) => `#!/bin/sh\n'''exec' ${python} "$0" "$@" #'''\n`,
    concatenated: (python) => `#!/bin/sh\n"exec" "${python}" "-E" "$0" "$@"\n`,
    'behind-a-cookie': (python) => `#!/bin/sh\n# coding: utf-8\n'''exec' ${python} "$0" "$@"\n' '''\n`,
  };

  test.each(Object.entries(SPELLINGS))('%s runs under sh and as Python', async (name, spelling) => {
    const site = pythonSite();
    writeScript(site, `bin/${name}`, spelling(`${site.built}/env/bin/python`) + SAY_ARGUMENTS);
    const found = await fixAndMove(site);
    expect(found.map(({ code }) => code)).toContain('RL102');
    expect(said(site, `bin/${name}`)).toBe(`['a', 'b  c', "d'$x"]`);
    for (const { program } of PYTHONS) {
      const ran = run(program, ['-W', 'error', join(site.moved, 'bin', name), 'x']);
      expect([ran.status, ran.stdout.trim(), ran.stderr]).toEqual([0, "['x']", '']);
    }
  });
});
