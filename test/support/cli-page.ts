/** docs/cli.md, from the definitions that parse the command line. */
import type { Options } from 'yargs';
import { COMMON, type Command } from '../../src/cli/command.ts';

const EXIT_CODES = `## Exit codes

| code | meaning |
|---|---|
| 0 | done, or clean |
| 1 | the answer is no: findings, leftovers, something that could not be changed |
| 2 | could not run: usage, bad input, a refused archive, something unreadable; nothing was changed |
| 3 | stopped midway and rolled back |
| 4 | stopped midway: run \`relocate recover\` |
| 5 | locked by another run |
| 130 | interrupted (Ctrl-C), and rolled back |

What counts as a no, reference by reference:

| what becomes of it | \`scan\` | \`fix\` |
|---|---|---|
| relative | 1: it ties the tree to its place | 0: done |
| pinned: absolute, can be written anew | 1: it ties the tree to its place | 0: it is true where the tree stands, or was made so |
| blocked, or no room for the new path | 1 | 1 |
| unsafe, without \`--unsafe\` | 1 | 1 |
| unreadable, or changed while it was read | 1 | 1 |
| not writable, or beyond a mount point | as above | 1 |
| outside: a requirement of the host | 0 | 0 |
| dangling, harmless | 0 | 0 |
| allowed in relocate.toml | 0 | 0 |
| left out by \`--only\` or \`--except\` | as above | 0: asked for |

So \`scan\` answers "may this tree be moved as it is?", and \`fix\` answers "was everything done that was asked for?".
\`fix --dry-run\` and \`fix --diff\` exit as the \`fix\` would. \`verify\` exits 1 where a check fails.
`;

const OUTPUT = `## Output

Results go to stdout, progress and errors to stderr. An error is one line: what, where, and what to do.
Colours and progress are shown only on a terminal; \`NO_COLOR\`, \`FORCE_COLOR\` and \`TERM=dumb\` are honoured. A reader that goes away
(\`| head\`) is no error. Output is the same for any \`--jobs\`.

In text, names that are not UTF-8 and control characters are shown escaped (\`\\xff\`, \`\\n\`). In JSON a byte that is not UTF-8 stands as
a lone surrogate U+DC80..U+DCFF (as Python's \`surrogateescape\` has it), and next to the name its bytes stand as base64: \`fileBytes\`
for \`file\`, \`pathBytes\` for \`path\`.

\`scan --format json\`:

\`\`\`json
{ "version": 1, "tree": "/srv/build/site",
  "prefixes": [{"path": "/srv/build/site", "base": "", "source": "tree", "evidence": ""}],
  "summary": {"files": 0, "directories": 0, "symlinks": 0, "bytes": 0, "references": 0, "byCode": {},
              "byFix": {"relative": 0, "pinned": 0, "blocked": 0, "none": 0}, "maxPrefixBytes": null},
  "excluded": [], "unusedAllowances": [], "warnings": [],
  "references": [{"code": "RL101", "rule": "absolute-shebang", "file": "bin/pip",
    "site": {"kind": "text", "start": 2, "end": 33, "line": 1, "column": 3}, "path": "/srv/build/site/bin/python3",
    "prefix": "/srv/build/site", "scope": "inside", "fix": "relative", "applicability": "safe", "note": ""}] }
\`\`\`

\`byFix\`: relative (fix makes it self-locating), pinned (written anew by fix and install), blocked, none (harmless or outside).
\`maxPrefixBytes\`: the longest destination that every fixed slot can hold; null where none limits it.
\`scan --format ndjson\` prints the references alone, one on a line.

\`fix --dry-run --format json\` prints the plan (changes with their edits, and refusals); \`fix\` its receipt with the refusals; \`undo\`, \`recover\`,
\`pack\`, \`install\`, \`verify\` and \`demo\` what they did or found. Every document has a \`version\`, which changes when a field changes its meaning.
`;

const CONFIGURATION = `## relocate.toml

Optional, at the root of the tree, or named by \`--config\`. A key that is not known is an error.

\`\`\`toml
prefixes = ["/mnt/build/site"]   # further places where the tree once was
exclude = ["var/**"]             # globs of what is no part of the build: neither scanned nor packed
volatile = ["log/*.log"]         # globs of files that may change while they are packed
cache = true                     # scan keeps what it finds, outside of the tree; --no-cache does without

[tree]
name = "shop"                    # for the archive
version = "2.1"

[[allow]]                        # an exception, which says why it is one
rule = "absolute-path-in-text"
files = "docs/**"
reason = "examples in prose"
\`\`\`
`;

/** The page. */
export function cliPage(commands: readonly Command[]): string {
  return `# The command line

This page is generated from the definitions in \`src/cli\`; \`npm run generate\` renews it.

\`\`\`
${commands.map(({ name, usage, summary }) => `relocate ${`${name} ${usage}`.padEnd(26)}${summary}`).join('\n')}
\`\`\`

Every command:

${optionTable(COMMON)}
${commands.map(section).join('\n')}
${EXIT_CODES}
${OUTPUT}
${CONFIGURATION}`;
}

function section({ name, usage, about, positionals, options, examples }: Command): string {
  const places = Object.entries(positionals).map(
    ([positional, { describe }]) => `- \`${positional}\`: ${describe ?? ''}`,
  );
  return `## relocate ${`${name} ${usage}`.trim()}

${[...about, places.join('\n')].filter((text) => text !== '').join('\n\n')}
${Object.keys(options).length > 0 ? `\n${optionTable(options)}` : ''}
\`\`\`
${examples.map(([command, meaning]) => `${command.padEnd(Math.max(...examples.map(([other]) => other.length)))}  # ${meaning}`).join('\n')}
\`\`\`
`;
}

function optionTable(options: Readonly<Record<string, Options>>): string {
  const rows = Object.entries(options).map(
    ([name, option]) => `| \`${flag(name, option)}\` | ${option.describe ?? ''}${standard(option)} |\n`,
  );
  return `| option | |\n|---|---|\n${rows.join('')}`;
}

function flag(name: string, { type, choices, alias }: Options): string {
  const short = typeof alias === 'string' ? `-${alias}, ` : '';
  if (choices !== undefined) return `${short}--${name} ${choices.join('\\|')}`;
  return `${short}--${name}${type === 'boolean' ? '' : ` ${VALUES[name] ?? 'TEXT'}`}`;
}

/** What the value of an option is. */
const VALUES: Readonly<Record<string, string>> = {
  config: 'FILE',
  except: 'WHAT',
  exclude: 'GLOB',
  from: 'PREFIX',
  jobs: 'N',
  only: 'WHAT',
  output: 'FILE',
  prefix: 'PREFIX',
  python: 'PATH',
  to: 'PREFIX',
  volatile: 'GLOB',
};

function standard(option: Options): string {
  const text: unknown = option.defaultDescription ?? option.default;
  return typeof text === 'string' ? ` (default: ${text})` : '';
}
