import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../src/formats/config-toml.ts';
import { readConfig } from '../src/io/config.ts';
import { UsageError } from '../src/model/errors.ts';
import { nearest } from '../src/model/nearest.ts';

const read = (text: string) => parseConfig(text, 'relocate.toml');

describe('relocate.toml', () => {
  it('holds name, version, prefixes, globs and allowances', () => {
    const config = read(`
      prefixes = ["/srv//build/site/"]
      exclude = ["var/**"]
      volatile = ["log/*.log"]
      cache = true
      [tree]
      name = "shop"
      version = "1.2"
      [[allow]]
      rule = "absolute-path-in-text"
      files = "docs/**"
      reason = "examples"
    `);
    expect(config).toEqual({
      source: 'relocate.toml',
      name: 'shop',
      version: '1.2',
      prefixes: ['/srv/build/site'],
      exclude: ['var/**'],
      volatile: ['log/*.log'],
      cache: true,
      allow: [{ rule: 'absolute-path-in-text', files: 'docs/**', reason: 'examples' }],
    });
  });

  it('may be empty', () => {
    expect(read('# nothing yet\n').exclude).toEqual([]);
  });

  const wrong: readonly [name: string, text: string, message: string][] = [
    ['a flag that is none', 'cache = "yes"', "relocate.toml:1: 'cache' must be true or false"],
    [
      'an unknown key with the nearest known one',
      'exlude = []',
      "relocate.toml:1: unknown key 'exlude'; did you mean 'exclude'?",
    ],
    [
      'the line of an unknown key in a table',
      '# top\n[tree]\nname = "x"\n\nverson = "1"\n',
      "relocate.toml:5: unknown key 'verson' in 'tree'; did you mean 'version'?",
    ],
    [
      'the first line of a value of several lines',
      'exclude = [\n  "a",\n]\nzzz = [\n  "b",\n  "c",\n]\n',
      "relocate.toml:4: unknown key 'zzz'; known keys: tree, prefixes, exclude, volatile, cache, allow",
    ],
    [
      'an unknown key of the second allowance',
      '[[allow]]\nrule = "RL201"\nfiles = "a"\nreason = "b"\n[[allow]]\nrule = "RL201"\nfile = "a"\n',
      "relocate.toml:7: unknown key 'file' in [[allow]]; did you mean 'files'?",
    ],
    [
      'an allowance without a reason',
      '[[allow]]\nrule = "RL201"\nfiles = "a"\n',
      "relocate.toml:1: an [[allow]] must have 'reason': an exception says why it is one",
    ],
    [
      'an empty reason',
      '[[allow]]\nrule="RL201"\nfiles="a"\nreason=" "\n',
      "relocate.toml:4: 'allow[1].reason' is empty",
    ],
    [
      'an allowance for a rule that does not exist',
      '[[allow]]\nrule = "absolute-sebang"\nfiles = "a"\nreason = "b"\n',
      "relocate.toml:2: no rule 'absolute-sebang'; did you mean 'absolute-shebang'?",
    ],
    ['a string where a list belongs', 'exclude = "var"', "relocate.toml:1: 'exclude' must be a list of strings"],
    [
      'a number where a string belongs',
      '[tree]\nversion = 1.2',
      "relocate.toml:2: 'tree.version' must be a string, in quotes",
    ],
    ['a number within a list', 'exclude = [\n "a",\n 3 ]', "relocate.toml:1: 'exclude[2]' must be a string, in quotes"],
    ['a relative prefix', 'prefixes = ["srv"]', "relocate.toml:1: the prefix 'srv' must be absolute"],
    ['a single [allow]', '[allow]\nrule = "RL201"', "relocate.toml:1: 'allow' must be a list of tables: [[allow]]"],
    ['a tree that is no table', 'tree = 3', "relocate.toml:1: 'tree' must be a table"],
  ];
  it.each(wrong)('refuses %s', (_, text, message) => {
    expect(() => read(text)).toThrow(new UsageError(message));
  });

  it('names line and column of text that is not TOML', () => {
    expect(() => read('exclude = ["a"]\nname = \n')).toThrow(/^relocate\.toml:2:\d+: not valid TOML: /);
  });
});

describe('reading the configuration', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'relocate-config-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is not needed at the root of a tree', () => {
    expect(readConfig(folder).source).toBeNull();
  });

  it('is found at the root of a tree', () => {
    writeFileSync(join(folder, 'relocate.toml'), 'exclude = ["var"]');
    expect(readConfig(`${folder}/`).exclude).toEqual(['var']);
    rmSync(join(folder, 'relocate.toml'));
  });

  it('must exist where --config names it', () => {
    expect(() => readConfig(folder, join(folder, 'none.toml'))).toThrow(
      /can't read the configuration .*none\.toml: no such file or folder$/,
    );
  });

  it('must be UTF-8', () => {
    writeFileSync(join(folder, 'latin.toml'), Buffer.from('exclude = ["\xe9"]', 'latin1'));
    expect(() => readConfig(folder, join(folder, 'latin.toml'))).toThrow(/not UTF-8/);
  });
});

describe('the nearest known word', () => {
  it('is one letter, one swap or a third of the letters away', () => {
    expect(nearest('prefixs', ['prefixes', 'exclude'])).toBe('prefixes');
    expect(nearest('prefxies', ['prefixes', 'exclude'])).toBe('prefixes');
    expect(nearest('Volatile', ['volatile'])).toBe('volatile');
  });
  it('is none where nothing is near', () => {
    expect(nearest('colour', ['prefixes', 'exclude'])).toBeNull();
  });
});
