/** How a path is written at a place of a text: `¦` stands for the path. */
import { describe, expect, test } from 'vitest';
import { isFileUrl, languageOf, pythonSourceOf, trueEscaping } from '../../src/formats/context.ts';
import type { LanguageName } from '../../src/formats/languages.ts';
import { escapingsAt } from '../../src/formats/quoting.ts';

function at(marked: string, language: LanguageName): string | undefined {
  const place = marked.indexOf('¦');
  return escapingsAt(marked.replace('¦', '/srv/site'), [place], language)[0];
}

const CASES: readonly (readonly [LanguageName, readonly (readonly [string, string])[]])[] = [
  [
    'shell',
    [
      ['cd ¦', 'shell-bare'],
      ["cd '¦'", 'shell-single'],
      ['cd "¦"', 'shell-double'],
      ['x="$(cd ¦)"', 'shell-bare'],
      ['x="$(cd "¦")"', 'shell-double'],
      ['x="$(dirname "$0")/¦"', 'shell-double'],
      ['x="${y:-¦}"', 'shell-double'],
      ['x=${y:-¦}', 'shell-bare'],
      ["x=$'¦'", 'python'],
      ["x=$'it\\'s ¦'", 'python'],
      ["# don't\ncd ¦", 'shell-bare'],
      ['# see ¦', 'plain'],
      ['x=a#¦', 'shell-bare'],
      ['cat <<EOF\n¦\nEOF', 'literal'],
      ["cat <<'EOF'\n¦\nEOF", 'plain'],
      ['cat <<-END\n\t¦\n\tEND\ncd x', 'literal'],
      ['cat <<EOF\nx\nEOF\ncd ¦', 'shell-bare'],
      ['cat <<A <<B\n"\nA\n¦\nB\n', 'literal'],
      ['x=$((1 << n))\ncd ¦', 'shell-bare'],
      ['cat <<< "¦"', 'shell-double'],
      ['echo \\"¦', 'shell-bare'],
      ["'\n¦'", 'shell-single'],
      ['x=`cd ¦`', 'shell-bare'],
      ['f() { cd "¦"; }', 'shell-double'],
      ['case $x in a) cd "¦";; esac', 'shell-double'],
    ],
  ],
  [
    'python',
    [
      ["x = '¦'", 'python'],
      ['x = "it\'s ¦"', 'python'],
      ["x = b'¦'", 'hex'],
      ["x = r'¦'", 'literal'],
      ["x = Rb'¦'", 'literal'],
      ["x = u'¦'", 'python'],
      ["x = ['a', '¦']", 'python'],
      ['"""doc\n\'¦"""', 'python'],
      ["x = 'a\\'¦'", 'python'],
      ["# don't\nx = '¦'", 'python'],
      ['# ¦', 'plain'],
      ["bar'¦'", 'python'],
    ],
  ],
  [
    'json',
    [
      ['{"a": "¦"}', 'json'],
      ['{"a\\"": "¦"}', 'json'],
      ['¦', 'plain'],
    ],
  ],
  [
    'c-like',
    [
      ['x = "¦"', 'json'],
      ["x = '¦'", 'python'],
      ['x = `¦`', 'shell-double'],
      ['// don\'t\nx = "¦"', 'json'],
      ['/* ¦ */', 'plain'],
      ['x = /"/; y = "¦"', 'json'],
    ],
  ],
  [
    'yaml',
    [
      ['a: ¦', 'plain'],
      ['a: "¦"', 'json'],
      ["a: '¦'", 'quote-doubled'],
      ["a: don't\nb: '¦'", 'quote-doubled'],
      ["a: 'it''s ¦'", 'quote-doubled'],
      ["# it's\na: '¦'", 'quote-doubled'],
    ],
  ],
  [
    'toml',
    [
      ['a = "¦"', 'json'],
      ["a = '¦'", 'literal'],
      ["a = '''\n¦'''", 'literal'],
      ['a = \'\\\'\nb = "¦"', 'json'],
    ],
  ],
  [
    'xml',
    [
      ['<a b="¦">', 'xml'],
      ['<a>¦</a>', 'xml'],
      ['<![CDATA[¦]]>', 'plain'],
      ['<!-- ¦ -->', 'plain'],
    ],
  ],
  [
    'php',
    [
      ["define('A', '¦');", 'single-quoted'],
      ['$a = "¦";', 'hex'],
    ],
  ],
  [
    'perl',
    [
      ["$a = '¦';", 'single-quoted'],
      ['$a = "¦";', 'hex'],
      ["# don't\n$a = '¦';", 'single-quoted'],
    ],
  ],
  ['sql', [["values ('it''s ¦')", 'quote-doubled']]],
  [
    'fish',
    [
      ["set x '¦'", 'single-quoted'],
      ['set x ¦', 'shell-bare'],
    ],
  ],
  ['plain', [['x = "¦"', 'plain']]],
];

for (const [language, cases] of CASES)
  describe(language, () => {
    test.each(cases)('%j is written as %s', (marked, escaping) => {
      expect(at(marked, language)).toBe(escaping);
    });
  });

test('many places of a long line take one pass', () => {
  const text = '"/srv/site/x",'.repeat(200_000);
  const places = Array.from({ length: 200_000 }, (_, i) => 14 * i + 1);
  const before = performance.now();
  expect(new Set(escapingsAt(text, places, 'json'))).toEqual(new Set(['json']));
  expect(performance.now() - before).toBeLessThan(5000);
});

test.each([
  ['etc/a.json', '', 'json'],
  ['bin/x', '#!/bin/sh\n', 'shell'],
  ['bin/x', '#!/usr/bin/env -S python3 -E\n', 'python'],
  ['bin/x', '#!/usr/bin/perl\n', 'perl'],
  ['etc/env', 'A=1', 'shell'],
  ['x/.env', '', 'shell'],
  ['a.plist', '', 'xml'],
  ['a', '<?xml version="1.0"?>', 'xml'],
  ['Makefile', '', 'make'],
  ['var/log/app.log', 'x', 'plain'],
] as const)('%s is %j: %s', (path, head, language) => {
  expect(languageOf(path, Buffer.from(head))).toBe(language);
});

test.each([
  ['# -*- coding: latin-1 -*-\n', 'other'],
  ['#!/usr/bin/python\n# vim: set fileencoding=utf-8 :\n', 'utf-8'],
  ['#!/srv/bin/python2.7\n', 'python2'],
  ['import sys\n', 'utf-8'],
])('a Python source that begins with %j', (head, source) => {
  expect(pythonSourceOf(Buffer.from(head))).toBe(source);
});

test.each(['file://', 'x file:', 'git+file://', '"file:\\/\\/', 'file://localhost', 'jar:file:'])(
  '%j makes a URL of the path',
  (before) => {
    expect(isFileUrl(before)).toBe(true);
  },
);

test.each(['profile:', 'unix://', 'http://', 'a:', ''])('%j does not', (before) => {
  expect(isFileUrl(before)).toBe(false);
});

test('what is written decides over what surrounds it', () => {
  // a raw blank between quotes that turn out to be none
  expect(trueEscaping(Buffer.from('/a b'), '/a b', 'plain', 'shell-bare', '')).toBe('plain');
  expect(trueEscaping(Buffer.from('/a\\ b'), '/a b', 'shell-bare', 'shell-double', '')).toBe('shell-bare');
  expect(trueEscaping(Buffer.from("/it\\'s"), "/it's", 'python', 'single-quoted', '')).toBe('single-quoted');
  expect(trueEscaping(Buffer.from('/a/b'), '/a/b', 'plain', 'json', '"file://')).toBe('percent');
  expect(trueEscaping(Buffer.from('/a b'), '/a b', 'plain', 'json', '"file://')).toBe('json');
  expect(trueEscaping(Buffer.from('\\/a'), '/a', 'slash', 'json', '"')).toBe('slash');
});
