/** Paths in places that are split into words: at a new place with a blank they stay whole, or are refused; never do they fall apart. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildTree, has, run, type MovedTree } from './support/moved-tree.ts';

/** The reasons of the refusals of a plan, with the lines where they are. */
function refused({ plan }: MovedTree): string[] {
  return plan.refusals.map(
    ({ reference: { file, site }, reason }) => `${file}:${'line' in site ? site.line : ''} ${reason}`,
  );
}

describe.skipIf(!has('tcsh', '-f', '-c', 'exit 0'))('csh', () => {
  const SCRIPT = [
    '# in @P@',
    'setenv SITE @P@',
    'set list = (@P@/bin one)',
    'set double = "@P@/a"',
    "set single = '@P@/a'",
    'source @P@/etc/more.csh',
  ].join('\n');

  test.each(['etc/env.csh', 'etc/.tcshrc', 'bin/start'])('reads %s after a move as before it', async (file) => {
    const built = buildTree({
      [file]: `${file.startsWith('bin') ? '#!/bin/tcsh -f\n' : ''}${SCRIPT}\n`,
      'etc/more.csh': 'printf "%s\\n" $SITE:q $list:q $double:q $single:q\n',
    });
    const read = (root: string): string => run('tcsh', ['-f', join(root, file)]);
    const before = read(built.root);
    expect(before.split('\n')).toHaveLength(5);
    const moved = await built.move('new $place (x) & "more" it\'s');
    expect(refused(moved)).toEqual([]);
    expect(read(moved.root)).toBe(before.replaceAll(built.root, moved.root));
  });
});

describe.each([
  ['perl', 'bin/words.pl', 'print join("\\n", qw(@P@/a @P@/b), qw{@P@/c}, \'@P@/d\');\n'],
  ['ruby', 'bin/words.rb', "puts %w[@P@/a @P@/b], %W(@P@/c), '@P@/d'\n"],
])('a list of words in %s', (program, file, text) => {
  test.skipIf(!has(program))('takes a new path that is one word', async () => {
    const built = buildTree({ [file]: text });
    const moved = await built.move('new-place');
    expect(refused(moved)).toEqual([]);
    expect(run(program, [join(moved.root, file)]).split('\n')).toEqual(
      ['a', 'b', 'c', 'd'].map((name) => join(moved.root, name)),
    );
  });

  test.skipIf(!has(program))('refuses a path with a blank, which would be two of them', async () => {
    const moved = await buildTree({ [file]: text }).move('new place');
    expect(refused(moved)).toEqual([1, 1, 1].map((line) => `${file}:${line} cannot-escape`));
    expect(
      run(program, [join(moved.root, file)])
        .split('\n')
        .at(-1),
    ).toBe(join(moved.root, 'd'));
  });
});

describe('a command that a desktop or D-Bus starts', () => {
  const ENTRY =
    '[Desktop Entry]\nTryExec=@P@/bin/run\nExec=@P@/bin/run %f\nPath=@P@\n[Desktop Action a]\nExec="@P@/bin/run" %f\n';
  const SERVICE = '# of @P@\n[D-BUS Service]\nName=a.b\nExec=@P@/bin/run --x\n';
  const FILES = { 'share/applications/x.desktop': ENTRY, 'share/dbus-1/services/x.service': SERVICE };

  test('takes a new path that is one word', async () => {
    const built = buildTree(FILES);
    const moved = await built.move('new-place');
    expect(refused(moved)).toEqual([]);
    for (const [file, text] of Object.entries(FILES))
      expect(readFileSync(join(moved.root, file), 'utf8')).toBe(text.replaceAll('@P@', moved.root));
  });

  test('takes a blank between quotes and in what is no command, else it is refused', async () => {
    const moved = await buildTree(FILES).move('new place');
    expect(refused(moved)).toEqual([
      'share/applications/x.desktop:3 cannot-escape',
      'share/dbus-1/services/x.service:4 cannot-escape',
    ]);
    const text = readFileSync(join(moved.root, 'share/applications/x.desktop'), 'utf8');
    expect(text).toContain(`TryExec=${moved.root}/bin/run\n`);
    expect(text).toContain(`Path=${moved.root}\n`);
    expect(text).toContain(`Exec="${moved.root}/bin/run" %f\n`);
  });
});

test('a piped log of Apache is a command, in which a blank is refused', async () => {
  const built = buildTree({
    'etc/httpd.conf':
      'ServerRoot "@P@"\nCustomLog "|@P@/bin/rotatelogs @P@/log/a.log 86400" common\nErrorLog "@P@/log/error.log"\n',
  });
  const moved = await built.move('new place');
  expect(refused(moved)).toEqual(['etc/httpd.conf:2 cannot-escape', 'etc/httpd.conf:2 cannot-escape']);
  expect(readFileSync(join(moved.root, 'etc/httpd.conf'), 'utf8')).toContain(
    `ErrorLog "${moved.root}/log/error.log"\n`,
  );
});
