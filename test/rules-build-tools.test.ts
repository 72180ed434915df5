/** What builds leave for other builds, after a move, as the real tools read it: .pc files, *-config scripts, fonts.conf. */
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from './support/folder.ts';
import { buildTree, has, run } from './support/moved-tree.ts';
import { PYTHONS } from './support/pythons.ts';

const FOO = `prefix=@P@
exec_prefix=@P@
libdir=@P@/lib
includedir="@P@/include"
datadir='@P@/share'

Name: foo
Description: a library
Version: 1
Libs: -L@P@/lib -lfoo -Wl,-rpath,@P@/lib
Cflags: -I@P@/include -I"@P@/include/foo" '-I@P@/include/bar' -DDATA=\\"@P@/share\\"
`;

/** The words of pkg-config's output, with `x/..` taken out. */
function words(output: string): string[] {
  return (output.match(/(?:\\.|[^\s\\])+/g) ?? []).map((word) => {
    const text = word.replace(/\\(.)/g, '$1');
    return text.replace(/\/.*?(?="|$)/, (path) => normalize(path));
  });
}

describe.skipIf(!has('pkg-config'))('pkg-config', () => {
  test('gives the new place, wherever it is, for every field and variable', async () => {
    const built = buildTree({ 'lib/pkgconfig/foo.pc': FOO });
    symlinkSync('lib', join(built.root, 'lib64'));
    const before = run('pkg-config', ['--cflags', '--libs', 'foo'], {
      env: { PKG_CONFIG_PATH: `${built.root}/lib/pkgconfig` },
    });
    const { root, plan } = await built.move();
    expect(plan.refusals).toEqual([]);
    expect(readFileSync(join(root, 'lib/pkgconfig/foo.pc'), 'utf8')).not.toContain(built.root);
    for (const folder of ['lib', 'lib64']) {
      const env = { PKG_CONFIG_PATH: `${root}/${folder}/pkgconfig` };
      const expected = words(before).map((word) => word.replaceAll(built.root, root));
      const found = words(run('pkg-config', ['--cflags', '--libs', 'foo'], { env })).map((word) =>
        word.replaceAll(`${root}/lib64`, `${root}/lib`),
      );
      expect(found).toEqual(expected);
      for (const name of ['prefix', 'exec_prefix', 'libdir', 'includedir', 'datadir']) {
        const [value = ''] = words(run('pkg-config', [`--variable=${name}`, 'foo'], { env }));
        expect(value).toMatch(new RegExp(`^${root}(/(lib|include|share))?$`));
      }
      expect(words(run('pkg-config', ['--define-variable=prefix=/other', '--cflags', 'foo'], { env }))).toContain(
        '-I/other/include',
      );
    }
  });
});

const CONFIG = `#!/bin/sh
prefix=@P@
exec_prefix='@P@'
includedir="@P@/include"
list="@P@/a:@P@/b"
usage() {
  cat <<END
in @P@
END
}
case $1 in
  --prefix) printf '%s\\n' "$prefix" ;;
  --exec-prefix) printf '%s\\n' "$exec_prefix" ;;
  --cflags) printf '%s\\n' "-I$includedir" ;;
  --list) printf '%s\\n' "$list" ;;
  --static) printf '%s\\n' @P@/lib/libfoo.a ;;
  --single) printf '%s\\n' '@P@/x y' ;;
  --quoted) printf '%s\\n' "\`printf %s @P@/q\`" ;;
  --default) printf '%s\\n' "\${UNSET_VARIABLE:-@P@/d}" ;;
  --home) case @P@/bin in @P@/*) printf '%s\\n' yes ;; esac ;;
  *) usage ;;
esac
`;
const OPTIONS = [
  '--prefix',
  '--exec-prefix',
  '--cflags',
  '--list',
  '--static',
  '--single',
  '--quoted',
  '--default',
  '--home',
  '--help',
];

describe('a *-config script', () => {
  test.each(
    ['sh', 'bash', 'dash', 'busybox'].filter(
      (shell) => has(shell === 'busybox' ? 'busybox' : shell, '-c', ':') || has(shell, 'true'),
    ),
  )(
    'prints the new place under %s, called by its path, through a link, through PATH, from its folder',
    async (shell) => {
      const built = buildTree({ 'bin/foo-config': CONFIG });
      const script = join(built.root, 'bin/foo-config');
      chmodSync(script, 0o755);
      const before = OPTIONS.map((option) => run(script, [option]));
      const { root } = await built.move();
      const expected = before.map((line) => line.replaceAll(built.root, root));
      const moved = join(root, 'bin/foo-config');
      const link = join(temporaryFolder(), 'foo-config');
      symlinkSync(moved, link);
      const as = shell === 'busybox' ? ['busybox', 'sh'] : [shell];
      const call = (path: string, cwd?: string): string[] =>
        OPTIONS.map((option) => run(as[0] ?? 'sh', [...as.slice(1), path, option], cwd === undefined ? {} : { cwd }));
      expect(call(moved)).toEqual(expected);
      expect(call(link)).toEqual(expected);
      expect(call('./foo-config', join(root, 'bin'))).toEqual(expected);
      expect(
        OPTIONS.map((option) =>
          run('sh', ['-c', `foo-config ${option}`], { env: { PATH: `${root}/bin:${process.env['PATH']}` } }),
        ),
      ).toEqual(expected);
    },
  );

  const real = PYTHONS.map(({ version, program }) => ({
    version,
    script: join(program, `../python${version}-config`),
  }));
  test.each(real.filter(({ script }) => has('grep', '-q', '^#!/bin/sh', script)))(
    'python$version-config of a real build',
    async ({ version, script }) => {
      const built = buildTree();
      const place = `bin/python${version}-config`;
      mkdirSync(join(built.root, 'bin'));
      const old = join(script, '../..');
      writeFileSync(join(built.root, place), readFileSync(script, 'utf8').replaceAll(old, built.root), { mode: 0o755 });
      const options = ['--prefix', '--exec-prefix', '--includes', '--cflags', '--ldflags', '--libs', '--configdir'];
      const before = options.map((option) => run(join(built.root, place), [option]));
      const { root } = await built.move('new-place');
      expect(options.map((option) => run(join(root, place), [option]))).toEqual(
        before.map((line) => line.replaceAll(built.root, root)),
      );
    },
  );
});

const FONTS = '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf';
describe.skipIf(!has('fc-list') || !has('test', '-e', FONTS))('fontconfig', () => {
  test('finds the fonts of the moved tree, also through a link to its configuration', async () => {
    const built = buildTree({
      'etc/fonts/fonts.conf': `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
<dir>@P@/share/fonts</dir>
<cachedir>@P@/var/cache</cachedir>
</fontconfig>
`,
    });
    mkdirSync(join(built.root, 'share/fonts'), { recursive: true });
    cpSync(FONTS, join(built.root, 'share/fonts/x.ttf'));
    const { root } = await built.move();
    const link = join(temporaryFolder(), 'fonts.conf');
    symlinkSync(join(root, 'etc/fonts/fonts.conf'), link);
    for (const file of [join(root, 'etc/fonts/fonts.conf'), link])
      expect(run('fc-list', ['--format', '%{file}\n'], { env: { FONTCONFIG_FILE: file } })).toBe(
        join(root, 'share/fonts/x.ttf'),
      );
  });
});
