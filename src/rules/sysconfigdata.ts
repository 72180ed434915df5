/** RL509: the variables that CPython's own build recorded: `_sysconfigdata*.py`, its data files, and the Makefile it was built with. */
import type { Hit } from '../formats/needles.ts';
import { literalAround, type Literal } from '../formats/python-literal.ts';
import { baseName } from '../model/path.ts';
import type { Splice } from '../model/reference.ts';
import { pinned, relative } from './claims.ts';
import { prefixVariables, type PrefixVariable } from './prefix-variables.ts';
import type { Claim, FileRule, FileView, RuleContext } from './rule.ts';

type Kind = 'module' | 'makefile' | 'json';

export const rule: FileRule = {
  code: 'RL509',
  subject: 'file',
  summary: "Python's build variables hold the place that Python was installed to.",
  appliesTo: ({ path }) => kindOf(path) !== null,

  *claim(view, hits, context) {
    if (!view.isText) return;
    const kind = kindOf(view.path);
    if (kind === 'module') yield* inModule(view, hits, context);
    for (const hit of hits) {
      if (kind === 'makefile' && hit.escaping === 'plain')
        yield pinned(view, hit, { escaping: 'dollar-doubled', note: MAKEFILE });
      if (kind === 'json' && (hit.escaping === 'plain' || hit.escaping === 'json'))
        yield pinned(view, hit, { escaping: 'json', note: 'data, which Python takes as it stands' });
    }
  },
};

const MAKEFILE = 'sysconfig and distutils read it too, which know no functions of make';

function kindOf(path: string): Kind | null {
  const name = baseName(path);
  if (/^_sysconfigdata.*\.py$/.test(name)) return 'module';
  if (/^_sysconfig_vars_.*\.json$/.test(name)) return 'json';
  return /(?:^|\/)config(?:-[^/]*)?\/Makefile$/.test(path) ? 'makefile' : null;
}

/** The values are string literals, each with any number of paths among flags: `-L/P/lib -Wl,-rpath,/P/lib`. */
function* inModule(view: FileView, hits: readonly Hit[], context: RuleContext): Iterable<Claim> {
  const text = view.latin1();
  const places = hits.flatMap((hit) => {
    const literal = hit.escaping === 'plain' || hit.escaping === 'python' ? literalAround(text, hit.start) : null;
    return literal === null ? [] : [{ hit, literal }];
  });
  const open = places.filter(({ literal }) => isConcatenable(text, literal)).map(({ hit }) => hit);
  const variables = prefixVariables(view.path, open, '_relocate_prefix', 'python', context);
  const code = variables === null ? null : definitions(text, [...variables.values()]);
  for (const { hit, literal } of places) {
    const variable = open.includes(hit) ? variables?.get(hit.prefix.base) : undefined;
    yield code === null || variable === undefined
      ? pinned(view, hit, { escaping: 'python' })
      : relative(view, hit, [code, concatenation(text, hit, literal, variable)], { escaping: 'python' });
  }
}

/** Whether `+` may stand on both sides of a part of the literal: nothing that binds closer is next to it. Adjacent literals join first. */
function isConcatenable(text: string, { start, end }: Literal): boolean {
  const before = text.slice(Math.max(0, start - 200), start);
  return /[,:([{='"][ \t\r\n]*$/.test(before) && /^[ \t\r\n]*[,)\]}'"]/.test(text.slice(end, end + 200));
}

/** Code that works out the prefixes before anything else runs. The module is imported from a file; some tools run its text alone. */
function definitions(text: string, variables: readonly PrefixVariable[]): Splice {
  const at = /^(?:\xef\xbb\xbf)?(?:[ \t]*(?:#[^\n]*)?\r?\n)*/.exec(text)?.[0].length ?? 0;
  const lines = variables.map(
    ({ name, up }) =>
      `${name} = _relocate_path.realpath(_relocate_path.join(_relocate_path.realpath(globals().get('__file__', '')), '../${up}'))
${wordOf(name)} = (getattr(__import__('shlex'), 'quote', None) or __import__('pipes').quote)(${name})
`,
  );
  return { start: at, end: at, text: `_relocate_path = __import__('os').path\n${lines.join('')}` };
}

/** The prefix as a word of sh: flags are split at blanks by what reads them. */
function wordOf(name: string): string {
  return name.replace('_prefix', '_word');
}

function concatenation(text: string, hit: Hit, literal: Literal, { name }: PrefixVariable): Splice {
  const quote = text.charAt(literal.end - 1);
  const expression = isFlag(text, hit, literal) ? wordOf(name) : name;
  const opens = literal.isOperand && hit.start === literal.content.start;
  const closes = literal.isOperand && hit.end === literal.content.end;
  return {
    start: opens ? literal.start : hit.start,
    end: closes ? literal.end : hit.end,
    text: `${opens ? '' : `${quote} + `}${expression}${closes ? '' : ` + ${quote}`}`,
  };
}

/** Whether the path is part of a flag that no quotes hold: `-L/P/lib`, `-Wl,-rpath,/P/lib`. */
function isFlag(text: string, hit: Hit, literal: Literal): boolean {
  const key = /'(\w+)': [^:]*$/.exec(text.slice(Math.max(0, hit.start - 4096), hit.start))?.[1];
  return key !== 'CONFIG_ARGS' && /(?:^|[ \t])-[A-Za-z][^ \t'"]*$/.test(text.slice(literal.content.start, hit.start));
}
