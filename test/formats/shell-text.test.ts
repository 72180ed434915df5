/** Where a place in a shell script stands, held against what bash makes of the same script. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstCommand, functionBodies, shellPlaces } from '../../src/formats/shell-text.ts';
import { run } from '../support/cli.ts';

/** The place of `@` in a script. */
function placeOf(script: string): string {
  const [place] = shellPlaces(script, [script.indexOf('@')]);
  return `${place?.quoting}${place?.isAssigned === true ? ', assigned' : ''}`;
}

describe('a place', () => {
  test.each([
    ['cd @', 'bare'],
    ['A=@', 'bare, assigned'],
    ['export A="@"', 'double, assigned'],
    ["A='x' B='@'", 'single, assigned'],
    ['A=$(cygpath "@")', 'double, assigned'],
    ['A="$(dirname "@")"', 'double, assigned'],
    ['A="${B:-@}"', 'double, assigned'],
    ['A=${B:-@}', 'bare, assigned'],
    ['"a\\"b" @', 'bare'],
    ["'a\\' @", 'bare'],
    ['a\\"b @', 'bare'],
    ['# it is @', 'other'],
    ['a#b @', 'bare'],
    ['A=`cat @`', 'other, assigned'],
    ["A=$'@'", 'other, assigned'],
    ['cat <<END\n@\nEND\n', 'other'],
    ["cat <<-'END' | tr a b\n\tx\n\tEND\ncd @", 'bare'],
    ['cat <<<x @', 'bare'],
    ['echo $((1 << 2))\ncd @', 'bare'],
    ['case $a in x) cd @ ;; esac', 'bare'],
    ['(cd /; A=@)', 'bare, assigned'],
    ['echo "it is" # "\nA="@"', 'double, assigned'],
  ])('%j', (script, expected) => {
    expect(placeOf(script)).toBe(expected);
  });

  test('many places are found in one pass', () => {
    const script = `A=@ 'B=@' "@" # @\n@`;
    const offsets = [...script.matchAll(/@/g)].map(({ index }) => index);
    expect(shellPlaces(script, offsets).map(({ quoting }) => quoting)).toEqual([
      'bare',
      'single',
      'double',
      'other',
      'bare',
    ]);
  });

  test('what bash expands is open, what it does not is not', () => {
    const piece = fc.constantFrom(
      `'a b'`,
      `"a b"`,
      `a\\ b`,
      `"$HOME"`,
      `\${X:-y}`,
      `"\${X:-"z"}"`,
      `$(echo "q")`,
      `"$(echo 'q')"`,
      `\\'`,
      `"'"`,
      `'"'`,
    );
    const word = fc.tuple(
      fc.array(piece, { maxLength: 4 }),
      fc.constantFrom('bare', 'single', 'double'),
      fc.array(piece, { maxLength: 2 }),
    );
    fc.assert(
      fc.property(word, ([before, quoting, after]) => {
        const mark = { bare: '@', single: `'@'`, double: `"@"` }[quoting];
        const script = `printf %s ${before.join('')}${mark}${after.join('')}`;
        const [place] = shellPlaces(script, [script.indexOf('@')]);
        expect(place?.quoting).toBe(quoting);
      }),
      { numRuns: 300 },
    );
  });

  test('a variable put at an open place gives bash the path itself', () => {
    const forms = { bare: '"${V}"', double: '${V}', single: `'"\${V}"'`, other: '' };
    for (const script of [
      `A=@/x`,
      `A="@/x:@"`,
      `A='@/x y'`,
      `A="\${B:-@}"`,
      `A=$(printf %s "@")`,
      `A="$(printf %s '@')"`,
    ]) {
      const offsets = [...script.matchAll(/@/g)].map(({ index }) => index);
      const places = shellPlaces(script, offsets);
      let rewritten = script;
      for (const [index, offset] of [...offsets.entries()].reverse())
        rewritten = rewritten.slice(0, offset) + forms[places[index]?.quoting ?? 'other'] + rewritten.slice(offset + 1);
      const path = `/a  b/$c'd"e`;
      const said = run('bash', ['-c', `V=$1; ${rewritten}; printf %s "$A"`, 'x', path]).stdout;
      expect(said).toBe(run('bash', ['-c', `${script}; printf %s "$A"`]).stdout.replaceAll('@', path));
    }
  });
});

test('the first command comes behind comments and empty lines', () => {
  expect(firstCommand('#!/bin/sh\n# x\n\n  # y\nA=1\n')).toBe('#!/bin/sh\n# x\n\n  # y\n'.length);
  expect(firstCommand('A=1\n')).toBe(0);
  expect(firstCommand('# only a comment')).toBe(0);
});

test('the bodies of functions end with the brace on the indent of their name', () => {
  const script = 'a() {\n  x\n}\nb () { y; }\nfunction c {\n  if z; then { w; }; fi\n}\nd\n';
  const bodies = functionBodies(script).map(([start, end]) => script.slice(start, end).replace(/\n[^]*/, '…'));
  expect(bodies).toEqual(['a() {…', 'b () { y; }', 'function c {…']);
  expect(functionBodies('a() {\n  x\n}\nd\n')).toEqual([[0, 9]]);
});
