/** What holds for every rule: its code, its name, its file, its fixtures. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { RULE_NAMES, type RuleCode } from '../src/model/codes.ts';
import { asTreePath } from '../src/model/path.ts';
import { isInterestingFile } from '../src/rules/claiming.ts';
import { FILE_RULES, RULES } from '../src/rules/registry.ts';
import { HEAD_BYTES } from '../src/rules/rule.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

describe('the registry', () => {
  it('has each code once', () => {
    const codes = RULES.map(({ code }) => code);
    expect(codes.filter((code, i) => codes.indexOf(code) !== i)).toEqual([]);
  });

  it('has a rule for every code, and no other', () => {
    expect(RULES.map(({ code }) => code).sort()).toEqual(Object.keys(RULE_NAMES).sort());
  });

  it('has names that differ', () => {
    expect(new Set(Object.values(RULE_NAMES)).size).toBe(Object.keys(RULE_NAMES).length);
  });
});

describe('a file without hits', () => {
  const wanted = { 'an interpreter': 0, 'a library': 0, 'a database': 0, 'an archive of objects': 0, nobody: 0 };
  const fixtures = readdirSync(`${root}fixtures`, { recursive: true, withFileTypes: true, encoding: 'utf8' });

  it('is shown to the rules that want to see it, whatever its first byte', () => {
    for (const entry of fixtures) {
      if (!entry.isFile()) continue;
      const head = readFileSync(`${entry.parentPath}/${entry.name}`).subarray(0, HEAD_BYTES);
      const path = asTreePath(entry.name);
      const wanting = FILE_RULES.filter(({ isInteresting }) => isInteresting?.(path, head) === true);
      expect(isInterestingFile(path, head), `${entry.parentPath}/${entry.name}`).toBe(wanting.length > 0);
      for (const kind of kindsOf(wanting.map(({ code }) => code))) wanted[kind]++;
    }
  });

  it('was one of every kind', () => {
    expect(Object.entries(wanted).filter(([, count]) => count === 0)).toEqual([]);
  });

  function kindsOf(codes: readonly RuleCode[]): (keyof typeof wanted)[] {
    if (codes.length === 0) return ['nobody'];
    return [
      ...(codes.includes('RL103') ? ['an interpreter' as const] : []),
      ...(codes.includes('RL402') ? ['a library' as const] : []),
      ...(codes.includes('RL211') ? ['a database' as const] : []),
      ...(codes.includes('RL407') && !codes.includes('RL402') ? ['an archive of objects' as const] : []),
    ];
  }
});

/** Rules about what git can't hold: a test makes it, and says the code. */
const WITHOUT_FIXTURE: Readonly<Partial<Record<RuleCode, string>>> = {
  RL901: 'git does not keep that a file is unreadable',
  RL902: 'a fixture does not change while it is read',
  RL903: 'git holds no FIFO and no socket',
};

const tests = readdirSync(`${root}test`, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts') && name !== 'registry.test.ts')
  .map((name) => readFileSync(`${root}test/${name}`, 'utf8'))
  .join('\n');

describe.each(RULES.map((rule) => [RULE_NAMES[rule.code], rule] as const))('%s', (name, { code, summary }) => {
  it('is one file of its name', () => {
    expect(existsSync(`${root}src/rules/${name}.ts`), `src/rules/${name}.ts is there`).toBe(true);
  });

  it('has a name for the pattern, not for the remedy', () => {
    expect(name).toMatch(/^[a-z]+(-[a-z0-9]+)*$/);
    expect(name).not.toMatch(/\b(?:fix|make|rewrite|replace|remove|relative|relocat\w*)\b/);
  });

  it('has a summary of one sentence', () => {
    expect(summary).toMatch(/^\S.{8,130}\.$/);
  });

  const withoutFixture = WITHOUT_FIXTURE[code];
  if (withoutFixture !== undefined) {
    it(`has a test of its own: ${withoutFixture}`, () => {
      expect(tests).toContain(`'${code}'`);
    });
    return;
  }

  it(`has a fixture where ${code} is found and one where it must not be`, () => {
    const folder = `${root}fixtures/${name}`;
    const cases = existsSync(folder) ? readdirSync(folder) : [];
    expect(cases.filter((found) => found.startsWith('not-'))).not.toEqual([]);
    expect(cases.filter((found) => !found.startsWith('not-'))).not.toEqual([]);
  });
});
