/** First lines taken apart, held against what the kernel and env really do with them. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LONGEST_SHEBANG, parseShebang, shebangEnd } from '../../src/formats/shebang.ts';
import { run } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';

function wordsOf(line: string): (string | null)[] | null {
  const shebang = parseShebang(`${line}\nrest\n`, true);
  return shebang && [shebang.interpreter.text, ...shebang.arguments.map(({ text }) => text)];
}

describe('the words of a first line', () => {
  test.each([
    ['#!/bin/sh', ['/bin/sh']],
    ['#! \t/bin/sh  -e \t', ['/bin/sh', '-e']],
    ['#!/usr/bin/perl -w -T', ['/usr/bin/perl', '-w -T']],
    ['#!/usr/bin/env', ['/usr/bin/env']],
    ['#!/usr/bin/env python3', ['python3']],
    ['#!/usr/bin/env -S python3 -E -s', ['python3', '-E', '-s']],
    ['#!/usr/bin/env -S/opt/python', ['/opt/python']],
    ['#!/usr/bin/env -iS A=1 B=2 python3', ['python3']],
    ['#!/usr/bin/env -S -u HOME python3', ['python3']],
    [`#!/usr/bin/env -S "/my place/python" 'a b' c\\"d "e\\_f"`, ['/my place/python', 'a b', 'c"d', 'e f']],
    ['#!/usr/bin/env -S python3 ${FLAGS}', ['python3', null]],
    ['#!/usr/bin/env -S A=1', null],
    ['#!', null],
    ['#!  ', null],
    ['# !/bin/sh', null],
  ])('%s', (line, expected) => {
    expect(wordsOf(line)).toEqual(expected);
  });

  test('blanks in a known path end no word', () => {
    const line = '#!/my place/bin/python -E\n';
    const shebang = parseShebang(line, true, [{ start: 2, end: 11 }]);
    expect(shebang?.interpreter).toEqual({ start: 2, end: 22, text: '/my place/bin/python' });
  });

  test('a carriage return is no part of the line, and a line without an end counts only in a whole file', () => {
    expect(shebangEnd('#!/bin/sh\r\n', true)).toBe(9);
    expect(shebangEnd('#!/bin/sh', true)).toBe(9);
    expect(shebangEnd('#!/bin/sh', false)).toBeNull();
    expect(shebangEnd('#!/bin/sh\0\n', true)).toBeNull();
  });

  test.runIf(process.platform === 'linux')('env splits as we do', () => {
    const folder = temporaryFolder();
    for (const words of [`a b`, `'a b' "c d"`, `a\\"b 'c\\'d' "e\\_f" g\\#h`, `"x'y" 'x"y'`, `a\\\\b '\\\\' '\\n'`]) {
      const file = join(folder, 'script');
      writeFileSync(file, `#!/usr/bin/env -S printf %s\\\\n ${words}\n`);
      chmodSync(file, 0o755);
      const said = run(file, []).stdout.trim().split('\n').slice(0, -1);
      expect(said).toEqual(wordsOf(`#!/usr/bin/env -S printf %s\\\\n ${words}`)?.slice(2));
    }
  });
});

test.runIf(process.platform === 'linux')('Linux keeps a line of 255 bytes, and no byte more', () => {
  const file = join(temporaryFolder(), 'script');
  const runsAt = (length: number): boolean => {
    const line = `#!/usr/bin/env -S sh -c 'echo whole'`;
    writeFileSync(file, `${line.slice(0, -1)}${' '.repeat(length - line.length)}'\n`);
    chmodSync(file, 0o755);
    return run(file, []).stdout.trim() === 'whole';
  };
  expect(runsAt(LONGEST_SHEBANG)).toBe(true);
  expect(runsAt(LONGEST_SHEBANG + 1)).toBe(false);
});
