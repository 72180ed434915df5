/** The documents say what the code does: generated ones are up to date, the others name only what there is. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { optionsOf } from '../src/cli/command.ts';
import { COMMANDS } from '../src/cli/commands.ts';
import { RULE_NAMES } from '../src/model/codes.ts';
import { VERSION } from '../src/model/version.ts';
import { RULES } from '../src/rules/registry.ts';
import { cliPage } from './support/cli-page.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(root + path, 'utf8');

describe('generated documents', () => {
  it('docs/cli.md has every command with every option', async () => {
    await expect(cliPage(COMMANDS)).toMatchFileSnapshot('../docs/cli.md');
  });

  it('docs/rules/README.md has every rule', async () => {
    await expect(rulesPage()).toMatchFileSnapshot('../docs/rules/README.md');
  });
});

describe('the page of a rule', () => {
  const HEADINGS = ['What it finds', 'Why it breaks', 'What relocate does', 'What it leaves', 'Traps', 'Example'];

  it.each(Object.entries(RULE_NAMES))('%s %s has its headings in order, each with words below it', (code, name) => {
    const path = `docs/rules/${code}.md`;
    expect(existsSync(root + path), `${path} is there`).toBe(true);
    const [title, ...sections] = read(path)
      .split(/^#{1,2} /m)
      .slice(1);
    expect(title?.trim().split('\n')[0]).toBe(`${code} ${name}`);
    expect(sections.map((section) => section.slice(0, section.indexOf('\n')))).toEqual(HEADINGS);
    for (const section of sections) expect(section.slice(section.indexOf('\n')).trim()).not.toBe('');
  });
});

describe('written documents', () => {
  const commandLines = ['README.md', 'CONTRIBUTING.md', 'docs/architecture.md'].flatMap((path) =>
    codeIn(read(path)).flatMap((code) =>
      [...code.matchAll(/(?:^|\$ |npx )relocate ([a-z]+)([^#\n]*)/gm)].map(
        ([, name = '', rest = '']) => [path, name, rest.trim()] as const,
      ),
    ),
  );

  it('README shows commands', () => {
    expect(commandLines.length).toBeGreaterThan(5);
  });

  it.each(commandLines)('%s: relocate %s %s', (_, name, rest) => {
    const command = COMMANDS.find((known) => known.name === name);
    expect(command, `there is a command ${name}`).toBeDefined();
    const options = command === undefined ? {} : optionsOf(command);
    for (const [, option = ''] of rest.matchAll(/(?:^| )--([a-z-]+)/g)) expect(Object.keys(options)).toContain(option);
  });

  it('README names scripts that package.json has', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const [, script = ''] of `${read('README.md')}${read('CONTRIBUTING.md')}`.matchAll(/npm run ([a-z:-]+)/g))
      expect(Object.keys(scripts)).toContain(script);
  });

  it('the version is the same in package.json, in the program and in the change log', () => {
    expect((JSON.parse(read('package.json')) as { version: string }).version).toBe(VERSION);
    expect(read('CHANGELOG.md')).toContain(`## ${VERSION}`);
  });
});

/** The code of a page: its blocks, and what stands in backquotes. */
function codeIn(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```.*\n([^]*?)^```$/gm)].map(([, block = '']) => block);
  return [...blocks, ...[...markdown.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)];
}

function rulesPage(): string {
  const rows = Object.entries(RULE_NAMES).map(([code, name]) => {
    const rule = RULES.find((known) => known.code === code);
    return `| [${code}](${code}.md) | ${name} | ${rule?.summary ?? ''} |`;
  });
  return `# Rules

What relocate finds. A code never changes its meaning. \`relocate explain CODE\` prints a page.
This list is generated from \`src/rules\`; \`npm run generate\` renews it.

| code | name | what it finds |
|---|---|---|
${rows.join('\n')}
`;
}
