/** String literals of Python sources, held against Python's own tokenizer. */
import { describe, expect, test } from 'vitest';
import { hasDocstring, isEncodingCookie, pythonStrings } from '../../src/formats/python-text.ts';
import { runOk } from '../support/cli.ts';

const TOKENIZE = `
import io, sys, tokenize
source = sys.stdin.read()
lines = [0]
for line in source.splitlines(True): lines.append(lines[-1] + len(line))
for token in tokenize.generate_tokens(io.StringIO(source).readline):
    if token.type == tokenize.STRING: print(lines[token.start[0] - 1] + token.start[1], lines[token.end[0] - 1] + token.end[1])
`;
const SOURCE = `# it's a comment
"""A docstring with 'quotes' and \\""" in it."""
a = ['x', "y # no comment", u'z', r'\\\\', b"it's", 'a\\'b', '' , "", '''long
one''']  # "comment"
print('one' "two" % 'three')
names = {'k': 'v'}
`;

test('literals are where Python finds them', () => {
  const expected = runOk('python3', ['-c', TOKENIZE], { input: SOURCE }).trim();
  expect(
    pythonStrings(SOURCE)
      .map(({ start, end }) => `${start} ${end}`)
      .join('\n'),
  ).toBe(expected);
});

test('a literal that does not end is none', () => {
  expect(pythonStrings(`x = 'open\ny = 'closed'\n`).map(({ start }) => start)).toEqual([14]);
});

describe('a docstring', () => {
  test.each([
    ['"""x"""\n', true],
    ['\n# c\n\n  # d\nr"x"\n', true],
    ['import os\n"x"\n', false],
    ['', false],
  ])('%j', (source, expected) => {
    expect(hasDocstring(source)).toBe(expected);
  });
});

test('an encoding cookie is a comment that names one', () => {
  expect(
    ['# -*- coding: utf-8 -*-', '# vim: fileencoding=latin-1', '#coding:x', 'coding: x', '# code'].map(
      isEncodingCookie,
    ),
  ).toEqual([true, true, true, false, false]);
});
