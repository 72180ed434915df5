/** What holds for every rule: its code, its name, its file, its fixtures. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { RULE_NAMES, type RuleCode } from '../src/model/codes.ts';
import { RULES } from '../src/rules/registry.ts';

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
