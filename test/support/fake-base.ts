/** A Python that is none, small enough to be bundled in a moment: a program, a standard library, private shared libraries; and environments on it. */
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { writeElf, type ElfRecipe } from './elf-writer.ts';
import { writeTree } from './folder.ts';

/** Builds it at `prefix` as if it was compiled there, with its libraries in `lib` by RUNPATH; `program` says what is otherwise. */
export function makeFakeBase(prefix: string, program: ElfRecipe = { runpath: `${prefix}/lib` }): void {
  const lib = `${prefix}/lib`;
  const module = (...needed: string[]): Buffer =>
    writeElf({ needed: [...needed, 'libc.so.6'], runpath: lib, note: true, sections: true });
  writeTree(prefix, {
    'bin/python3.11': writeElf({
      type: 'executable',
      interpreter: '/lib64/ld-linux-x86-64.so.2',
      needed: ['libfirst.so.1', 'libc.so.6'],
      note: true,
      sections: true,
      ...program,
    }),
    'lib/libfirst.so.1': writeElf({
      soname: 'libfirst.so.1',
      needed: ['libsecond.so.1'],
      runpath: '$ORIGIN/private',
      note: true,
    }),
    'lib/private/libsecond.so.1': writeElf({ soname: 'libsecond.so.1' }),
    'lib/unused.so': module(),
    'lib/python3.11/os.py': '# os\n',
    'lib/python3.11/LICENSE.txt': 'the licence\n',
    'lib/python3.11/cgi.py': '#!/usr/local/bin/python\n',
    'lib/python3.11/__pycache__/os.cpython-311.pyc': 'byte code',
    'lib/python3.11/_sysconfigdata__linux_x86_64-linux-gnu.py': `build_time_vars = {'prefix': '${prefix}'}\n`,
    'lib/python3.11/test/test_os.py': '# a test\n',
    'lib/python3.11/unittest/test/test_case.py': '# a test\n',
    'lib/python3.11/unittest/case.py': '# no test\n',
    'lib/python3.11/tkinter/__init__.py': '# draws\n',
    'lib/python3.11/config-3.11/Makefile': `prefix=${prefix}\n`,
    'lib/python3.11/site-packages/extra.py': '# installed\n',
    'lib/python3.11/site-packages/extra.pth': `${prefix}/lib/python3.11/site-packages/more\n`,
    'lib/python3.11/lib-dynload/_mod.cpython-311-x86_64-linux-gnu.so': module('libfirst.so.1'),
    'lib/python3.11/lib-dynload/_tkinter.cpython-311-x86_64-linux-gnu.so': module('libtk8.6.so'),
    'include/Python.h': '/* */\n',
  });
  chmodSync(join(prefix, 'bin/python3.11'), 0o755);
  chmodSync(join(prefix, 'lib/python3.11/cgi.py'), 0o755);
  symlinkSync('python3.11', join(prefix, 'bin/python3'));
}

/** An environment on it, as `PREFIX/bin/python3 -m venv` makes one. */
export function makeFakeEnvironment(env: string, prefix: string, config = ''): void {
  writeTree(env, {
    'pyvenv.cfg': `home = ${prefix}/bin\ninclude-system-site-packages = false\nversion = 3.11.7\n${config}`,
    'bin/tool': `#!${env}/bin/python3\nprint()\n`,
  });
  mkdirSync(join(env, 'lib/python3.11/site-packages'), { recursive: true });
  chmodSync(join(env, 'bin/tool'), 0o755);
  symlinkSync(`${prefix}/bin/python3`, join(env, 'bin/python3'));
  symlinkSync('python3', join(env, 'bin/python'));
}
